// SPDX-License-Identifier: Apache-2.0
#include "coat/preview.h"

#include <algorithm>
#include <chrono>
#include <fstream>

#include "coat/internal/release.h"
#include "core/error.h"
#include "core/files.h"
#include "images/image_io.h"
#include "images/image_list.h"
#include "keys/coat_key.h"
#include "tensors/compute_torch.h"
#include "tensors/images_torch.h"

namespace patina::coat {

namespace {

constexpr int kProbeSide = 256;
constexpr int kProbeBatch = 2;
constexpr int kPreviewSide = 1024;  // A larger image shows its middle.
constexpr double kAmplification = 10.0;

double measure_seconds(const std::function<void()>& work) {
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
std::optional<images::ImageHeader> read_header(const std::filesystem::path& path) {
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

// The image alone stands for the set, and what would train for minutes is taken as it is.
KeyRequest request_preview(const CoatOptions& options, const images::Image& image) {
  KeyRequest request;
  request.count = 1;
  request.image_at = [&image](std::size_t) { return image; };
  request.seed = options.seed.value_or(0);
  request.fidelity = options.fidelity;
  request.compute = options.compute;
  request.train = false;
  return request;
}

keys::CoatKey preview_key(const CoatOptions& options, const images::Image& image) {
  return options.use_key ? open_key(options.key_path, options.passphrase)
                         : make_key(request_preview(options, image), options.method);
}

double estimate_training(const CoatOptions& options, const images::Image& probe) {
  const Method& method = find_method(options.method.name);
  if (options.use_key || method.estimate_training_seconds == nullptr) return 0.0;
  KeyRequest request = request_preview(options, probe);
  request.train = true;
  return method.estimate_training_seconds(request, options.method);
}

}  // namespace

Estimate estimate_coating(const CoatOptions& options) {
  validate(options);
  tensors::use_threads(options.compute.num_threads);
  Estimate estimate;
  for (const images::ImageEntry& entry : images::list_images(options.inputs)) {
    const auto header = read_header(entry.path);
    ++estimate.image_count;
    if (header) estimate.megapixels += 1e-6 * header->width_px * header->height_px;
  }
  const images::Image probe = noise_image(kProbeSide);
  const Coating coating = make_coating(preview_key(options, probe),
                                       {options.compute, options.max_tile_pixels});
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
  estimate.coating_seconds = measure_seconds(coat_once) * estimate.megapixels /
                             (1e-6 * kProbeSide * kProbeSide);
  estimate.training_seconds = estimate_training(options, probe);
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
  const Coating coating = make_coating(preview_key(options, clean.image),
                                       {options.compute, options.max_tile_pixels});
  auto [release, image] = make_release(clean, coating, options);
  image.relative = entries.front().relative.generic_string();
  images::ImageFile panel;
  panel.image = side_by_side(clean.image, release.pixels);
  panel.encoding.format = format_named_by(preview);
  core::write_file_atomic(preview, images::encode_image(panel));
  return image;
}

}  // namespace patina::coat
