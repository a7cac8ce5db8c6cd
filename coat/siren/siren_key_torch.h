// SPDX-License-Identifier: Apache-2.0
// A generator and its extractor in a coat key. Of its scoring part: "extractor/...", "center" [D],
// fields "norm_mode" and "input"; secret: "generator/...", fields "message", "coating_blur_px",
// "coating_mean_px", "dither", "chroma".
#pragma once

#include <cstdint>
#include <string>

#include "coat/siren/pair_torch.h"
#include "keys/coat_key.h"

namespace patina::coat::siren {

/// The 48 bits of a message, 12 hexadecimal digits: the first `bits` of SHA-256(text), or of the
/// seed's digest where the text is empty; the rest are 1.
std::string message_hex(const std::string& text, std::uint64_t seed, int bits);

void put_pair(keys::CoatKey& key, const Pair& pair, const std::string& message);

/// Throws Error{kInput} where a tensor or field is missing.
Pair read_pair(const keys::CoatKey& key);
const std::string& read_message(const keys::CoatKey& key);

}  // namespace patina::coat::siren
