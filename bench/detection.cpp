// SPDX-License-Identifier: Apache-2.0
// How well a key tells its coated images from clean ones, on images its training never saw:
//
//   detection KEY IMAGES...
//
// Coats every image with the key, then scores clean and coated images as they are, after JPEG
// quality 75, and after halving and restoring their size. Prints fidelity and the area under the
// ROC curve.
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "coat/coat.h"
#include "coat/methods.h"
#include "core/error.h"
#include "images/image_io.h"
#include "images/image_list.h"
#include "keys/coat_key.h"
#include "stats/roc.h"

namespace {

using namespace patina;

images::Image jpeg_75(const images::Image& image) {
  images::ImageFile file;
  file.image = image;
  file.encoding.format = images::ImageFormat::kJPEG;
  file.encoding.quality_percent = 75;
  return images::decode_image(images::encode_image(file), "JPEG 75").image;
}

images::Image half_size(const images::Image& image) {
  return images::resize(images::resize(image, image.width_px / 2, image.height_px / 2),
                        image.width_px,
                        image.height_px);
}

struct Route {
  const char* name;
  images::Image (*transform)(const images::Image&);
};
constexpr Route kRoutes[] = {{"JPEG 75", jpeg_75}, {"half size", half_size}};

std::filesystem::path clean_path(const std::vector<images::ImageEntry>& entries,
                                 const std::string& relative) {
  for (const images::ImageEntry& entry : entries) {
    if (entry.relative.generic_string() == relative) return entry.path;
  }
  throw core::Error(core::ErrorKind::kInternal, relative, "no clean image of this name");
}

void print_area(const char* route, const stats::DetectionScores& scores) {
  const stats::RocArea area = stats::roc_area(scores);
  std::printf("%-12s AUC %.5f (standard error %.5f), true-positive rate at 1 %% false ones %.3f\n",
              route,
              area.area,
              area.standard_error,
              stats::best_point_at(scores, 0.01).true_positive_rate);
  std::fflush(stdout);
}

void measure(const std::filesystem::path& key_path, std::vector<std::filesystem::path> inputs) {
  coat::CoatOptions options;
  options.method.name = "siren";
  options.inputs = std::move(inputs);
  options.key_path = key_path;
  options.use_key = true;
  options.output = std::filesystem::temp_directory_path() / "patina-detection";
  std::filesystem::remove_all(options.output);
  const std::vector<images::ImageEntry> entries = images::list_images(options.inputs);
  const coat::CoatResult result = coat_images(options);
  const auto scorer = coat::make_scorer(coat::open_key(key_path));
  double least_psnr = 1e9, worst_delta_e = 0.0;
  std::vector<double> coated_scores, clean_scores;
  for (const coat::CoatedImage& image : result.images) {
    coated_scores.push_back(image.score_coated);
    clean_scores.push_back(image.score_clean);
    least_psnr = std::min(least_psnr, image.quality.psnr_db);
    worst_delta_e = std::max(worst_delta_e, image.quality.delta_e_mean);
  }
  std::printf(
      "images %zu, PSNR mean %.2f least %.2f dB, SSIM %.4f, DeltaE00 mean %.3f largest mean %.3f, "
      "99th percentile %.3f\n",
      result.images.size(),
      result.mean_quality.psnr_db,
      least_psnr,
      result.mean_quality.ssim,
      result.mean_quality.delta_e_mean,
      worst_delta_e,
      result.mean_quality.delta_e_p99);
  print_area("as released", {coated_scores, clean_scores});
  for (const Route& route : kRoutes) {
    std::vector<double> coated, clean;
    for (const coat::CoatedImage& image : result.images) {
      const images::Image before = route.transform(
          images::read_image(clean_path(entries, image.relative)).image);
      const images::Image after = route.transform(
          images::read_image(options.output / image.relative).image);
      const std::vector<double> scores = scorer->score({&before, &after});
      clean.push_back(scores[0]);
      coated.push_back(scores[1]);
    }
    print_area(route.name, {coated, clean});
  }
  std::filesystem::remove_all(options.output);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: detection KEY IMAGES...\n";
    return 2;
  }
  try {
    measure(argv[1], {argv + 2, argv + argc});
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 2;
  }
}
