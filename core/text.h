// SPDX-License-Identifier: Apache-2.0
// Text from elsewhere: UTF-8 whole and in part [RFC 3629, Sec. 4], text made safe to print, ASCII
// letters, blanks.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace patina::core {

/// A character read from UTF-8.
struct CodePoint {
  char32_t code = 0xFFFD;
  std::size_t length = 0;  ///< Bytes of its well-formed sequence, [1, 4]; 0 if there is none.
};

/// The character that begins at byte `at` < text.size(): shortest forms only, no surrogates, at
/// most U+10FFFF.
CodePoint read_utf8(std::string_view text, std::size_t at);

/// True if every byte belongs to a well-formed sequence.
bool is_utf8(std::string_view text);

/// Code points of UTF-8; a byte that belongs to none becomes U+FFFD.
std::u32string decode_utf8(std::string_view text);
std::string encode_utf8(std::u32string_view codes);

/// Appends a code point; U+FFFD for one that is none.
void append_utf8(std::string& text, char32_t code);

/// Foreign text that can neither steer a terminal, nor turn the direction of a page, nor hide what
/// it holds. Control, zero-width and direction-changing characters become \n, \r, \t, \u202E or
/// \U000E0041, a byte that is not UTF-8 becomes \xFF. A backslash stays, so that text which was
/// made printable stays as it is.
std::string printable(std::string_view foreign);

/// UTF-8 stays; a byte that is none is taken for Latin-1.
std::string to_utf8(std::string_view text);

/// The beginning of at most `max_bytes` bytes, no character cut in two.
std::string cut_utf8(std::string_view text, std::size_t max_bytes);

struct UTF16Text {
  std::string text;      ///< UTF-8; half of a pair becomes U+FFFD, a byte left over nothing.
  bool is_sound = true;  ///< No half and no byte was left over.
};
UTF16Text decode_utf16(std::string_view bytes, bool big_endian);

/// Text that a person saved, as UTF-8: that of UTF-16 by its byte order mark, which is taken off, as
/// is that of UTF-8. Nothing where the bytes are neither.
std::optional<std::string> decode_saved_text(std::string_view bytes);

/// The words one after another: "a, b, c".
template <typename Words>
std::string join(const Words& words, std::string_view between = ", ") {
  std::string text;
  for (const auto& word : words) {
    if (!text.empty()) text += between;
    text += word;
  }
  return text;
}

/// Lower case of ASCII letters.
std::string lower_ascii(std::string_view text);
/// Without spaces and tabs at the ends.
std::string_view trim_blank(std::string_view text);

}  // namespace patina::core
