// SPDX-License-Identifier: Apache-2.0
// Images on disk as a suspect: a folder, or files and folders named one by one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "queryers/suspect.h"

namespace patina::queryers {

struct DirectoryOptions {
  std::uint64_t max_file_bytes = 256ULL << 20;  ///< Larger files become refusals.
};

/// Images below a folder, sorted by path. Throws Error{kInput} if it does not exist, is a file or
/// holds no image.
std::unique_ptr<Suspect> open_directory(const std::filesystem::path& folder,
                                        const DirectoryOptions& options = {});

/// The same over files and folders; sources are the paths as given, so that a reader finds the
/// file.
std::unique_ptr<Suspect> open_files(const std::vector<std::filesystem::path>& inputs,
                                    const DirectoryOptions& options = {});

}  // namespace patina::queryers
