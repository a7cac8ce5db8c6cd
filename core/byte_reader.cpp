// SPDX-License-Identifier: Apache-2.0
#include "core/byte_reader.h"

#include <array>

namespace patina::core {
namespace {

std::array<std::uint8_t, 4> encoded(std::uint32_t value, ByteOrder order) {
  std::array<std::uint8_t, 4> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t place = order == ByteOrder::kBig ? 3 - i : i;
    bytes[place] = static_cast<std::uint8_t>(value >> (8 * i) & 0xFFU);
  }
  return bytes;
}

}  // namespace

void append_u16(Bytes& out, std::uint32_t value, ByteOrder order) {
  const auto low = static_cast<std::uint8_t>(value & 0xFFU);
  const auto high = static_cast<std::uint8_t>(value >> 8 & 0xFFU);
  out.push_back(order == ByteOrder::kBig ? high : low);
  out.push_back(order == ByteOrder::kBig ? low : high);
}

void append_u32(Bytes& out, std::uint32_t value, ByteOrder order) {
  const auto bytes = encoded(value, order);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void append(Bytes& out, const Bytes& more) { out.insert(out.end(), more.begin(), more.end()); }

void append(Bytes& out, std::string_view text) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(text.data());
  out.insert(out.end(), data, data + text.size());
}

void store_u32(Bytes& out, std::size_t offset, std::uint32_t value, ByteOrder order) {
  const auto bytes = encoded(value, order);
  std::memcpy(out.data() + offset, bytes.data(), bytes.size());
}

}  // namespace patina::core
