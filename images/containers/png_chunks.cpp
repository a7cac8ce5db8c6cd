// SPDX-License-Identifier: Apache-2.0
#include "images/containers/png_chunks.h"

#include <zlib.h>

#include "core/error.h"
#include "images/containers/problems.h"

namespace patina::images {
namespace {

constexpr std::size_t kFrameBytes = 12;  // Length, type and CRC.
constexpr std::size_t kMaxChunkBytes = 0x7FFFFFFF;

std::uint32_t crc_of(const std::uint8_t* data, std::size_t size) {
  return static_cast<std::uint32_t>(crc32_z(0, data, size));
}

}  // namespace

std::vector<PNGChunk> list_chunks(const core::Bytes& bytes, const std::string& where) {
  const core::ByteReader reader(bytes);
  std::vector<PNGChunk> chunks;
  std::size_t at = kPNGSignature.size();
  while (chunks.empty() || chunks.back().type != "IEND") {
    if (!reader.has(at, kFrameBytes)) throw truncated(where);
    const std::size_t size = reader.u32(at, core::ByteOrder::kBig);
    if (size > kMaxChunkBytes) throw damaged(where, "a chunk states an impossible length");
    if (!reader.has(at, kFrameBytes + size)) throw truncated(where);
    PNGChunk chunk;
    chunk.type = {reinterpret_cast<const char*>(reader.at(at + 4)), 4};
    chunk.offset = at + 8;
    chunk.size = size;
    chunk.intact = crc_of(reader.at(at + 4), size + 4) ==
                   reader.u32(at + 8 + size, core::ByteOrder::kBig);
    if (chunk.critical() && !chunk.intact) {
      throw damaged(where, "the checksum of chunk " + core::in_quotes(chunk.type) + " is wrong");
    }
    if (chunks.empty() && chunk.type != "IHDR") throw damaged(where, "it does not start with IHDR");
    chunks.push_back(chunk);
    at += kFrameBytes + size;
  }
  return chunks;
}

void append_chunk(core::Bytes& out,
                  std::string_view type,
                  const std::uint8_t* data,
                  std::size_t size) {
  core::append_u32(out, static_cast<std::uint32_t>(size), core::ByteOrder::kBig);
  const std::size_t begin = out.size();
  core::append(out, type);
  out.insert(out.end(), data, data + size);
  core::append_u32(out, crc_of(out.data() + begin, size + 4), core::ByteOrder::kBig);
}

void append_chunk(core::Bytes& out, std::string_view type, const core::Bytes& data) {
  append_chunk(out, type, data.data(), data.size());
}

}  // namespace patina::images
