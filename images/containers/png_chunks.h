// SPDX-License-Identifier: Apache-2.0
// PNG chunks [ISO/IEC 15948, Sec. 5]: length, type, data, CRC of type and data. The walk says what
// stands where and judges nothing. Entry points: png_chunk_at, append_png_chunk.
#pragma once

#include <optional>
#include <string_view>

#include "core/byte_reader.h"

namespace patina::images {

constexpr std::string_view kPNGSignature("\x89PNG\r\n\x1A\n", 8);
constexpr std::size_t kMaxPNGChunkBytes = 0x7FFFFFFF;

struct PNGChunk {
  std::string_view type;
  std::size_t offset = 0;  ///< Where the data begins in the file.
  std::size_t size = 0;    ///< Bytes of data, as the chunk states them.
  bool whole = false;      ///< The chunk ends inside the file, and its length is one PNG allows.

  bool critical() const { return (static_cast<unsigned char>(type[0]) & 0x20U) == 0; }
  std::size_t end() const { return offset + size + 4; }  ///< Where the next chunk begins.
};

/// The chunk that begins at a position, the first one behind the signature; none where no frame of
/// length, type and CRC fits any more. What follows IEND is no chunk, but the caller's to stop at.
std::optional<PNGChunk> png_chunk_at(const core::ByteReader& file, std::size_t position);

/// The CRC is right. Requires: a whole chunk.
bool is_intact(const core::ByteReader& file, const PNGChunk& chunk);

void append_png_chunk(core::Bytes& out,
                      std::string_view type,
                      const std::uint8_t* data,
                      std::size_t size);
void append_png_chunk(core::Bytes& out, std::string_view type, const core::Bytes& data);

}  // namespace patina::images
