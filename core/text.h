// SPDX-License-Identifier: Apache-2.0
// Text from elsewhere: UTF-8 whole and in part, ASCII letters, blanks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace patina::core {

/// Length of the valid UTF-8 sequence at `at`, 0 if there is none [RFC 3629, Sec. 4].
std::size_t utf8_length(std::string_view text, std::size_t at);

/// Appends a code point; U+FFFD for one that is none.
void append_utf8(std::string& text, std::uint32_t code);

/// UTF-8 stays; a byte that is none is taken for Latin-1.
std::string to_utf8(std::string_view text);

/// The beginning of at most `max_bytes` bytes, no character cut in two.
std::string cut_utf8(std::string_view text, std::size_t max_bytes);

/// Lower case of ASCII letters.
std::string lower_ascii(std::string_view text);
/// Without spaces and tabs at the ends.
std::string_view trim_blank(std::string_view text);

}  // namespace patina::core
