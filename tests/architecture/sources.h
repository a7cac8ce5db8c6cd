// SPDX-License-Identifier: Apache-2.0
// Reads C++ files as far as the architecture test needs: lines, includes, text without comments.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace patina::architecture {

struct SourceFile {
  std::string path;  ///< Relative to the repository root, '/' between the parts.
  std::string text;
};

struct Include {
  int line = 0;  ///< From 1.
  std::string path;
  bool quoted = false;  ///< "..." rather than <...>.
};

/// The text with every comment replaced by blanks; line numbers stay. String and character literals
/// are left alone, so that "//" in one is not taken for a comment.
std::string without_comments(std::string_view text);

/// Every `#include "..."` and `#include <...>` that is not commented out.
std::vector<Include> includes_of(std::string_view text);

std::vector<std::string_view> lines_of(std::string_view text);
std::vector<std::string> words_of(std::string_view line);

/// First part of a relative path: the module of a file in a module's folder.
std::string first_folder(std::string_view path);

/// Files below `root`, except in hidden folders and those named in `skipped`, sorted by path; text
/// of the C++ and CMake files, empty for others.
std::vector<SourceFile> read_tree(const std::filesystem::path& root,
                                  const std::vector<std::string>& skipped);

}  // namespace patina::architecture
