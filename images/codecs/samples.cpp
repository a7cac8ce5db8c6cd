// SPDX-License-Identifier: Apache-2.0
#include "images/codecs/samples.h"

#include <cstring>

#include "images/pixels/luminance.h"

namespace patina::images {
namespace {

constexpr std::uint32_t in_fixed_point(double weight) {
  return static_cast<std::uint32_t>(weight * 65536.0 + 0.5);
}

/// Luminance weights in units of 2^-16; their sum is 2^16, so that grey stays exactly grey.
constexpr std::uint32_t kRed = in_fixed_point(kRedWeight);
constexpr std::uint32_t kGreen = in_fixed_point(kGreenWeight);
constexpr std::uint32_t kBlue = in_fixed_point(kBlueWeight);
static_assert(kRed + kGreen + kBlue == 65536);

std::uint16_t luma(std::uint32_t red, std::uint32_t green, std::uint32_t blue) {
  return static_cast<std::uint16_t>((kRed * red + kGreen * green + kBlue * blue + 32768U) >> 16);
}

template <typename Sample>
void gather(
    const Sample* rgb, const std::uint16_t* alpha, bool grey, int width, std::uint16_t* samples) {
  for (int x = 0; x < width; ++x, rgb += 3) {
    if (grey) {
      *samples++ = luma(rgb[0], rgb[1], rgb[2]);
    } else {
      *samples++ = rgb[0];
      *samples++ = rgb[1];
      *samples++ = rgb[2];
    }
    if (alpha != nullptr) *samples++ = alpha[x];
  }
}

template <typename Sample>
void scatter(
    const std::uint16_t* samples, int channels, int width, Sample* rgb, std::uint16_t* alpha) {
  const int green = channels < 3 ? 0 : 1;
  const int blue = channels < 3 ? 0 : 2;
  for (int x = 0; x < width; ++x, rgb += 3, samples += channels) {
    rgb[0] = static_cast<Sample>(samples[0]);
    rgb[1] = static_cast<Sample>(samples[green]);
    rgb[2] = static_cast<Sample>(samples[blue]);
    if (alpha != nullptr) alpha[x] = samples[channels - 1];
  }
}

}  // namespace

int stored_channels(const ImageFile& file) {
  return (file.grey ? 1 : 3) + (file.alpha.empty() ? 0 : 1);
}

void gather_row(const ImageFile& file, int y, std::uint16_t* samples) {
  const auto width = static_cast<std::size_t>(file.image.width_px);
  const std::size_t first = static_cast<std::size_t>(y) * width;
  const std::uint16_t* alpha = file.alpha.empty() ? nullptr : file.alpha.data() + first;
  if (file.image.bit_depth == 8) {
    gather(file.image.bytes.data() + 3 * first, alpha, file.grey, file.image.width_px, samples);
    return;
  }
  const auto* rgb = reinterpret_cast<const std::uint16_t*>(file.image.bytes.data());
  gather(rgb + 3 * first, alpha, file.grey, file.image.width_px, samples);
}

void scatter_row(ImageFile& file, int y, const std::uint16_t* samples, int channels) {
  const auto width = static_cast<std::size_t>(file.image.width_px);
  const std::size_t first = static_cast<std::size_t>(y) * width;
  std::uint16_t* alpha = file.alpha.empty() ? nullptr : file.alpha.data() + first;
  if (file.image.bit_depth == 8) {
    scatter(samples, channels, file.image.width_px, file.image.bytes.data() + 3 * first, alpha);
    return;
  }
  auto* rgb = reinterpret_cast<std::uint16_t*>(file.image.bytes.data());
  scatter(samples, channels, file.image.width_px, rgb + 3 * first, alpha);
}

void allocate(ImageFile& file, const Image& shape, int channels) {
  file.image = make_image(shape.width_px, shape.height_px, shape.bit_depth);
  file.grey = channels < 3;
  if (channels % 2 == 0) file.alpha.resize(file.image.sample_count() / 3);
}

}  // namespace patina::images
