// SPDX-License-Identifier: Apache-2.0
#include "core/deflate.h"

#include <algorithm>
#include <limits>
#include <zlib.h>

#include "core/error.h"

namespace patina::core {
namespace {

constexpr std::size_t kStep = std::size_t{1} << 16;
constexpr std::size_t kBestEffortBytes = std::size_t{16} << 20;
constexpr int kWindowBits = 15;

uInt bounded(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

}  // namespace

DeflateEffort effort_for(std::size_t total_bytes) {
  return total_bytes > kBestEffortBytes ? DeflateEffort::kDefault : DeflateEffort::kBest;
}

Bytes deflate_bytes(const std::uint8_t* data,
                    std::size_t size,
                    DeflateContent content,
                    DeflateEffort effort) {
  const int level = effort == DeflateEffort::kBest ? Z_BEST_COMPRESSION : Z_DEFAULT_COMPRESSION;
  const int strategy = content == DeflateContent::kText ? Z_DEFAULT_STRATEGY : Z_FILTERED;
  z_stream stream{};
  if (deflateInit2(&stream, level, Z_DEFLATED, kWindowBits, MAX_MEM_LEVEL, strategy) != Z_OK) {
    throw Error(ErrorKind::kResource, "zlib", "no memory for a compressor", "free some memory");
  }
  Bytes out;
  std::size_t consumed = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    const std::size_t written = out.size();
    out.resize(written + kStep);
    stream.next_in = const_cast<Bytef*>(data + consumed);
    stream.avail_in = bounded(size - consumed);
    stream.next_out = out.data() + written;
    stream.avail_out = static_cast<uInt>(kStep);
    const uInt offered = stream.avail_in;
    status = deflate(&stream, offered == size - consumed ? Z_FINISH : Z_NO_FLUSH);
    consumed += offered - stream.avail_in;
    out.resize(written + kStep - stream.avail_out);
  }
  deflateEnd(&stream);
  return out;
}

std::optional<Bytes> inflate_bytes(const std::uint8_t* data,
                                   std::size_t size,
                                   std::size_t max_bytes) {
  z_stream stream{};
  stream.next_in = const_cast<Bytef*>(data);
  stream.avail_in = bounded(size);
  if (inflateInit(&stream) != Z_OK) return std::nullopt;
  Bytes out;
  int status = Z_OK;
  while (status == Z_OK && out.size() <= max_bytes) {
    const std::size_t written = out.size();
    out.resize(written + kStep);
    stream.next_out = out.data() + written;
    stream.avail_out = static_cast<uInt>(kStep);
    status = inflate(&stream, Z_NO_FLUSH);
    out.resize(written + kStep - stream.avail_out);
  }
  inflateEnd(&stream);
  if (status != Z_STREAM_END || out.size() > max_bytes) return std::nullopt;
  return out;
}

}  // namespace patina::core
