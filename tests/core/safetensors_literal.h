// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace patina::core {

/// A file put together by hand: little-endian `length`, header text, `data_bytes` zero bytes.
inline std::vector<std::uint8_t> literal_file(std::uint64_t length,
                                              const std::string& header,
                                              std::size_t data_bytes) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(8 + header.size() + data_bytes);
  for (int i = 0; i < 8; ++i) {
    bytes.push_back(static_cast<std::uint8_t>((length >> (8 * i)) & 0xFFU));
  }
  bytes.insert(bytes.end(), header.begin(), header.end());
  bytes.insert(bytes.end(), data_bytes, 0);
  return bytes;
}

inline std::vector<std::uint8_t> literal_file(const std::string& header, std::size_t data_bytes) {
  return literal_file(header.size(), header, data_bytes);
}

}  // namespace patina::core
