// SPDX-License-Identifier: Apache-2.0
// The rules of the house, each a function from text to violations. They read files and link lines
// as given, so a made-up file tests them as well as the real tree does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/architecture/sources.h"

namespace patina::architecture {

struct Violation {
  std::string file;
  int line = 0;  ///< From 1.
  std::string message;
};
/// "file:line: message", one line each.
std::string to_text(const std::vector<Violation>& violations);

/// Edges between modules, third-party libraries away from home, LibTorch past its door, internal
/// headers of another folder. For files of a module; others give nothing.
std::vector<Violation> check_includes(const SourceFile& file);

/// `BGR` and `cv::` in code (not comments) outside the files where OpenCV is at home.
std::vector<Violation> check_channel_order(const SourceFile& file);

/// Tests of the modules below LibTorch include neither it nor a *_torch.h header.
std::vector<Violation> check_test_includes(const SourceFile& file);

/// SPDX line first; at most 600 lines, headers 150.
std::vector<Violation> check_shape(const SourceFile& file);

/// Folders of fixtures/ that code of a module names ("fonts/..." or data_file("fonts")) though the
/// list PATINA_DATA_FOLDERS of cmake/PatinaInstall.cmake does not install them, and folders of that
/// list that are not there.
std::vector<Violation> check_data_folders(const std::vector<SourceFile>& files);

/// No folder named utils, common, helpers or misc.
std::vector<Violation> check_folder_names(const SourceFile& file);

/// Arrows of the table that no include of the files follows: "<module>: ...", at line 0.
std::vector<Violation> check_unused_arrows(const std::vector<SourceFile>& files);

/// Folders inside one module that include each other, directly or in a circle. `internal/` counts
/// as part of the folder it lies in.
std::vector<Violation> check_folder_circles(const std::vector<SourceFile>& files);

/// Modules that a target links, though no file of its folder includes anything of them.
std::vector<Violation> check_unused_links(std::string_view lines,
                                          const std::string& where,
                                          const std::vector<SourceFile>& files);

/// Lines "<module>: target target ..." or "tests/<module>: ...", as CMake wrote them to `where`.
std::vector<Violation> check_links(std::string_view lines, const std::string& where);

}  // namespace patina::architecture
