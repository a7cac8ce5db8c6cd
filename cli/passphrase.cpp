// SPDX-License-Identifier: Apache-2.0
#include "cli/passphrase.h"

#include <cstdio>
#include <cstdlib>
#include <ostream>
#include <system_error>

#include "cli/table.h"
#include "core/error.h"
#include "core/files.h"

namespace patina::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxBytes = 4096;
constexpr fs::perms kOthers = fs::perms::group_all | fs::perms::others_all;

void warn_if_readable(const fs::path& file, std::ostream& err) {
  std::error_code failure;
  const fs::perms mode = fs::status(file, failure).permissions();
  if (failure || (mode & kOthers) == fs::perms::none) return;
  char octal[8];
  std::snprintf(octal, sizeof octal, "%04o", static_cast<unsigned>(mode & fs::perms::mask));
  err << "patina: " << printable(file.string()) << ": others may read this passphrase (mode "
      << octal << "); run chmod 600 on it.\n";
}

}  // namespace

std::string read_passphrase(const fs::path& file, std::ostream& err) {
  if (file.empty()) {
    const char* variable = std::getenv("PATINA_PASSPHRASE");
    return variable == nullptr ? "" : variable;
  }
  const std::string text = core::read_text_file(file, kMaxBytes);
  warn_if_readable(file, err);
  std::string line = text.substr(0, text.find('\n'));
  if (!line.empty() && line.back() == '\r') line.pop_back();
  if (line.empty()) {
    throw core::Error(core::ErrorKind::kInput,
                      file.string(),
                      "its first line is empty, a passphrase is expected there",
                      "write one or leave out --passphrase-file");
  }
  return line;
}

}  // namespace patina::cli
