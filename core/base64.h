// SPDX-License-Identifier: Apache-2.0
// Standard base64 (RFC 4648, Sec. 4).
#pragma once

#include <string>
#include <string_view>

namespace patina::core {

std::string encode_base64(std::string_view bytes);

/// Padding is optional. Throws Error{kInput} naming `where` for any character outside the alphabet
/// and for a text cut short.
std::string decode_base64(std::string_view text, const std::string& where);

}  // namespace patina::core
