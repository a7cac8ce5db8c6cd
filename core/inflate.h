// SPDX-License-Identifier: Apache-2.0
// zlib with a bound on what comes out, and the gzip members of a WARC file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace patina::core {

/// gzip, zlib or raw deflate data. Throws Error{kInput} naming `where` if it is damaged, cut short
/// or gives more than `max_bytes`.
std::string inflate_bounded(std::string_view data,
                            std::uint64_t max_bytes,
                            const std::string& where);

/// One gzip member (RFC 1952) of the pieces in a row. Long ones, which hold pictures, are only
/// Huffman-coded: that takes back what base64 added, at many times the speed.
std::string gzip_member(const std::vector<std::string_view>& pieces);

/// The first gzip member of `data`, and how many bytes it takes; `bytes` 0 if it is cut short or
/// damaged.
struct Member {
  std::string content;
  std::size_t bytes = 0;
};
Member read_gzip_member(std::string_view data, std::uint64_t max_bytes);

}  // namespace patina::core
