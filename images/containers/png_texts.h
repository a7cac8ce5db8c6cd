// SPDX-License-Identifier: Apache-2.0
// Text chunks of a PNG [ISO/IEC 15948, Sec. 11.3.4] and the blocks that ImageMagick hides in them
// as "Raw profile type NAME": a line break, the name, the length and the bytes in hexadecimal
// (coders/png.c).
#pragma once

#include <string>
#include <string_view>

#include "images/containers/png_chunks.h"

namespace patina::images {

constexpr std::string_view kRawProfileKeyword = "Raw profile type ";

bool is_png_text(const PNGChunk& chunk);  ///< tEXt, zTXt or iTXt.
/// Latin-1; empty for chunks that are no text.
std::string png_keyword(const core::ByteReader& file, const PNGChunk& chunk);

/// Latin-1 of tEXt and zTXt, UTF-8 of iTXt; empty where it cannot be decompressed, or to no more than
/// `max_bytes`.
core::Bytes read_png_text(const core::ByteReader& file,
                          const PNGChunk& chunk,
                          std::size_t max_bytes = std::size_t{16} << 20);

/// The bytes of a raw profile; empty where the text is none.
core::Bytes raw_profile(const core::Bytes& text);
/// Appends a zTXt chunk that holds them, as ImageMagick writes it.
void append_raw_profile(core::Bytes& out, std::string_view keyword, const core::Bytes& bytes);

}  // namespace patina::images
