// SPDX-License-Identifier: Apache-2.0
// GPT-2's alphabet of bytes, in which CLIP's vocabulary and merges are written: every byte is one
// visible character. Printable Latin-1 bytes are themselves; the others, in order, are U+0100 on.
#pragma once

#include <string>
#include <string_view>

namespace patina::diffusion::internal {

/// Ends the token that ends a word.
constexpr std::string_view kWordEnd = "</w>";

/// The byte's character in UTF-8.
std::string byte_symbol(unsigned char byte);

/// Bytes that a vocabulary token stands for, with a space for kWordEnd. Characters outside the
/// alphabet stay as they are.
std::string bytes_of_token(std::string_view token);

}  // namespace patina::diffusion::internal
