// SPDX-License-Identifier: Apache-2.0
#include "diffusion/tokens/prompt_text.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include "core/error.h"

namespace patina::diffusion::internal {
namespace {

using core::Error;
using core::ErrorKind;

constexpr int kMaxMarksInARow = 1024;
constexpr UChar32 kCapitalIWithDot = 0x130;
constexpr std::string_view kSmallIAndDot = "i\xCC\x87";

// In the order of the pattern.
constexpr std::array<std::string_view, 9> kFixedWords = {
    kStartOfText, kEndOfText, "'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};

struct CodePoint {
  UChar32 value;     // Negative: not UTF-8.
  std::size_t size;  // Bytes.
};

CodePoint code_point_at(std::string_view text, std::size_t offset) {
  // No character is longer than four bytes, and ICU counts in 32 bits.
  const std::string_view head = text.substr(offset, 4);
  const auto length = static_cast<std::int32_t>(head.size());
  std::int32_t read = 0;
  UChar32 value = 0;
  U8_NEXT(head.data(), read, length, value);
  return {value, static_cast<std::size_t>(read)};
}

void append(std::string& text, UChar32 value) { icu::UnicodeString(value).toUTF8String(text); }

enum class TextClass { kSpace, kLetter, kNumber, kOther };

TextClass class_of(UChar32 value) {
  const std::uint32_t category = U_GET_GC_MASK(value);
  if ((category & U_GC_L_MASK) != 0) {
    return TextClass::kLetter;
  }
  if ((category & U_GC_N_MASK) != 0) {
    return TextClass::kNumber;
  }
  return u_isUWhiteSpace(value) != 0 ? TextClass::kSpace : TextClass::kOther;
}

/// Size of the fixed word that `text` begins with; 0 if there is none.
std::size_t fixed_word_size(std::string_view text) {
  for (const std::string_view word : kFixedWords) {
    if (text.substr(0, word.size()) == word) {
      return word.size();
    }
  }
  return 0;
}

/// Bytes at the beginning of `text` that are of the class of its first character.
std::size_t run_size(std::string_view text, TextClass run_class) {
  std::size_t size = 0;
  while (size < text.size()) {
    const CodePoint next = code_point_at(text, size);
    if (class_of(next.value) != run_class) {
      break;
    }
    size += next.size;
  }
  return size;
}

std::string to_nfc(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(status);
  std::string composed;
  icu::StringByteSink<std::string> sink(&composed);
  if (U_SUCCESS(status)) {
    const icu::StringPiece piece(text.data(), static_cast<std::int32_t>(text.size()));
    nfc->normalizeUTF8(0, piece, sink, nullptr, status);
  }
  if (U_FAILURE(status)) {
    throw Error(ErrorKind::kInternal, "ICU", std::string("no NFC, ") + u_errorName(status));
  }
  return composed;
}

}  // namespace

void require_text(std::string_view text, const std::string& where) {
  int marks = 0;
  for (std::size_t offset = 0; offset < text.size();) {
    const CodePoint next = code_point_at(text, offset);
    if (next.value < 0) {
      throw Error(ErrorKind::kInput,
                  where,
                  "not UTF-8 at byte " + std::to_string(offset),
                  "write it in UTF-8");
    }
    marks = u_getCombiningClass(next.value) != 0 ? marks + 1 : 0;
    if (marks > kMaxMarksInARow) {
      throw Error(ErrorKind::kInput,
                  where,
                  "more than " + std::to_string(kMaxMarksInARow) +
                      " combining marks in a row at byte " + std::to_string(offset),
                  "leave them out");
    }
    offset += next.size;
  }
}

std::string normalize(std::string_view text) {
  const std::string composed = to_nfc(text);
  std::string lower;
  lower.reserve(composed.size());
  for (std::size_t offset = 0; offset < composed.size();) {
    const CodePoint next = code_point_at(composed, offset);
    if (next.value == kCapitalIWithDot) {  // The one lower case of two code points in Unicode.
      lower += kSmallIAndDot;
    } else {
      append(lower, u_tolower(next.value));
    }
    offset += next.size;
  }
  return lower;
}

std::vector<std::string_view> split_words(std::string_view normalized) {
  std::vector<std::string_view> words;
  while (!normalized.empty()) {
    const CodePoint first = code_point_at(normalized, 0);
    const TextClass first_class = class_of(first.value);
    std::size_t size = fixed_word_size(normalized);
    if (size == 0) {
      size = first_class == TextClass::kNumber ? first.size : run_size(normalized, first_class);
    }
    if (first_class != TextClass::kSpace) {
      words.push_back(normalized.substr(0, size));
    }
    normalized.remove_prefix(size);
  }
  return words;
}

std::string replace_malformed(std::string_view bytes) {
  std::string text;
  for (std::size_t offset = 0; offset < bytes.size();) {
    const CodePoint next = code_point_at(bytes, offset);
    if (next.value < 0) {
      text += kReplacement;
    } else {
      append(text, next.value);
    }
    offset += next.size;
  }
  return text;
}

}  // namespace patina::diffusion::internal
