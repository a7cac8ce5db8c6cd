// SPDX-License-Identifier: Apache-2.0
#include "diffusion/tokens/internal/byte_symbols.h"

#include <functional>
#include <map>

#include "core/text.h"

namespace patina::diffusion::internal {
namespace {

constexpr unsigned kBytes = 256;

bool stands_for_itself(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

std::map<std::string, char, std::less<>> bytes_by_symbol() {
  std::map<std::string, char, std::less<>> bytes;
  for (unsigned byte = 0; byte < kBytes; ++byte) {
    bytes[byte_symbol(static_cast<unsigned char>(byte))] = static_cast<char>(byte);
  }
  return bytes;
}

}  // namespace

std::string byte_symbol(unsigned char byte) {
  if (stands_for_itself(byte)) {
    return core::encode_utf8(std::u32string(1, byte));
  }
  unsigned code_point = kBytes;
  for (unsigned other = 0; other < byte; ++other) {
    code_point += stands_for_itself(other) ? 0 : 1;
  }
  return core::encode_utf8(std::u32string(1, code_point));
}

std::string bytes_of_token(std::string_view token) {
  static const std::map<std::string, char, std::less<>> kByteOf = bytes_by_symbol();
  const std::size_t body_size = token.size() < kWordEnd.size() ? token.size()
                                                               : token.size() - kWordEnd.size();
  const bool ends_word = token.substr(body_size) == kWordEnd;
  const std::string_view body = ends_word ? token.substr(0, body_size) : token;
  std::string bytes;
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t size = static_cast<unsigned char>(body[at]) < 0x80 ? 1 : 2;
    const std::string_view symbol = body.substr(at, size);
    const auto found = kByteOf.find(symbol);
    bytes += found == kByteOf.end() ? std::string(symbol) : std::string(1, found->second);
    at += symbol.size();
  }
  return ends_word ? bytes + " " : bytes;
}

}  // namespace patina::diffusion::internal
