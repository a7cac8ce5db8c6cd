// SPDX-License-Identifier: Apache-2.0
// Which images lie below files and folders that a user named. Entry point: list_images.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

namespace patina::images {

/// One image found under the inputs. `relative` mirrors the input tree (a file given by name has
/// its file name only).
struct ImageEntry {
  std::filesystem::path path;
  std::filesystem::path relative;
};

/// Files with a known image extension (any case) below the given files and folders, sorted by
/// relative path; hidden files and symbolic-link loops are skipped. Throws Error{kInput} for an
/// input that does not exist and for two inputs that map to the same relative path.
std::vector<ImageEntry> list_images(const std::vector<std::filesystem::path>& inputs);

/// The file beside an image that holds its caption: its name with ".txt" or, as kohya-ss names it,
/// ".caption", in small or capital letters; the first of them.
std::optional<std::filesystem::path> find_caption(const std::filesystem::path& image);

}  // namespace patina::images
