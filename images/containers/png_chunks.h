// SPDX-License-Identifier: Apache-2.0
// PNG chunks [ISO/IEC 15948, Sec. 5]: length, type, data, CRC of type and data.
#pragma once

#include <string>
#include <string_view>

#include "core/byte_reader.h"

namespace patina::images {

constexpr std::string_view kPNGSignature("\x89PNG\r\n\x1A\n", 8);

struct PNGChunk {
  std::string_view type;
  std::size_t offset = 0;  ///< Of the data.
  std::size_t size = 0;
  bool intact = false;  ///< The CRC is right.

  bool critical() const { return (static_cast<unsigned char>(type[0]) & 0x20U) == 0; }
};

/// All chunks up to IEND. Throws Error{kInput} if the file ends before IEND, or a critical chunk or
/// the start is damaged.
std::vector<PNGChunk> list_chunks(const core::Bytes& bytes, const std::string& where);

void append_chunk(core::Bytes& out,
                  std::string_view type,
                  const std::uint8_t* data,
                  std::size_t size);
void append_chunk(core::Bytes& out, std::string_view type, const core::Bytes& data);

}  // namespace patina::images
