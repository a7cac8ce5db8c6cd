// SPDX-License-Identifier: Apache-2.0
// Reading and appending numbers in foreign byte streams. Reads are total: bytes beyond the end
// count as zero, so that a hostile length can give a wrong number but never a wrong address.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace patina::core {

using Bytes = std::vector<std::uint8_t>;

enum class ByteOrder { kLittle, kBig };

class ByteReader {
 public:
  ByteReader(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  explicit ByteReader(const Bytes& bytes) : ByteReader(bytes.data(), bytes.size()) {}

  std::size_t size() const { return size_; }
  const std::uint8_t* at(std::size_t offset) const { return data_ + offset; }
  bool has(std::size_t offset, std::size_t count) const {
    return offset <= size_ && count <= size_ - offset;
  }
  bool starts_with(std::size_t offset, std::string_view text) const {
    return has(offset, text.size()) && std::memcmp(data_ + offset, text.data(), text.size()) == 0;
  }
  Bytes copy(std::size_t offset, std::size_t count) const {
    return has(offset, count) ? Bytes(data_ + offset, data_ + offset + count) : Bytes();
  }

  std::uint8_t u8(std::size_t offset) const {
    return offset < size_ ? data_[offset] : std::uint8_t{0};
  }
  std::uint16_t u16(std::size_t offset, ByteOrder order) const {
    const unsigned first = u8(offset);
    const unsigned second = u8(offset + 1);
    return static_cast<std::uint16_t>(order == ByteOrder::kBig ? first << 8 | second
                                                               : second << 8 | first);
  }
  std::uint32_t u32(std::size_t offset, ByteOrder order) const {
    const std::uint32_t first = u16(offset, order);
    const std::uint32_t second = u16(offset + 2, order);
    return order == ByteOrder::kBig ? first << 16 | second : second << 16 | first;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

void append_u16(Bytes& out, std::uint32_t value, ByteOrder order);  ///< The low 16 bits.
void append_u32(Bytes& out, std::uint32_t value, ByteOrder order);
void append(Bytes& out, const Bytes& more);
void append(Bytes& out, std::string_view text);

/// Overwrites four bytes. Requires: offset + 4 <= size.
void store_u32(Bytes& out, std::size_t offset, std::uint32_t value, ByteOrder order);

}  // namespace patina::core
