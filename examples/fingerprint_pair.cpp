// SPDX-License-Identifier: Apache-2.0
// Trains the encoder and decoder of artificial fingerprints [Yu 2021] that ship as
// fixtures/fingerprint/pair.safetensors:
//
//   fingerprint_pair OUT.safetensors STEPS IMAGES...
//
// About half a second a step on one core.
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "coat/fingerprint/fingerprint_torch.h"
#include "images/image_io.h"
#include "images/image_list.h"
#include "tensors/compute_torch.h"
#include "transforms/crop_pool_torch.h"

int main(int argc, char** argv) {
  using namespace patina;
  if (argc < 4) {
    std::cerr << "usage: fingerprint_pair OUT.safetensors STEPS IMAGES...\n";
    return 2;
  }
  try {
    tensors::use_threads(0);
    std::vector<images::Image> images;
    for (int i = 3; i < argc; ++i) {
      for (const images::ImageEntry& entry : images::list_images({argv[i]})) {
        images.push_back(images::read_image(entry.path).image);
      }
    }
    coat::fingerprint::FingerprintTraining options;
    options.steps = std::stoi(argv[2]);
    coat::fingerprint::FingerprintPair pair = coat::fingerprint::make_fingerprint_pair(
        options.seed);
    double accuracy = 0.0, psnr_db = 0.0;
    coat::fingerprint::train_fingerprints(
        pair,
        transforms::CropPool(std::move(images)),
        options,
        [&](const coat::fingerprint::FingerprintProgress& progress) {
          accuracy = progress.bit_accuracy;
          psnr_db = progress.psnr_db;
          if (progress.step % 25 == 0) {
            std::printf("step %d: bits %.3f, %.1f dB\n", progress.step, accuracy, psnr_db);
            std::fflush(stdout);
          }
        });
    coat::fingerprint::write_fingerprint_pair(argv[1],
                                              pair,
                                              {{"steps", argv[2]},
                                               {"bit_accuracy", std::to_string(accuracy)},
                                               {"psnr_db", std::to_string(psnr_db)}});
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
}
