// SPDX-License-Identifier: Apache-2.0
#include "core/error.h"

#include <utility>

#include "core/text.h"

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
  const bool long_text = foreign.size() > kMaxQuotedBytes;
  return "\"" + printable(cut_utf8(foreign, kMaxQuotedBytes)) + (long_text ? "...\"" : "\"");
}

}  // namespace patina::core
