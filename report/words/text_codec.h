// SPDX-License-Identifier: Apache-2.0
// File names and titles come from strangers. This makes any byte string safe to print: what cannot
// be seen is escaped, what is not UTF-8 is marked.
#pragma once

#include <string>
#include <string_view>

namespace patina::report {

/// Code points of UTF-8; each malformed byte sequence and each code point beyond U+FFFF (which the
/// fonts do not hold) becomes U+FFFD.
std::u32string decode_utf8(std::string_view text);
std::string encode_utf8(const std::u32string& text);

/// Decoded text with control, zero-width and direction-changing characters written as \n, \t or
/// \u202E, so that a name can neither hide nor reorder what is printed. Idempotent.
std::u32string printable_code_points(std::string_view text);
std::string printable_text(std::string_view text);

/// True if the bytes are well-formed UTF-8 (code points beyond U+FFFF allowed).
bool is_utf8(std::string_view text);

}  // namespace patina::report
