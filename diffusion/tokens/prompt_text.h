// SPDX-License-Identifier: Apache-2.0
// What CLIP's tokenizer does to text before it looks at bytes: NFC, lower case, words. Follows the
// rules of transformers' CLIPTokenizerFast (normalizer and pre-tokenizer); ICU stays in the .cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace patina::diffusion::internal {

/// The split pattern knows these two by name, whatever a checkpoint's special tokens are.
constexpr std::string_view kStartOfText = "<|startoftext|>";
constexpr std::string_view kEndOfText = "<|endoftext|>";
/// U+FFFD in UTF-8.
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// Throws Error{kInput} naming `where` and the offset of the first byte that is not UTF-8, or of a
/// combining mark beyond 1024 in a row (their ordering takes time quadratic in the run).
void require_text(std::string_view text, const std::string& where);

/// Text in NFC, then in lower case one code point at a time (no final sigma). Requires UTF-8 of at
/// most 2^31 - 1 bytes. CLIP's white space to one space is left out: it never reaches a word.
std::string normalize(std::string_view text);

/// Matches, as views into `normalized`, of
/// <\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+
std::vector<std::string_view> split_words(std::string_view normalized);

/// Bytes with U+FFFD for what is not UTF-8.
std::string replace_malformed(std::string_view bytes);

}  // namespace patina::diffusion::internal
