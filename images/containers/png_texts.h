// SPDX-License-Identifier: Apache-2.0
// Text chunks of a PNG [ISO/IEC 15948, Sec. 11.3.4] and the blocks that ImageMagick hides in them
// as "Raw profile type NAME": a line break, the name, the length and the bytes in hexadecimal
// (coders/png.c).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "images/containers/png_chunks.h"

namespace patina::images {

constexpr std::string_view kRawProfileKeyword = "Raw profile type ";

struct PNGText {
  std::string keyword;  ///< Latin-1.
  core::Bytes text;     ///< Latin-1 of tEXt and zTXt, UTF-8 of iTXt; at most 16 MiB.
};

/// The text of a tEXt, zTXt or iTXt chunk; nothing for other chunks and where it cannot be
/// decompressed.
std::optional<PNGText> read_png_text(const core::ByteReader& file, const PNGChunk& chunk);

/// The bytes of a raw profile; empty where the text is none.
core::Bytes raw_profile(const core::Bytes& text);
/// Appends a zTXt chunk that holds them, as ImageMagick writes it.
void append_raw_profile(core::Bytes& out, std::string_view keyword, const core::Bytes& bytes);

}  // namespace patina::images
