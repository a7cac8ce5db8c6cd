// SPDX-License-Identifier: Apache-2.0
#include "coat/internal/key_making.h"

#include <algorithm>
#include <iterator>

#include "coat/fingerprint/fingerprint_torch.h"
#include "coat/siren/learnability_torch.h"
#include "coat/warp/warp_classifier_torch.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/version.h"
#include "diffusion/generate/generate.h"
#include "extractors/svd/svd_key.h"
#include "images/image_list.h"
#include "tensors/blobs_torch.h"
#include "tensors/compute_torch.h"
#include "tensors/images_torch.h"
#include "tensors/modules_torch.h"
#include "transforms/crop_pool_torch.h"

namespace patina::coat {

using core::Error;
using core::ErrorKind;
using keys::CoatKey;

namespace {

constexpr int kWindowSide = 512;          // Pixels.
constexpr std::size_t kMaxWindows = 400;  // 300 MB of 8-bit pixels.

// A window of at most kWindowSide a side, at the image's own resolution.
images::Image window_of(const images::Image& image, core::Rng& rng) {
  const int w = std::min(kWindowSide, image.width_px), h = std::min(kWindowSide, image.height_px);
  const auto offset = [&](int free) {
    return static_cast<int>(rng.below(static_cast<std::uint64_t>(free) + 1));
  };
  const images::Rect rect{offset(image.width_px - w), offset(image.height_px - h), w, h};
  images::Image window = images::make_image(w, h, 8);
  tensors::image_from_tensor(tensors::tensor_from_image(image, rect), window, 0, 0);
  return window;
}

std::size_t windows_per_image(const images::Image& image, std::size_t image_count) {
  const std::size_t fair = std::max<std::size_t>(1, kMaxWindows / image_count);
  const double area = static_cast<double>(image.width_px) * image.height_px;
  const auto distinct = static_cast<std::size_t>(area / (kWindowSide * kWindowSide)) + 1;
  return std::min({fair, distinct, std::size_t{16}});
}

// Images of the class that the base makes, where a set is too small to train on alone.
std::vector<images::Image> supplement_for(std::size_t set_size,
                                          const siren::SurrogateOptions& surrogate,
                                          const core::Observer& observer) {
  constexpr std::size_t kFewest = 10, kSupplement = 100, kBatch = 25;
  std::vector<images::Image> images;
  if (set_size >= kFewest) return images;
  diffusion::GeneratorOptions model;
  model.base = surrogate.base;
  model.compute = surrogate.compute;
  const diffusion::Generator generator(model);
  diffusion::GenerateOptions request;
  request.prompt = surrogate.prompt;
  request.steps = 15;
  request.scheduler = "dpm++2m";
  request.guidance_scale = 3.0;
  request.batch = static_cast<int>(kBatch);
  while (images.size() < kSupplement) {
    request.seed = surrogate.seed + images.size();
    diffusion::Generation made = generator.generate(request, observer);
    std::move(made.images.begin(), made.images.end(), std::back_inserter(images));
  }
  return images;
}

}  // namespace

std::string message_hex(const std::string& text, std::uint64_t seed, int bits) {
  const std::string material = text.empty() ? "patina message " + std::to_string(seed) : text;
  core::Digest digest = core::sha256(material);
  for (int bit = bits; bit < 48; ++bit) {
    digest[static_cast<std::size_t>(bit / 8)] |= static_cast<std::uint8_t>(0x80 >> (bit % 8));
  }
  return core::to_hex(digest.data(), 6);
}

siren::TrainOptions train_options(const CoatOptions& options, std::uint64_t seed) {
  siren::TrainOptions train;
  train.steps = options.steps;
  train.sphere_crops = options.sphere_crops;
  train.psnr_db = options.min_psnr_db;
  train.percept_weight = options.percept_weight;
  train.secret_weight = options.secret_weight;
  train.mse_weight = options.mse_weight;
  train.seed = core::Rng(seed).fork("training").seed();
  const tensors::Compute compute = tensors::choose_compute(options.compute);
  train.device = compute.device;
  train.dtype = compute.dtype;
  return train;
}

transforms::CropPool training_pool(const std::vector<images::ImageEntry>& entries,
                                   std::vector<images::Image> supplement,
                                   std::uint64_t seed) {
  core::Rng rng = core::Rng(seed).fork("windows");
  std::vector<std::size_t> order = rng.permutation(entries.size());
  if (order.size() > kMaxWindows) order.resize(kMaxWindows);
  std::sort(order.begin(), order.end());
  std::vector<images::Image> windows;
  for (const std::size_t index : order) {
    try {
      const images::Image image = images::read_image(entries[index].path).image;
      const std::size_t count = windows_per_image(image, order.size());
      for (std::size_t i = 0; i < count; ++i) windows.push_back(window_of(image, rng));
    } catch (const Error&) {
      continue;  // Reported, with its reason, when its turn to be coated comes.
    }
  }
  if (windows.empty()) {
    throw Error(ErrorKind::kInput, "IMAGES", "none of the images can be read", "check the files");
  }
  std::move(supplement.begin(), supplement.end(), std::back_inserter(windows));
  return transforms::CropPool(std::move(windows));
}

siren::Pair warm_pair(const CoatOptions& options) {
  siren::Pair pair = siren::read_pair(core::data_file("siren/pair.safetensors"));
  pair.coating.strength = options.strength;
  return pair;
}

CoatKey new_key(const CoatOptions& options, std::uint64_t seed) {
  CoatKey key;
  key.method = to_string(options.method);
  key.created = core::utc_now();
  key.tool_version = core::kVersion;
  key.seed = seed;
  key.strength = options.strength;
  return key;
}

CoatKey frame_key_on(std::size_t count,
                     const siren::ImageAt& image_at,
                     const CoatOptions& options,
                     std::uint64_t seed) {
  CoatKey key = new_key(options, seed);
  siren::FrameKeyOptions measuring;
  measuring.latents = options.latents;
  if (options.min_psnr_db > 0.0) measuring.psnr_db = options.min_psnr_db;
  measuring.nu = key.nu;
  siren::make_frame_key(key, count, image_at, measuring);
  return key;
}

CoatKey warp_key_on(const transforms::CropPool& pool,
                    const CoatOptions& options,
                    std::uint64_t seed,
                    const core::Observer& observer) {
  CoatKey key = new_key(options, seed);
  baselines::WarpTraining training;
  baselines::make_warp_key(key, pool, training, [&](int step, double loss) {
    observer.report({"training", step + 1, training.steps, "loss " + std::to_string(loss)});
  });
  return key;
}

CoatKey key_on(const transforms::CropPool& pool,
               const CoatOptions& options,
               std::uint64_t seed,
               const siren::TrainOptions& train,
               const core::Observer& observer) {
  siren::Pair pair = warm_pair(options);
  CoatKey key = new_key(options, seed);
  key.message_hex = message_hex(options.message, seed, pair.message_bits);
  key.norm_mode = pair.norm;
  key.input = pair.input;
  key.coating_blur_px = pair.coating.blur_px;
  key.coating_mean_px = pair.coating.mean_px;
  key.dither = pair.coating.dither;
  key.chroma = pair.coating.chroma;
  key.training_steps = train.steps;
  key.nu = train.nu;
  const siren::TrainedKey trained = train_key(pair, pool, key.message_hex, train, observer);
  key.radius = trained.radius;
  tensors::export_module(*pair.generator, "generator/", key.tensors);
  tensors::export_module(*pair.extractor, "extractor/", key.tensors);
  key.tensors["center"] = tensors::blob_from_tensor(trained.center);
  return key;
}

CoatKey make_key(const std::vector<images::ImageEntry>& entries,
                 const CoatOptions& options,
                 std::uint64_t seed,
                 const std::filesystem::path& checkpoint,
                 const core::Observer& observer) {
  if (options.method == Method::kFrame) {
    return frame_key_on(
        entries.size(),
        [&](std::size_t i) { return images::read_image(entries[i].path).image; },
        options,
        seed);
  }
  if (options.method == Method::kDctDwtSvd) {
    CoatKey key = new_key(options, seed);
    extractors::make_svd_key(key);
    return key;
  }
  tensors::use_threads(options.compute.num_threads);
  if (options.method == Method::kFingerprint) {
    CoatKey key = new_key(options, seed);
    baselines::make_fingerprint_key(
        key, baselines::read_fingerprint_pair(core::data_file("fingerprint/pair.safetensors")));
    return key;
  }
  if (options.method == Method::kWarp) {
    return warp_key_on(training_pool(entries, {}, seed), options, seed, observer);
  }
  siren::TrainOptions train = train_options(options, seed);
  train.checkpoint = checkpoint;
  if (options.learnability_weight <= 0.0) {
    return key_on(training_pool(entries, {}, seed), options, seed, train, observer);
  }
  siren::SurrogateOptions surrogate;
  surrogate.base = options.base.empty() ? core::data_file("base") : options.base;
  for (const images::ImageEntry& entry : entries) surrogate.images.push_back(entry.path);
  surrogate.prompt = options.class_prompt;
  surrogate.steps = options.surrogate_steps;
  surrogate.seed = core::Rng(seed).fork("surrogate").seed();
  surrogate.compute = options.compute;
  const std::filesystem::path folder = checkpoint.parent_path() / "surrogate";
  siren::make_surrogate(surrogate, folder, observer);
  const siren::Learnability learnability(
      folder, options.class_prompt, core::Rng(seed).fork("learnability").seed());
  train.learnability_weight = options.learnability_weight;
  train.learnability = [&learnability](const torch::Tensor& coated, int step) {
    return learnability(coated, step);
  };
  const std::vector<images::Image> supplement = supplement_for(entries.size(), surrogate, observer);
  return key_on(training_pool(entries, supplement, seed), options, seed, train, observer);
}

siren::Pair pair_of(const CoatKey& key) {
  siren::Pair pair;
  pair.coating = {key.strength, key.coating_blur_px, key.coating_mean_px, key.dither, key.chroma};
  pair.norm = key.norm_mode;
  pair.input = key.input;
  pair.generator = siren::Generator(siren::generator_config(key.tensors, "generator/", "key"));
  pair.extractor = extractors::HiddenExtractor(
      extractors::extractor_config(key.tensors, "extractor/", "key"));
  tensors::import_module(*pair.generator, "generator/", key.tensors, "key");
  tensors::import_module(*pair.extractor, "extractor/", key.tensors, "key");
  return pair;
}

}  // namespace patina::coat
