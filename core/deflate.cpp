// SPDX-License-Identifier: Apache-2.0
#include "core/deflate.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>
#include <zlib.h>

#include "core/error.h"

namespace patina::core {
namespace {

constexpr std::size_t kStep = std::size_t{1} << 16;
constexpr std::size_t kBestEffortBytes = std::size_t{16} << 20;
constexpr uLong kLongRecord = 8 << 10;

// zlib's window of 32 KiB and what is wrapped around it.
constexpr int kZlib = 15;
constexpr int kGzip = 15 + 16;
constexpr int kGzipOrZlib = 15 + 32;  // zlib tells the two apart.
constexpr int kRaw = -15;

uInt bounded(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

enum class Ending { kWhole, kDamaged, kCut, kTooLong };

struct Inflated {
  std::string content;
  std::size_t used = 0;
  Ending ending = Ending::kCut;
};

Bytef* as_bytes(std::string_view data) {  // zlib's interface predates const
  return reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
}

Inflated run_inflate(std::string_view data, std::uint64_t max_bytes, int window) {
  Inflated result;
  z_stream stream{};
  if (inflateInit2(&stream, window) != Z_OK) return result;
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, inflateEnd);
  std::string block(kStep, '\0');
  std::size_t given = 0;
  int status = Z_OK;
  while (status == Z_OK || status == Z_BUF_ERROR) {
    if (stream.avail_in == 0 && given < data.size()) {
      const std::size_t count = std::min<std::size_t>(data.size() - given, 1U << 30);
      stream.next_in = as_bytes(data.substr(given));
      stream.avail_in = static_cast<uInt>(count);
      given += count;
    }
    stream.next_out = as_bytes(block);
    stream.avail_out = static_cast<uInt>(block.size());
    status = inflate(&stream, Z_NO_FLUSH);
    const std::size_t made = block.size() - stream.avail_out;
    if (result.content.size() + made > max_bytes) {
      result.ending = Ending::kTooLong;
      return result;
    }
    result.content.append(block, 0, made);
    if (made == 0 && stream.avail_in == 0 && given == data.size() && status != Z_STREAM_END) break;
  }
  result.used = given - stream.avail_in;
  if (status == Z_STREAM_END) result.ending = Ending::kWhole;
  if (status != Z_STREAM_END && status != Z_OK && status != Z_BUF_ERROR) {
    result.ending = Ending::kDamaged;
  }
  return result;
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
  if (deflateInit2(&stream, level, Z_DEFLATED, kZlib, MAX_MEM_LEVEL, strategy) != Z_OK) {
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
  const Inflated result = run_inflate(
      {reinterpret_cast<const char*>(data), size}, max_bytes, kZlib);
  if (result.ending != Ending::kWhole) return std::nullopt;
  return Bytes(result.content.begin(), result.content.end());
}

std::string inflate_bounded(std::string_view data,
                            std::uint64_t max_bytes,
                            const std::string& where) {
  Inflated result = run_inflate(data, max_bytes, kGzipOrZlib);
  if (result.ending == Ending::kDamaged && result.content.empty()) {
    result = run_inflate(data, max_bytes, kRaw);
  }
  if (result.ending == Ending::kWhole) return std::move(result.content);
  const char* problem = result.ending == Ending::kDamaged ? "holds damaged compressed data"
                        : result.ending == Ending::kCut ? "holds compressed data that is cut short"
                                                        : "";
  throw Error(ErrorKind::kInput,
              where,
              *problem != '\0'
                  ? problem
                  : "decompresses to more than " + std::to_string(max_bytes) + " bytes");
}

std::string gzip_member(const std::vector<std::string_view>& pieces) {
  uLong total = 0;
  for (const std::string_view piece : pieces) total += static_cast<uLong>(piece.size());
  const int strategy = total > kLongRecord ? Z_HUFFMAN_ONLY : Z_DEFAULT_STRATEGY;
  z_stream stream{};
  if (deflateInit2(&stream, 1, Z_DEFLATED, kGzip, 9, strategy) != Z_OK) {
    throw Error(ErrorKind::kResource, "zlib", "cannot compress");
  }
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, deflateEnd);
  std::string out(deflateBound(&stream, total) + 64, '\0');
  stream.next_out = as_bytes(out);
  stream.avail_out = static_cast<uInt>(out.size());
  for (const std::string_view piece : pieces) {
    stream.next_in = as_bytes(piece);
    stream.avail_in = static_cast<uInt>(piece.size());
    deflate(&stream, Z_NO_FLUSH);
  }
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) {
    throw Error(ErrorKind::kInternal, "zlib", "did not finish a record");
  }
  out.resize(out.size() - stream.avail_out);
  return out;
}

GzipMember read_gzip_member(std::string_view data, std::uint64_t max_bytes) {
  Inflated result = run_inflate(data, max_bytes, kGzip);
  if (result.ending != Ending::kWhole) return {};
  return {std::move(result.content), result.used};
}

}  // namespace patina::core
