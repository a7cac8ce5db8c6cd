// SPDX-License-Identifier: Apache-2.0
// UTF-8 as in RFC 3629: shortest forms only, no surrogates, at most U+10FFFF.
#include "report/words/text_codec.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace patina::report {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr char32_t kMalformed = 0xFFFFFFFF;

struct CodeRange {
  char32_t first;
  char32_t last;
};

/// Characters without ink that can hide or reorder their neighbours.
constexpr std::array<CodeRange, 9> kInvisible = {{{0x00, 0x1F},
                                                  {0x7F, 0x9F},
                                                  {0xAD, 0xAD},
                                                  {0x061C, 0x061C},
                                                  {0x200B, 0x200F},
                                                  {0x2028, 0x202E},
                                                  {0x2060, 0x206F},
                                                  {0xFEFF, 0xFEFF},
                                                  {0xFFF9, 0xFFFB}}};

struct LeadByte {
  int continuation_bytes;
  char32_t bits;
  char32_t smallest;  ///< Smaller values are overlong forms.
};

LeadByte read_lead(unsigned char byte) {
  if (byte < 0x80) return {0, byte, 0};
  if (byte >= 0xC2 && byte <= 0xDF) return {1, byte & 0x1FU, 0x80};
  if (byte >= 0xE0 && byte <= 0xEF) return {2, byte & 0x0FU, 0x800};
  if (byte >= 0xF0 && byte <= 0xF4) return {3, byte & 0x07U, 0x10000};
  return {0, kMalformed, 0};
}

/// Reads one code point at `at` and moves on, by one byte if it is malformed.
char32_t next_code_point(std::string_view text, std::size_t& at) {
  const LeadByte lead = read_lead(static_cast<unsigned char>(text[at]));
  const std::size_t start = at++;
  if (lead.bits == kMalformed) return kMalformed;
  char32_t code = lead.bits;
  for (int i = 1; i <= lead.continuation_bytes; ++i) {
    const std::size_t index = start + static_cast<std::size_t>(i);
    const unsigned char byte = index < text.size() ? static_cast<unsigned char>(text[index]) : 0;
    if ((byte & 0xC0U) != 0x80U) return kMalformed;
    code = (code << 6U) | (byte & 0x3FU);
  }
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < lead.smallest || code > 0x10FFFF || surrogate) return kMalformed;
  at = start + 1 + static_cast<std::size_t>(lead.continuation_bytes);
  return code;
}

void append_utf8(std::string& out, char32_t code) {
  const auto put = [&out](char32_t byte) {
    out += static_cast<char>(static_cast<unsigned char>(byte));
  };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0U | (code >> 6U));
    put(0x80U | (code & 0x3FU));
  } else {
    put(0xE0U | (code >> 12U));
    put(0x80U | ((code >> 6U) & 0x3FU));
    put(0x80U | (code & 0x3FU));
  }
}

bool is_invisible(char32_t code) {
  return std::any_of(kInvisible.begin(), kInvisible.end(), [code](const CodeRange& range) {
    return code >= range.first && code <= range.last;
  });
}

void append_escape(std::u32string& out, char32_t code) {
  if (code == '\n') {
    out += U"\\n";
  } else if (code == '\r') {
    out += U"\\r";
  } else if (code == '\t') {
    out += U"\\t";
  } else {
    constexpr std::array<char32_t, 17> kHex = {U"0123456789ABCDEF"};
    out += U"\\u";
    for (unsigned shift = 16; shift > 0; shift -= 4) out += kHex.at((code >> (shift - 4)) & 0xFU);
  }
}

}  // namespace

std::u32string decode_utf8(std::string_view text) {
  std::u32string decoded;
  decoded.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const char32_t code = next_code_point(text, at);
    decoded += code > 0xFFFF ? kReplacement : code;
  }
  return decoded;
}

std::string encode_utf8(const std::u32string& text) {
  std::string encoded;
  for (const char32_t code : text) append_utf8(encoded, code > 0xFFFF ? kReplacement : code);
  return encoded;
}

std::u32string printable_code_points(std::string_view text) {
  std::u32string printable;
  for (const char32_t code : decode_utf8(text)) {
    if (is_invisible(code)) {
      append_escape(printable, code);
    } else {
      printable += code;
    }
  }
  return printable;
}

std::string printable_text(std::string_view text) {
  return encode_utf8(printable_code_points(text));
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (next_code_point(text, at) == kMalformed) return false;
  }
  return true;
}

}  // namespace patina::report
