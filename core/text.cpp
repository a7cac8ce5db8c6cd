// SPDX-License-Identifier: Apache-2.0
#include "core/text.h"

#include <algorithm>
#include <array>

namespace patina::core {
namespace {

struct LeadByte {
  std::size_t length;  ///< Bytes of the sequence that the byte announces, 0 if it cannot lead one.
  char32_t bits;
  char32_t smallest;  ///< Smaller values have a shorter form.
};

LeadByte read_lead(unsigned char byte) {
  if (byte < 0x80) return {1, byte, 0};
  if (byte >= 0xC2 && byte <= 0xDF) return {2, byte & 0x1FU, 0x80};
  if (byte >= 0xE0 && byte <= 0xEF) return {3, byte & 0x0FU, 0x800};
  if (byte >= 0xF0 && byte <= 0xF4) return {4, byte & 0x07U, 0x10000};
  return {0, 0, 0};
}

bool is_surrogate(char32_t code) { return code >= 0xD800 && code <= 0xDFFF; }

struct CodeRange {
  char32_t first;
  char32_t last;
};

// Characters without ink that can hide or reorder their neighbours.
constexpr std::array<CodeRange, 11> kInvisible = {{{0x00, 0x1F},
                                                   {0x7F, 0x9F},
                                                   {0xAD, 0xAD},
                                                   {0x061C, 0x061C},
                                                   {0x180E, 0x180E},
                                                   {0x200B, 0x200F},
                                                   {0x2028, 0x202E},
                                                   {0x2060, 0x206F},
                                                   {0xFEFF, 0xFEFF},
                                                   {0xFFF9, 0xFFFB},
                                                   {0xE0000, 0xE007F}}};

bool is_invisible(char32_t code) {
  return std::any_of(kInvisible.begin(), kInvisible.end(), [code](const CodeRange& range) {
    return code >= range.first && code <= range.last;
  });
}

// "\x", "\u" or "\U" and so many hexadecimal digits.
std::string escape(char letter, char32_t code, unsigned digits) {
  std::string text = {'\\', letter};
  for (unsigned i = digits; i-- > 0;) text += "0123456789ABCDEF"[code >> (4 * i) & 0xFU];
  return text;
}

std::string escape_invisible(char32_t code) {
  if (code == '\n') return "\\n";
  if (code == '\r') return "\\r";
  if (code == '\t') return "\\t";
  return code <= 0xFFFF ? escape('u', code, 4) : escape('U', code, 8);
}

}  // namespace

CodePoint read_utf8(std::string_view text, std::size_t at) {
  const LeadByte lead = read_lead(static_cast<unsigned char>(text[at]));
  if (lead.length == 0 || text.size() - at < lead.length) return {};
  char32_t code = lead.bits;
  for (std::size_t i = 1; i < lead.length; ++i) {
    const auto byte = static_cast<unsigned char>(text[at + i]);
    if ((byte & 0xC0U) != 0x80U) return {};
    code = code << 6U | (byte & 0x3FU);
  }
  if (code < lead.smallest || code > 0x10FFFF || is_surrogate(code)) return {};
  return {code, lead.length};
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = read_utf8(text, at).length;
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::u32string decode_utf8(std::string_view text) {
  std::u32string codes;
  codes.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = read_utf8(text, at);
    codes += point.code;
    at += std::max<std::size_t>(point.length, 1);
  }
  return codes;
}

std::string encode_utf8(std::u32string_view codes) {
  std::string text;
  for (const char32_t code : codes) append_utf8(text, code);
  return text;
}

void append_utf8(std::string& text, char32_t code) {
  const auto put = [&text](char32_t byte) { text += static_cast<char>(byte); };
  const auto put_tail = [&](unsigned shift) { put(0x80U | (code >> shift & 0x3FU)); };
  if (code > 0x10FFFF || is_surrogate(code)) code = 0xFFFD;
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0U | code >> 6U);
  } else if (code < 0x10000) {
    put(0xE0U | code >> 12U);
  } else {
    put(0xF0U | code >> 18U);
    put_tail(12);
  }
  if (code >= 0x800) put_tail(6);
  put_tail(0);
}

UTF16Text decode_utf16(std::string_view bytes, bool big_endian) {
  const auto unit = [&](std::size_t at) -> char32_t {
    const auto first = static_cast<unsigned char>(bytes[at]);
    const auto second = static_cast<unsigned char>(bytes[at + 1]);
    return big_endian ? first << 8U | second : second << 8U | first;
  };
  UTF16Text decoded;
  decoded.is_sound = bytes.size() % 2 == 0;
  for (std::size_t at = 0; at + 1 < bytes.size(); at += 2) {
    char32_t code = unit(at);
    if (is_surrogate(code)) {  // A high one and a low one make a code point [RFC 2781, Sec. 2.2].
      const char32_t low = at + 3 < bytes.size() ? unit(at + 2) : 0;
      if (code < 0xDC00 && low >= 0xDC00 && low <= 0xDFFF) {
        code = 0x10000 + ((code - 0xD800) << 10U | (low - 0xDC00));
        at += 2;
      } else {
        decoded.is_sound = false;
      }
    }
    append_utf8(decoded.text, code);
  }
  return decoded;
}

std::optional<std::string> decode_saved_text(std::string_view bytes) {
  const bool big_endian = bytes.substr(0, 2) == "\xFE\xFF";
  if (big_endian || bytes.substr(0, 2) == "\xFF\xFE") {
    UTF16Text decoded = decode_utf16(bytes.substr(2), big_endian);
    return decoded.is_sound ? std::optional(std::move(decoded.text)) : std::nullopt;
  }
  if (bytes.substr(0, 3) == "\xEF\xBB\xBF") bytes.remove_prefix(3);
  if (!is_utf8(bytes)) return std::nullopt;
  return std::string(bytes);
}

std::string printable(std::string_view foreign) {
  std::string text;
  for (std::size_t at = 0; at < foreign.size();) {
    const CodePoint point = read_utf8(foreign, at);
    if (point.length == 0) {
      text += escape('x', static_cast<unsigned char>(foreign[at++]), 2);
      continue;
    }
    if (is_invisible(point.code)) {
      text += escape_invisible(point.code);
    } else {
      text += foreign.substr(at, point.length);
    }
    at += point.length;
  }
  return text;
}

std::string to_utf8(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = read_utf8(text, at).length;
    if (length == 0) {
      append_utf8(out, static_cast<unsigned char>(text[at++]));
    } else {
      out.append(text, at, length);
      at += length;
    }
  }
  return out;
}

std::string cut_utf8(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return std::string(text);
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, max_bytes); ++back) {
    const std::size_t at = max_bytes - back;
    if (read_utf8(text, at).length > back) return std::string(text.substr(0, at));
  }
  return std::string(text.substr(0, max_bytes));
}

std::string lower_ascii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string_view trim_blank(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace patina::core
