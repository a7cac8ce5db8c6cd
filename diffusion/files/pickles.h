// SPDX-License-Identifier: Apache-2.0
// Tells Python's pickles, which can run code when they are opened, from other files without opening
// them.
#pragma once

#include <filesystem>
#include <string>

namespace patina::diffusion::internal {

/// "a PyTorch archive, which is a zip of pickles" and the like; empty for other files. What the
/// bytes say counts more than the name. Throws Error{kDisk} for a file that cannot be read.
std::string pickle_kind(const std::filesystem::path& path);

/// Throws Error{kUnsupported} for a pickle, saying what it is and how to convert it.
void refuse_pickle(const std::filesystem::path& path);

/// The first bytes of a file, at most `count`.
std::string first_bytes(const std::filesystem::path& path, std::size_t count);

}  // namespace patina::diffusion::internal
