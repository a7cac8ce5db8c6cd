// SPDX-License-Identifier: Apache-2.0
#include "images/check.h"

#include <algorithm>
#include <array>

#include "core/byte_reader.h"
#include "core/error.h"
#include "core/text.h"
#include "images/containers/jpeg_segments.h"
#include "images/containers/png_chunks.h"
#include "images/containers/riff_chunks.h"
#include "images/image_io.h"

namespace patina::images {
namespace {

using core::Bytes;

constexpr std::size_t kMaxChunks = 100'000;
constexpr double kBlankBytesPerPixel = 0.06;  // a picture of one colour compresses to a hundredth
constexpr int kBlankSpread = 8;               // of 255

std::string_view text_of(const core::Bytes& bytes, std::size_t from = 0) {
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()).substr(from);
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

/// What the structure says before anything is decoded.
struct Ending {
  std::optional<std::size_t> end;  ///< Nothing if the image is cut short.
  bool animated = false;
};

// An animation has an acTL chunk before its pixels.
Ending png_ending(const core::ByteReader& file) {
  Ending ending;
  std::size_t at = kPNGSignature.size();
  for (std::size_t i = 0; i < kMaxChunks; ++i) {
    const auto chunk = png_chunk_at(file, at);
    if (!chunk) break;
    ending.animated = ending.animated || chunk->type == "acTL";
    if (!chunk->whole) break;
    at = chunk->end();
    if (chunk->type == "IEND") {
      ending.end = at;
      break;
    }
  }
  return ending;
}

// Only the data of a scan may stand between two segments.
Ending jpeg_ending(const core::ByteReader& file) {
  bool in_scan = false;
  for (auto segment = next_jpeg_segment(file, kFirstJPEGSegment); segment;
       segment = next_jpeg_segment(file, segment->end())) {
    if (segment->after_other_bytes && !in_scan) break;
    if (segment->marker == jpeg_marker::kEndOfImage) return {segment->end(), false};
    in_scan = segment->marker == jpeg_marker::kStartOfScan;
  }
  return {};
}

Ending webp_ending(const core::ByteReader& file) {
  constexpr std::size_t kShortest = 21;  // Up to the flags of the extended header.
  if (file.size() < kShortest) return {};
  Ending ending{stated_riff_end(file), is_flagged_animated(file)};
  const bool whole = *ending.end <= file.size() && *ending.end >= kFirstRIFFChunk + 8;
  if (!whole) ending.end.reset();
  return ending;
}

Ending ending_of(const core::Bytes& bytes, ImageFormat format) {
  const core::ByteReader file(bytes);
  switch (format) {
    case ImageFormat::kPNG:
      return png_ending(file);
    case ImageFormat::kJPEG:
      return jpeg_ending(file);
    case ImageFormat::kWebP:
      return webp_ending(file);
    case ImageFormat::kTIFF:
    case ImageFormat::kBMP:
      break;
  }
  return {bytes.size(), false};
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
  return ending_of(bytes, format).end;
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
  const auto [end, animated] = ending_of(bytes, check.header->format);
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
