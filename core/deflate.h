// SPDX-License-Identifier: Apache-2.0
// zlib on data held in memory: streams as PNG chunks and TIFF strips carry them [RFC 1950], bodies of
// HTTP, gzip members of a WARC file [RFC 1952]. What comes out is always bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/byte_reader.h"

namespace patina::core {

/// kDifferences: what a PNG filter or TIFF predictor leaves, small values without long repetitions.
/// On photographs it saves two to six per cent against kText.
enum class DeflateContent { kText, kDifferences };

enum class DeflateEffort { kBest, kDefault };

/// The best for up to 16 MiB; beyond, zlib's default, five times as fast and two to five per cent
/// larger.
DeflateEffort effort_for(std::size_t total_bytes);

Bytes deflate_bytes(const std::uint8_t* data,
                    std::size_t size,
                    DeflateContent content = DeflateContent::kText,
                    DeflateEffort effort = DeflateEffort::kBest);

/// A zlib stream; nothing if it is damaged or expands beyond `max_bytes`.
std::optional<Bytes> inflate_bytes(const std::uint8_t* data,
                                   std::size_t size,
                                   std::size_t max_bytes);

/// gzip, zlib or raw deflate data. Throws Error{kInput} naming `where` if it is damaged, cut short
/// or gives more than `max_bytes`.
std::string inflate_bounded(std::string_view data,
                            std::uint64_t max_bytes,
                            const std::string& where);

/// One gzip member of the pieces in a row. Long ones, which hold pictures, are only
/// Huffman-coded: that takes back what base64 added, at many times the speed.
std::string gzip_member(const std::vector<std::string_view>& pieces);

/// The first gzip member of `data`, and how many bytes it takes; `bytes` 0 if it is cut short or
/// damaged.
struct GzipMember {
  std::string content;
  std::size_t bytes = 0;
};
GzipMember read_gzip_member(std::string_view data, std::uint64_t max_bytes);

}  // namespace patina::core
