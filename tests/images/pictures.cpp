// SPDX-License-Identifier: Apache-2.0
#include "tests/images/pictures.h"

#include <algorithm>
#include <cmath>
#include <zlib.h>

#include "core/rng.h"
#include "images/image_io.h"

namespace patina::images {
namespace {

std::string encoded(const Image& image, ImageFormat format) {
  ImageFile file;
  file.image = image;
  file.encoding.format = format;
  const auto bytes = encode_image(file);
  return std::string(bytes.begin(), bytes.end());
}

Image noise(std::uint64_t seed, int side_px) {
  Image image = make_image(side_px, side_px);
  core::Rng rng(seed);
  for (std::uint8_t& value : image.bytes) value = static_cast<std::uint8_t>(rng.below(256));
  return image;
}

Image waves(std::uint64_t seed, int side_px) {
  Image image = make_image(side_px, side_px);
  core::Rng rng(seed);
  double value[6][6];
  for (auto& row : value) {
    for (double& amount : row) amount = rng.normal();
  }
  for (int y = 0; y < side_px; ++y) {
    for (int x = 0; x < side_px; ++x) {
      double sum = 0.0;
      for (int v = 0; v < 6; ++v) {
        for (int u = 0; u < 6; ++u) {
          sum += value[v][u] * std::cos(3.14159265 * (x + 0.5) / side_px * u) *
                 std::cos(3.14159265 * (y + 0.5) / side_px * v);
        }
      }
      for (int c = 0; c < 3; ++c) {
        image.bytes[static_cast<std::size_t>((y * side_px + x) * 3 + c)] =
            static_cast<std::uint8_t>(std::min(255.0, std::max(0.0, 128.0 + 18.0 * sum)));
      }
    }
  }
  return image;
}

std::string number(std::uint32_t value) {
  std::string text;
  for (const int shift : {24, 16, 8, 0}) text += static_cast<char>(value >> shift);
  return text;
}

}  // namespace

std::string noise_png(std::uint64_t seed, int side_px) {
  return encoded(noise(seed, side_px), ImageFormat::kPNG);
}

std::string blank_png(int side_px) {
  Image image = make_image(side_px, side_px);
  for (std::uint8_t& value : image.bytes) value = 3;
  return encoded(image, ImageFormat::kPNG);
}

std::string noise_jpeg(std::uint64_t seed, int side_px) {
  return encoded(noise(seed, side_px), ImageFormat::kJPEG);
}

std::string smooth_png(std::uint64_t seed, int side_px) {
  return encoded(waves(seed, side_px), ImageFormat::kPNG);
}

std::string smooth_jpeg(std::uint64_t seed, int side_px) {
  return encoded(waves(seed, side_px), ImageFormat::kJPEG);
}

std::string with_chunk(const std::string& png, const std::string& type, const std::string& body) {
  const std::string named = type + body;
  const auto crc = static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(named.data()), static_cast<uInt>(named.size())));
  const std::string chunk = number(static_cast<std::uint32_t>(body.size())) + named + number(crc);
  return png.substr(0, png.size() - 12) + chunk + png.substr(png.size() - 12);
}

std::string compressed(const std::string& text) {
  uLongf size = compressBound(static_cast<uLong>(text.size()));
  std::string out(size, '\0');
  compress(reinterpret_cast<Bytef*>(out.data()),
           &size,
           reinterpret_cast<const Bytef*>(text.data()),
           static_cast<uLong>(text.size()));
  out.resize(size);
  return out;
}

std::vector<std::uint8_t> bytes_of(const std::string& text) {
  return std::vector<std::uint8_t>(text.begin(), text.end());
}

}  // namespace patina::images
