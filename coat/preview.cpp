// SPDX-License-Identifier: Apache-2.0
// What an owner can see before committing: how long a run takes and what it does to one image.
#include <algorithm>
#include <chrono>
#include <fstream>

#include "coat/coat.h"
#include "coat/internal/key_making.h"
#include "coat/internal/release.h"
#include "core/error.h"
#include "core/files.h"
#include "images/image_io.h"
#include "images/image_list.h"
#include "keys/coat_key.h"
#include "tensors/compute_torch.h"
#include "tensors/images_torch.h"
#include "transforms/crop_pool_torch.h"

namespace patina::coat {

namespace {

constexpr int kProbeSide = 256;
constexpr int kProbeBatch = 2;
constexpr int kPreviewSide = 1024;  // A larger image shows its middle.
constexpr double kAmplification = 10.0;

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

images::Image noise_image(int side) {
  images::Image image = images::make_image(side, side);
  core::Rng rng(1);
  for (std::uint8_t& value : image.bytes) value = static_cast<std::uint8_t>(rng.below(256));
  return image;
}

images::ImageFormat format_named_by(const std::filesystem::path& path) {
  const std::string ending = path.extension().string();
  if (ending.empty()) return images::ImageFormat::kPNG;
  return images::format_from_name(ending.substr(1)).value_or(images::ImageFormat::kPNG);
}

// Header only: the first megabyte holds it unless a file carries larger metadata in front.
std::optional<images::ImageHeader> header_of(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::vector<std::uint8_t> bytes(1 << 20);
  stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, stream.gcount())));
  try {
    return images::read_image_header(bytes, path.string());
  } catch (const core::Error&) {
    return std::nullopt;  // The run itself reports it with its reason.
  }
}

images::Rect middle_of(const images::Image& image) {
  const int w = std::min(image.width_px, kPreviewSide), h = std::min(image.height_px, kPreviewSide);
  return {(image.width_px - w) / 2, (image.height_px - h) / 2, w, h};
}

images::Image side_by_side(const images::Image& clean, const images::Image& coated) {
  const images::Rect rect = middle_of(clean);
  images::Image panel = images::make_image(3 * rect.width, rect.height);
  const torch::Tensor before = tensors::tensor_from_image(clean, rect);
  const torch::Tensor after = tensors::tensor_from_image(coated, rect);
  tensors::image_from_tensor(before, panel, 0, 0);
  tensors::image_from_tensor(after, panel, rect.width, 0);
  tensors::image_from_tensor(0.5 + kAmplification * (after - before), panel, 2 * rect.width, 0);
  return panel;
}

// The warm start as it is; the image itself tells where its coated crops lie.
keys::CoatKey untrained_key(const CoatOptions& options, const images::Image& image) {
  const std::uint64_t seed = options.seed.value_or(0);
  if (options.method == Method::kFrame) {
    return frame_key_on(
        1, [&](std::size_t) { return image; }, options, seed);
  }
  if (options.method == Method::kWarp)
    return warp_key_on(transforms::CropPool({image}), options, seed);
  if (options.method != Method::kSiren) return make_key({}, options, seed, {}, {});
  siren::TrainOptions train = train_options(options, seed);
  train.steps = 0;
  return key_on(transforms::CropPool({image}), options, seed, train);
}

double estimated_training(const CoatOptions& options, const images::Image& probe) {
  siren::Pair pair = warm_pair(options);
  siren::TrainOptions train = train_options(options, 0);
  const int batch = train.batch;
  train.batch = train.sphere_crops = kProbeBatch;
  const transforms::CropPool pool({probe});
  const auto seconds_of_steps = [&](int steps) {
    train.steps = steps;
    return seconds_of([&] { train_key(pair, pool, message_hex("", 0, pair.message_bits), train); });
  };
  seconds_of_steps(1);  // The first call also sets LibTorch up.
  const double sphere_seconds = seconds_of_steps(0), step_seconds = seconds_of_steps(1);
  const double per_step = std::max(0.0, step_seconds - sphere_seconds);
  return sphere_seconds * options.sphere_crops / kProbeBatch +
         per_step * batch / kProbeBatch * options.steps;
}

}  // namespace

Estimate estimate_coating(const CoatOptions& options) {
  validate(options);
  tensors::use_threads(options.compute.num_threads);
  Estimate estimate;
  for (const images::ImageEntry& entry : images::list_images(options.inputs)) {
    const auto header = header_of(entry.path);
    ++estimate.image_count;
    if (header) estimate.megapixels += 1e-6 * header->width_px * header->height_px;
  }
  const images::Image probe = noise_image(kProbeSide);
  const keys::CoatKey key = options.use_key
                                ? keys::read_coat_key(options.key_path, options.passphrase)
                                : untrained_key(options, probe);
  const KeyedCoating coating = keyed_coating(key, options);
  // Three readings: clean, at the strongest, as released.
  const auto coat_once = [&] {
    if (coating.replaced) {
      coating.replaced(probe);
    } else {
      coating.pattern(probe);
    }
    for (int reading = 0; reading < 3; ++reading) coating.read(probe);
  };
  coat_once();  // The first call also sets LibTorch up.
  estimate.coating_seconds = seconds_of(coat_once) * estimate.megapixels /
                             (1e-6 * kProbeSide * kProbeSide);
  if (!options.use_key && options.method == Method::kSiren) {
    estimate.training_seconds = estimated_training(options, probe);
  }
  return estimate;
}

CoatedImage preview_coating(const CoatOptions& options, const std::filesystem::path& preview) {
  validate(options);
  const std::vector<images::ImageEntry> entries = images::list_images(options.inputs);
  if (entries.empty()) {
    throw core::Error(core::ErrorKind::kInput,
                      options.inputs.front().string(),
                      "no images in it",
                      "name an image to preview");
  }
  const images::ImageFile clean = prepare_output(images::read_image(entries.front().path), options);
  keys::CoatKey key;
  if (options.use_key) {
    key = keys::read_coat_key(options.key_path, options.passphrase);
  } else {
    key = untrained_key(options, clean.image);
  }
  const KeyedCoating coating = keyed_coating(key, options);
  auto [release, image] = make_release(clean, coating, options);
  image.relative = entries.front().relative.generic_string();
  images::ImageFile panel;
  panel.image = side_by_side(clean.image, release.pixels);
  panel.encoding.format = format_named_by(preview);
  core::write_file_atomic(preview, images::encode_image(panel));
  return image;
}

}  // namespace patina::coat
