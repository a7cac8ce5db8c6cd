// SPDX-License-Identifier: Apache-2.0
// Where the passphrase of a key comes from; never from the command line, which other users can
// read.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>

namespace patina::cli {

/// First line of the file if one is named, else $PATINA_PASSPHRASE, else empty. Warns on `err` if
/// others than the owner may read the file. Throws Error{kInput} for an empty first line.
std::string read_passphrase(const std::filesystem::path& file, std::ostream& err);

}  // namespace patina::cli
