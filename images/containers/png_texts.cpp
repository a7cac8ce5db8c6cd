// SPDX-License-Identifier: Apache-2.0
#include "images/containers/png_texts.h"

#include <algorithm>

#include "core/deflate.h"

namespace patina::images {
namespace {

constexpr std::size_t kBytesPerLine = 36;

core::Bytes inflated(const core::ByteReader& file,
                     std::size_t begin,
                     std::size_t end,
                     std::size_t max_bytes) {
  if (begin >= end) return {};
  return core::inflate_bytes(file.at(begin), end - begin, max_bytes).value_or(core::Bytes());
}

// Where the text of an iTXt begins: behind flag, method, language and translated keyword, both of
// which a zero ends; `end` where one of them is missing.
std::size_t international_text(const core::ByteReader& file, std::size_t begin, std::size_t end) {
  std::size_t at = begin + 2;
  int zeros = 0;
  for (; zeros < 2 && at < end; ++at) {
    if (file.u8(at) == 0) ++zeros;
  }
  return zeros == 2 ? std::min(at, end) : end;
}

int hex_value(std::uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

bool is_png_text(const PNGChunk& chunk) {
  return chunk.type == "tEXt" || chunk.type == "zTXt" || chunk.type == "iTXt";
}

std::string png_keyword(const core::ByteReader& file, const PNGChunk& chunk) {
  if (!is_png_text(chunk)) return {};
  const std::string_view data(reinterpret_cast<const char*>(file.at(chunk.offset)), chunk.size);
  return std::string(data.substr(0, data.find('\0')));
}

core::Bytes read_png_text(const core::ByteReader& file,
                          const PNGChunk& chunk,
                          std::size_t max_bytes) {
  const std::size_t end = chunk.offset + chunk.size;
  const std::size_t begin = std::min(chunk.offset + png_keyword(file, chunk).size() + 1, end);
  if (chunk.type == "tEXt") return file.copy(begin, end - begin);
  if (chunk.type == "zTXt") return inflated(file, begin + 1, end, max_bytes);
  const std::size_t text = international_text(file, begin, end);
  return file.u8(begin) != 0 ? inflated(file, text, end, max_bytes) : file.copy(text, end - text);
}

core::Bytes raw_profile(const core::Bytes& text) {
  // "\niptc\n      40\n" and then the digits.
  std::size_t at = 0;
  for (int lines = 0; lines < 3; ++lines) {
    while (at < text.size() && text[at] != '\n') ++at;
    if (at == text.size()) return {};
    ++at;
  }
  core::Bytes bytes;
  int high = -1;
  for (; at < text.size(); ++at) {
    const int digit = hex_value(text[at]);
    if (digit < 0) continue;
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<std::uint8_t>(high * 16 + digit));
      high = -1;
    }
  }
  return bytes;
}

void append_raw_profile(core::Bytes& out, std::string_view keyword, const core::Bytes& bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string length = std::to_string(bytes.size());
  length.insert(0, length.size() < 8 ? 8 - length.size() : 0, ' ');
  std::string text = "\n" + std::string(keyword.substr(keyword.rfind(' ') + 1)) + "\n" + length;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i % kBytesPerLine == 0) text += '\n';
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15U];
  }
  text += '\n';
  core::Bytes data;
  core::append(data, keyword);
  data.push_back(0);
  data.push_back(0);  // deflate
  core::append(
      data, core::deflate_bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
  append_png_chunk(out, "zTXt", data);
}

}  // namespace patina::images
