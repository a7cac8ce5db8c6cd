// SPDX-License-Identifier: Apache-2.0
// Meta-learns a generator/extractor pair [Siren 2025, Sec. 4.5] from one that exists:
//
//   meta_pair START.safetensors OUT.safetensors ROUNDS RATE SET_DIR...
//
// RATE is AdamW's within a task; each folder is a task. Prints the loss of every round, on a batch
// that it was not trained on, of the pair as it came and after five steps.
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "coat/siren/reptile_torch.h"
#include "core/error.h"
#include "images/image_io.h"
#include "images/image_list.h"
#include "tensors/compute_torch.h"
#include "transforms/crop_pool_torch.h"

namespace {

using namespace patina;

transforms::CropPool read_pool(const std::filesystem::path& folder) {
  std::vector<images::Image> images;
  for (const images::ImageEntry& entry : images::list_images({folder})) {
    images.push_back(images::read_image(entry.path).image);
  }
  return transforms::CropPool(std::move(images));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) {
    std::cerr << "usage: meta_pair START.safetensors OUT.safetensors ROUNDS RATE SET_DIR...\n";
    return 2;
  }
  try {
    tensors::use_threads(0);
    coat::siren::Pair pair = coat::siren::read_pair(argv[1]);
    coat::siren::ReptileOptions options;
    options.rounds = std::stoi(argv[3]);
    options.inner.steps = 5;
    options.inner.eot_ramp_steps = 1;
    options.inner.generator_rate = options.inner.extractor_rate = std::stod(argv[4]);
    options.inner.sphere_crops = 8;
    options.seed = 1;
    std::vector<transforms::CropPool> tasks;
    for (int i = 5; i < argc; ++i) tasks.push_back(read_pool(argv[i]));
    int round = 0;
    double before = 0.0, after = 0.0;
    for (const auto& done : coat::siren::reptile(pair, tasks, options)) {
      std::printf(
          "round %d, set %zu: %.4f to %.4f\n", ++round, done.task, done.first_loss, done.last_loss);
      before += done.first_loss / options.rounds;
      after += done.last_loss / options.rounds;
    }
    std::printf("mean: %.4f to %.4f\n", before, after);
    coat::siren::write_pair(
        argv[2], pair, {{"meta_learning_rounds", argv[3]}, {"meta_learning_rate", argv[4]}});
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
}
