// SPDX-License-Identifier: Apache-2.0
#include "images/containers/png_chunks.h"

#include <zlib.h>

namespace patina::images {
namespace {

constexpr std::size_t kFrameBytes = 12;  // Length, type and CRC.

std::uint32_t crc_of(const std::uint8_t* data, std::size_t size) {
  return static_cast<std::uint32_t>(crc32_z(0, data, size));
}

}  // namespace

std::optional<PNGChunk> png_chunk_at(const core::ByteReader& file, std::size_t position) {
  if (!file.has(position, kFrameBytes)) return std::nullopt;
  PNGChunk chunk;
  chunk.type = {reinterpret_cast<const char*>(file.at(position + 4)), 4};
  chunk.offset = position + 8;
  chunk.size = file.u32(position, core::ByteOrder::kBig);
  chunk.whole = chunk.size <= kMaxPNGChunkBytes && file.has(position, kFrameBytes + chunk.size);
  return chunk;
}

bool is_intact(const core::ByteReader& file, const PNGChunk& chunk) {
  return crc_of(file.at(chunk.offset - 4), chunk.size + 4) ==
         file.u32(chunk.offset + chunk.size, core::ByteOrder::kBig);
}

void append_png_chunk(core::Bytes& out,
                      std::string_view type,
                      const std::uint8_t* data,
                      std::size_t size) {
  core::append_u32(out, static_cast<std::uint32_t>(size), core::ByteOrder::kBig);
  const std::size_t begin = out.size();
  core::append(out, type);
  out.insert(out.end(), data, data + size);
  core::append_u32(out, crc_of(out.data() + begin, size + 4), core::ByteOrder::kBig);
}

void append_png_chunk(core::Bytes& out, std::string_view type, const core::Bytes& data) {
  append_png_chunk(out, type, data.data(), data.size());
}

}  // namespace patina::images
