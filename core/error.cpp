// SPDX-License-Identifier: Apache-2.0
#include "core/error.h"

#include <utility>

namespace patina::core {
namespace {

constexpr std::size_t kMaxQuotedBytes = 80;

std::string sentence(const std::string& where, const std::string& what, const std::string& todo) {
  std::string text = where.empty() ? what : where + ": " + what;
  if (!todo.empty()) {
    text += "; " + todo;
  }
  if (text.empty() || text.back() != '.') {
    text += '.';
  }
  return text;
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Length of the well-formed UTF-8 sequence of 2 to 4 bytes at `at`, or 0 [RFC 3629, Sec. 4].
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  std::size_t length = 0;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
  }
  if (length == 0 || at + length > text.size()) {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[at + i])) {
      return 0;
    }
  }
  const auto second = static_cast<unsigned char>(text[at + 1]);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool outside = (lead == 0xED && second > 0x9F) || (lead == 0xF4 && second > 0x8F);
  const bool control = lead == 0xC2 && second < 0xA0;
  return overlong || outside || control ? 0 : length;
}

}  // namespace

Error::Error(ErrorKind kind, std::string where, std::string what, std::string todo)
    : std::runtime_error(sentence(where, what, todo)),
      kind_(kind),
      where_(std::move(where)),
      problem_(std::move(what)),
      todo_(std::move(todo)) {}

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
    case ErrorKind::kInput:
    case ErrorKind::kUnsupported:
      return 2;
    case ErrorKind::kNetwork:
    case ErrorKind::kDisk:
    case ErrorKind::kResource:
      return 3;
    case ErrorKind::kMismatch:
      return 4;
    case ErrorKind::kCancelled:
      return 130;
    case ErrorKind::kInternal:
      break;
  }
  return 70;
}

const char* to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
      return "usage";
    case ErrorKind::kInput:
      return "input";
    case ErrorKind::kUnsupported:
      return "unsupported";
    case ErrorKind::kNetwork:
      return "network";
    case ErrorKind::kDisk:
      return "disk";
    case ErrorKind::kResource:
      return "resource";
    case ErrorKind::kMismatch:
      return "mismatch";
    case ErrorKind::kCancelled:
      return "cancelled";
    case ErrorKind::kInternal:
      break;
  }
  return "internal";
}

std::string in_quotes(std::string_view foreign) {
  std::string text = "\"";
  std::size_t at = 0;
  while (at < foreign.size() && at < kMaxQuotedBytes) {
    const auto byte = static_cast<unsigned char>(foreign[at]);
    const std::size_t multibyte = byte >= 0x80 ? utf8_length(foreign, at) : 0;
    if (multibyte > 0) {
      text += foreign.substr(at, multibyte);
      at += multibyte;
      continue;
    }
    text += byte >= 0x20 && byte < 0x7F ? foreign[at] : '?';
    ++at;
  }
  return text + (at < foreign.size() ? "...\"" : "\"");
}

}  // namespace patina::core
