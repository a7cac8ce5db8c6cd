// SPDX-License-Identifier: Apache-2.0
// The plan of the house as data: which module may use which, and where each third-party library is
// at home. Changing the architecture means changing this table; see ARCHITECTURE.md for the
// drawing.
//
//                                        cli
//                                      evaluate
//                  coat [T]          analyzer          serve            no edge within a row
//       diffusion [T]   extractors [T]   queryers   report              no edge within a row
//             transforms [T]
//                  tensors [T]   keys   stats   http                    no edge within a row
//                                images
//                                 core                                  [T]: may see LibTorch
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace patina::architecture {

struct Module {
  std::string name;                  ///< Folder at the repository root.
  std::vector<std::string> may_use;  ///< Other modules whose headers its files include.
  bool sees_torch = false;           ///< [T].
};

struct Library {
  std::string name;                           ///< For messages: "OpenCV".
  std::vector<std::string> include_prefixes;  ///< Of `#include <...>`.
  std::vector<std::string> link_prefixes;     ///< Of CMake target names.
  std::vector<std::string> homes;             ///< Path prefixes of files that may use it.
};

/// Every module.
const std::vector<Module>& modules();
/// nullptr if there is no such module.
const Module* find_module(std::string_view name);
/// Module of "patina_coat", "patina::coat", or of the sub-target "patina_coat_siren"; also without
/// the prefix. nullptr if there is none.
const Module* module_of_target(std::string_view target);
bool may_use(const Module& user, std::string_view used);

const std::vector<Library>& libraries();
/// The library that an include path, or a CMake target, belongs to; nullptr if none.
const Library* library_of_include(std::string_view include_path);
const Library* library_of_target(std::string_view target);
/// True if a file is at home for the library.
bool is_home(const Library& library, std::string_view file);
/// True if a module has at least one file at home for the library.
bool is_home_module(const Library& library, std::string_view module);

bool starts_with(std::string_view text, std::string_view prefix);
bool ends_with(std::string_view text, std::string_view suffix);

}  // namespace patina::architecture
