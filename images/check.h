// SPDX-License-Identifier: Apache-2.0
// Whether bytes that a stranger sent are one whole still image and nothing else, told from their
// structure before anything is decoded. Entry point: check_image.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "images/image_io.h"
#include "images/pixels/image_file.h"

namespace patina::images {

struct ImageCheck {
  std::string problem;  ///< Why it is refused: "is HTML, not an image"; empty = it is an image.
  std::optional<ImageHeader> header;
  std::vector<std::string> flags;  ///< "trailing-bytes": something harmless follows the image.
};

/// Refuses: no image, HTML, an image beyond `limits`, an animation, an image cut short, and one
/// that another file follows (a polyglot).
ImageCheck check_image(const std::vector<std::uint8_t>& bytes, const ImageLimits& limits);

/// Where the image ends: behind PNG's IEND, JPEG's EOI, the RIFF chunk of WebP; the size of `bytes`
/// for other formats. Nothing if it is cut short.
std::optional<std::size_t> image_end(const std::vector<std::uint8_t>& bytes, ImageFormat format);

/// All pixels have nearly one colour, as a filter's black picture has. Decodes only what compressed
/// to almost nothing. False for what cannot be decoded.
bool is_blank(const std::vector<std::uint8_t>& bytes, const ImageHeader& header);

}  // namespace patina::images
