// SPDX-License-Identifier: Apache-2.0
// A folder of images as a suspect.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "queryers/suspect.h"

namespace patina::queryers {

struct DirectoryOptions {
  std::uint64_t max_file_bytes = 256ULL << 20;  ///< Larger files become refusals.
};

/// Images below a folder, sorted by path. Throws Error{kInput} if it does not exist or holds no image.
std::unique_ptr<Suspect> open_directory(const std::filesystem::path& folder,
                                        const DirectoryOptions& options = {});

}  // namespace patina::queryers
