// SPDX-License-Identifier: Apache-2.0
// RIFF chunks of a WebP file [RFC 9649, Sec. 2.3]: type, length, data, a byte of padding behind an
// odd length. The walk says what stands where and judges nothing. Entry points: riff_chunk_at,
// append_riff_chunk.
#pragma once

#include <optional>
#include <string_view>

#include "core/byte_reader.h"

namespace patina::images {

constexpr std::size_t kFirstRIFFChunk = 12;  ///< Where the first chunk of a WebP file begins.

struct RIFFChunk {
  std::string_view type;
  std::size_t offset = 0;  ///< Where the data begins in the file.
  std::size_t size = 0;    ///< Bytes of data, as the chunk states them.
  bool whole = false;      ///< The data end inside the file.

  std::size_t end() const { return offset + size + size % 2; }  ///< Where the next chunk begins.
};

/// Where the file ends by its own word, which may be beyond the bytes there are.
std::size_t stated_riff_end(const core::ByteReader& file);

/// The chunk that begins at a position; none where no type and length fit any more.
std::optional<RIFFChunk> riff_chunk_at(const core::ByteReader& file, std::size_t position);

/// The extended header of a WebP file says that it moves [RFC 9649, Sec. 2.7.1].
bool is_flagged_animated(const core::ByteReader& file);

void append_riff_chunk(core::Bytes& out, std::string_view type, const core::Bytes& data);

}  // namespace patina::images
