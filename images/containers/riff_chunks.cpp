// SPDX-License-Identifier: Apache-2.0
#include "images/containers/riff_chunks.h"

namespace patina::images {
namespace {

constexpr auto kOrder = core::ByteOrder::kLittle;
constexpr std::size_t kHeadBytes = 8;  // Type and length.
constexpr unsigned kAnimationFlag = 0x02;

}  // namespace

std::size_t stated_riff_end(const core::ByteReader& file) {
  return kHeadBytes + file.u32(4, kOrder);
}

std::optional<RIFFChunk> riff_chunk_at(const core::ByteReader& file, std::size_t position) {
  if (!file.has(position, kHeadBytes)) return std::nullopt;
  RIFFChunk chunk;
  chunk.type = {reinterpret_cast<const char*>(file.at(position)), 4};
  chunk.offset = position + kHeadBytes;
  chunk.size = file.u32(position + 4, kOrder);
  chunk.whole = file.has(chunk.offset, chunk.size);
  return chunk;
}

bool is_flagged_animated(const core::ByteReader& file) {
  return file.starts_with(kFirstRIFFChunk, "VP8X") &&
         (file.u8(kFirstRIFFChunk + kHeadBytes) & kAnimationFlag) != 0;
}

void append_riff_chunk(core::Bytes& out, std::string_view type, const core::Bytes& data) {
  core::append(out, type);
  core::append_u32(out, static_cast<std::uint32_t>(data.size()), kOrder);
  core::append(out, data);
  if (data.size() % 2 != 0) out.push_back(0);
}

}  // namespace patina::images
