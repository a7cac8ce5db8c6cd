// SPDX-License-Identifier: Apache-2.0
#include "images/check.h"

#include <algorithm>
#include <array>

#include "core/byte_reader.h"
#include "core/error.h"
#include "core/text.h"
#include "images/image_io.h"

namespace patina::images {
namespace {

using core::Bytes;

constexpr std::uint32_t kMaxChunks = 100'000;
constexpr double kBlankBytesPerPixel = 0.06;  // a picture of one colour compresses to a hundredth
constexpr int kBlankSpread = 8;               // of 255

std::string_view text_of(const core::Bytes& bytes, std::size_t from = 0) {
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()).substr(from);
}

std::uint32_t big_endian(const core::Bytes& bytes, std::size_t at) {
  return (static_cast<std::uint32_t>(bytes[at]) << 24) |
         (static_cast<std::uint32_t>(bytes[at + 1]) << 16) |
         (static_cast<std::uint32_t>(bytes[at + 2]) << 8) | bytes[at + 3];
}

bool looks_like_markup(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= 0x20) text.remove_prefix(1);
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  return !text.empty() && text.front() == '<';
}

// Formats that a file glued to an image would be read as.
bool holds_other_file(std::string_view tail) {
  static constexpr std::array<std::string_view, 6> kMagic = {"PK\x03\x04",
                                                             "%PDF",
                                                             "Rar!",
                                                             "7z\xBC\xAF",
                                                             "\x7F"
                                                             "ELF",
                                                             "GIF8"};
  static constexpr std::array<std::string_view, 5> kMarkup = {
      "<html", "<script", "<!doctype", "<?php", "<svg"};
  const std::string lower = core::lower_ascii(tail);
  return std::any_of(
             kMagic.begin(),
             kMagic.end(),
             [&](std::string_view mark) { return tail.find(mark) != std::string_view::npos; }) ||
         std::any_of(kMarkup.begin(), kMarkup.end(), [&](std::string_view mark) {
           return lower.find(mark) != std::string::npos;
         });
}

// PNG: walks the chunks. `animated` where an acTL chunk stands before the pixels.
std::optional<std::size_t> png_end(const core::Bytes& bytes, bool& animated) {
  std::size_t at = 8;
  for (std::uint32_t i = 0; i < kMaxChunks && at + 12 <= bytes.size(); ++i) {
    const std::uint64_t length = big_endian(bytes, at);
    const std::string_view type = text_of(bytes, at + 4).substr(0, 4);
    animated = animated || type == "acTL";
    const std::uint64_t next = at + 12 + length;
    if (next > bytes.size()) return std::nullopt;
    at = static_cast<std::size_t>(next);
    if (type == "IEND") return at;
  }
  return std::nullopt;
}

// JPEG: walks the segments; behind SOS the entropy-coded data has no marker but RSTn and stuffed
// zeros.
std::optional<std::size_t> jpeg_end(const core::Bytes& bytes) {
  std::size_t at = 2;
  bool in_scan = false;
  while (at + 1 < bytes.size()) {
    if (bytes[at] != 0xFF) {
      if (!in_scan) return std::nullopt;
      ++at;
      continue;
    }
    const std::uint8_t marker = bytes[at + 1];
    if (marker == 0xFF) {
      ++at;
      continue;
    }
    if (marker == 0xD9) return at + 2;
    const bool alone = marker == 0x00 || marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8);
    if (alone) {
      at += 2;
      continue;
    }
    if (at + 3 >= bytes.size()) return std::nullopt;
    const std::size_t length = (static_cast<std::size_t>(bytes[at + 2]) << 8) | bytes[at + 3];
    if (length < 2) return std::nullopt;
    in_scan = marker == 0xDA;
    at += 2 + length;
  }
  return std::nullopt;
}

std::optional<std::size_t> webp_end(const core::Bytes& bytes, bool& animated) {
  if (bytes.size() < 21) return std::nullopt;
  const std::uint64_t size = bytes[4] | (static_cast<std::uint64_t>(bytes[5]) << 8) |
                             (static_cast<std::uint64_t>(bytes[6]) << 16) |
                             (static_cast<std::uint64_t>(bytes[7]) << 24);
  animated = text_of(bytes, 12).substr(0, 4) == "VP8X" && (bytes[20] & 0x02) != 0;
  const std::uint64_t end = size + 8;
  if (end > bytes.size() || end < 20) return std::nullopt;
  return static_cast<std::size_t>(end);
}

std::optional<std::size_t> end_of(const core::Bytes& bytes, ImageFormat format, bool& animated) {
  switch (format) {
    case ImageFormat::kPNG:
      return png_end(bytes, animated);
    case ImageFormat::kJPEG:
      return jpeg_end(bytes);
    case ImageFormat::kWebP:
      return webp_end(bytes, animated);
    case ImageFormat::kTIFF:
    case ImageFormat::kBMP:
      break;
  }
  return bytes.size();
}

std::string limit_problem(const ImageHeader& header, std::size_t size, const ImageLimits& limits) {
  const auto pixels = static_cast<std::uint64_t>(header.width_px) *
                      static_cast<std::uint64_t>(header.height_px);
  if (pixels > limits.max_pixels) {
    return "has " + std::to_string(header.width_px) + "x" + std::to_string(header.height_px) +
           " pixels, " + std::to_string(limits.max_pixels) + " in all are allowed";
  }
  if (size > limits.max_file_bytes) {
    return "has " + std::to_string(size) + " bytes, " + std::to_string(limits.max_file_bytes) +
           " are allowed";
  }
  return {};
}

}  // namespace

std::optional<std::size_t> image_end(const core::Bytes& bytes, ImageFormat format) {
  bool animated = false;
  return end_of(bytes, format, animated);
}

ImageCheck check_image(const core::Bytes& bytes, const ImageLimits& limits) {
  ImageCheck check;
  if (bytes.empty()) {
    check.problem = "is empty";
    return check;
  }
  if (looks_like_markup(text_of(bytes).substr(0, 1024))) {
    check.problem = "is HTML or XML, not an image";
    return check;
  }
  try {
    check.header = read_image_header(bytes, "the image");
  } catch (const core::Error& error) {
    check.problem = error.problem();
    return check;
  }
  check.problem = limit_problem(*check.header, bytes.size(), limits);
  if (!check.problem.empty()) return check;
  bool animated = false;
  const auto end = end_of(bytes, check.header->format, animated);
  if (animated) {
    check.problem = "is an animation";
  } else if (!end) {
    check.problem = "is cut short";
  } else if (*end < bytes.size()) {
    if (holds_other_file(text_of(bytes, *end))) {
      check.problem = "has another file behind the image";
    } else {
      check.flags.emplace_back("trailing-bytes");
    }
  }
  return check;
}

bool is_blank(const core::Bytes& bytes, const ImageHeader& header) {
  const double pixels = static_cast<double>(header.width_px) * header.height_px;
  if (static_cast<double>(bytes.size()) > 2048.0 + kBlankBytesPerPixel * pixels) return false;
  try {
    const Image image = decode_image(bytes, "the image").image;
    if (image.bit_depth != 8) return false;
    const auto [low, high] = std::minmax_element(image.bytes.begin(), image.bytes.end());
    return image.bytes.empty() || *high - *low <= kBlankSpread;
  } catch (const core::Error&) {
    return false;
  }
}

}  // namespace patina::images
