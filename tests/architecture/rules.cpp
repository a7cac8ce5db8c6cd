// SPDX-License-Identifier: Apache-2.0
#include "tests/architecture/rules.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "tests/architecture/layers.h"

namespace patina::architecture {
namespace {

constexpr std::size_t kMaxLines = 600;
constexpr std::size_t kMaxHeaderLines = 150;
constexpr std::string_view kLicense = "SPDX-License-Identifier: Apache-2.0";
constexpr std::array<std::string_view, 4> kNoModules = {"utils", "common", "helpers", "misc"};
constexpr std::array<std::string_view, 7> kTorchFreeTests = {
    "core", "images", "stats", "http", "keys", "report", "queryers"};

bool is_header(std::string_view path) { return ends_with(path, ".h"); }
bool is_internal(std::string_view path) {
  return path.find("/internal/") != std::string_view::npos;
}

/// Folder of a file; `internal/` is part of the folder it lies in.
std::string folder_of(std::string_view path) {
  constexpr std::string_view kInternal = "/internal";
  std::string_view folder = path.substr(0, path.rfind('/'));
  if (ends_with(folder, kInternal)) folder.remove_suffix(kInternal.size());
  return std::string(folder);
}

bool is_torch_header(std::string_view path) { return ends_with(path, "_torch.h"); }
bool is_torch_library(const Library* library) { return library && library->name == "LibTorch"; }
bool sees_torch(const Module& module) { return module.sees_torch || module.name == "cli"; }

/// Problem with an include of one of our own headers; empty if there is none.
std::string module_edge_problem(const Module& user,
                                const std::string& file,
                                const Include& include) {
  const std::string used = first_folder(include.path);
  if (!find_module(used)) {
    if (!include.quoted) return {};
    return "\"" + include.path +
           "\" does not start with a module; include from the repository root";
  }
  if (!may_use(user, used)) return user.name + " may not use " + used + " (" + include.path + ")";
  if (is_internal(include.path) && folder_of(include.path) != folder_of(file)) {
    return include.path + " is internal to " + folder_of(include.path) +
           "; include a public header of it";
  }
  return {};
}

std::string library_problem(const std::string& file, const Include& include) {
  const Library* library = library_of_include(include.path);
  if (include.quoted || !library || is_home(*library, file)) return {};
  std::string homes;
  for (const std::string& home : library->homes) homes += (homes.empty() ? "" : ", ") + home + "*";
  return "<" + include.path + "> brings " + library->name + ", which belongs to " + homes;
}

std::string torch_door_problem(const Module& user,
                               const std::string& file,
                               const Include& include) {
  const bool opens = is_torch_header(include.path) ||
                     is_torch_library(library_of_include(include.path));
  if (!opens) return {};
  if (!sees_torch(user)) return user.name + " may not see LibTorch (" + include.path + ")";
  const bool is_public = is_header(file) && !is_torch_header(file) && !is_internal(file);
  if (!is_public) return {};
  return "public header includes " + include.path + "; name it *_torch.h or include it in the .cpp";
}

/// A file of cli may see LibTorch only if it calls a module that does.
bool calls_torch_module(const std::vector<Include>& includes) {
  return std::any_of(includes.begin(), includes.end(), [](const Include& include) {
    const Module* used = find_module(first_folder(include.path));
    return used && used->sees_torch;
  });
}

std::string include_problem(const Module& user, const std::string& file, const Include& include) {
  for (const std::string& problem : {module_edge_problem(user, file, include),
                                     torch_door_problem(user, file, include),
                                     library_problem(file, include)}) {
    if (!problem.empty()) return problem;
  }
  return {};
}

/// `suite` is a folder of tests/ or the name of a test target, such as "stats_golden".
bool is_torch_free_test(std::string_view suite) {
  const std::string_view tested = suite.substr(0, suite.find('_'));
  return std::find(kTorchFreeTests.begin(), kTorchFreeTests.end(), tested) != kTorchFreeTests.end();
}

bool is_own_plumbing(const std::string& target) {
  return target == "patina_flags" || target == "patina_strict_flags" ||
         target == "Threads::Threads" ||
         starts_with(target, "::@");  // CMake's mark of the folder that a link line came from
}

std::string link_problem(const Module& user, const std::string& target) {
  if (const Module* used = starts_with(target, "patina") ? module_of_target(target) : nullptr) {
    return may_use(user, used->name) ? "" : user.name + " may not link " + target;
  }
  if (is_own_plumbing(target)) return {};
  const Library* library = library_of_target(target);
  if (!library)
    return user.name + " links " + target + ", which the table of libraries does not know";
  return is_home_module(*library, user.name)
             ? ""
             : user.name + " may not link " + target + " (" + library->name + ")";
}

std::string test_link_problem(const std::string& tested, const std::string& target) {
  if (!is_torch_free_test(tested)) return {};
  const Module* used = starts_with(target, "patina") ? module_of_target(target) : nullptr;
  const bool brings_torch = is_torch_library(library_of_target(target)) ||
                            (used && used->sees_torch);
  return brings_torch ? "tests of " + tested + " may not link " + target + " (LibTorch)" : "";
}

/// `name` is "core" for a module and "tests/core" for its tests; without its colon.
std::string line_problem(const std::string& name, const std::string& target) {
  if (first_folder(name) == "tests") return test_link_problem(name.substr(6), target);
  const Module* user = module_of_target(name);
  return user ? link_problem(*user, target) : name + " is no module of the table";
}

/// Arrows between folders, each with one place that draws it.
using FolderGraph = std::map<std::string, std::map<std::string, std::pair<std::string, int>>>;

bool leads_to(const FolderGraph& graph, const std::string& from, const std::string& to) {
  std::set<std::string> seen;
  std::vector<std::string> open = {from};
  while (!open.empty()) {
    const std::string folder = open.back();
    open.pop_back();
    if (folder == to) return true;
    const auto arrows = graph.find(folder);
    if (!seen.insert(folder).second || arrows == graph.end()) continue;
    for (const auto& [used, place] : arrows->second) open.push_back(used);
  }
  return false;
}

/// "coat/siren" of "patina_coat_siren"; a folder that is no module's for other targets.
std::string folder_of_target(std::string_view target) {
  constexpr std::string_view kOwn = "patina_";
  if (starts_with(target, kOwn)) target.remove_prefix(kOwn.size());
  std::string folder(target);
  const std::size_t part = folder.find('_');
  if (part != std::string::npos) folder[part] = '/';
  return folder;
}

/// Whether a file below `folder` includes a header below `used`.
bool includes_any(const std::vector<SourceFile>& files,
                  const std::string& folder,
                  const std::string& used) {
  return std::any_of(files.begin(), files.end(), [&](const SourceFile& file) {
    if (!starts_with(file.path, folder + "/")) return false;
    const std::vector<Include> includes = includes_of(file.text);
    return std::any_of(includes.begin(), includes.end(), [&](const Include& include) {
      return include.quoted && starts_with(include.path, used + "/");
    });
  });
}

constexpr std::string_view kInstallFile = "cmake/PatinaInstall.cmake";

/// The words of `set(PATINA_DATA_FOLDERS ...)`.
std::set<std::string> installed_data_folders(const std::vector<SourceFile>& files) {
  constexpr std::string_view kSet = "set(PATINA_DATA_FOLDERS ";
  for (const SourceFile& file : files) {
    const std::size_t begin = file.path == kInstallFile ? file.text.find(kSet) : std::string::npos;
    if (begin == std::string::npos) continue;
    const std::size_t first = begin + kSet.size();
    const std::size_t end = file.text.find(')', first);
    const auto words = words_of(std::string_view(file.text).substr(first, end - first));
    return {words.begin(), words.end()};
  }
  return {};
}

/// Names of the folders right below fixtures/.
std::set<std::string> data_folders(const std::vector<SourceFile>& files) {
  constexpr std::string_view kFixtures = "fixtures/";
  std::set<std::string> folders;
  for (const SourceFile& file : files) {
    if (!starts_with(file.path, kFixtures)) continue;
    const std::string folder = first_folder(std::string_view(file.path).substr(kFixtures.size()));
    if (!folder.empty()) folders.insert(folder);
  }
  return folders;
}

bool names_data_folder(std::string_view code, const std::string& folder) {
  return code.find("\"" + folder + "/") != std::string_view::npos ||
         code.find("data_file(\"" + folder + "\"") != std::string_view::npos;
}

}  // namespace

std::string to_text(const std::vector<Violation>& violations) {
  std::string text;
  for (const Violation& violation : violations) {
    text += violation.file + ":" + std::to_string(violation.line) + ": " + violation.message + "\n";
  }
  return text;
}

std::vector<Violation> check_includes(const SourceFile& file) {
  const Module* user = find_module(first_folder(file.path));
  if (!user) return {};
  const std::vector<Include> includes = includes_of(file.text);
  const bool torch_without_reason = user->name == "cli" && !calls_torch_module(includes);
  std::vector<Violation> violations;
  for (const Include& include : includes) {
    std::string problem = include_problem(*user, file.path, include);
    if (problem.empty() && torch_without_reason &&
        is_torch_library(library_of_include(include.path))) {
      problem = "<" + include.path + "> in a file of cli that calls no module with LibTorch";
    }
    if (!problem.empty()) violations.push_back({file.path, include.line, problem});
  }
  return violations;
}

std::vector<Violation> check_channel_order(const SourceFile& file) {
  const Library* opencv = library_of_include("opencv2/core.hpp");
  if (!find_module(first_folder(file.path)) || is_home(*opencv, file.path)) return {};
  std::vector<Violation> violations;
  const std::string code = without_comments(file.text);
  int number = 0;
  for (std::string_view line : lines_of(code)) {
    ++number;
    for (const std::string_view token : {"BGR", "cv::"}) {
      if (line.find(token) == std::string_view::npos) continue;
      violations.push_back({file.path,
                            number,
                            std::string(token) + " outside OpenCV's homes; images " +
                                "are RGB images::Image everywhere else"});
    }
  }
  return violations;
}

std::vector<Violation> check_test_includes(const SourceFile& file) {
  constexpr std::string_view kTests = "tests/";
  if (!starts_with(file.path, kTests)) return {};
  const std::string tested = first_folder(std::string_view(file.path).substr(kTests.size()));
  if (!is_torch_free_test(tested)) return {};
  std::vector<Violation> violations;
  for (const Include& include : includes_of(file.text)) {
    const bool torch = is_torch_header(include.path) ||
                       is_torch_library(library_of_include(include.path));
    if (torch) {
      violations.push_back({file.path,
                            include.line,
                            "tests of " + tested + " may not see LibTorch (" + include.path + ")"});
    }
  }
  return violations;
}

std::vector<Violation> check_shape(const SourceFile& file) {
  if (file.text.empty()) return {};
  const std::vector<std::string_view> lines = lines_of(file.text);
  std::vector<Violation> violations;
  if (lines.front().find(kLicense) == std::string_view::npos) {
    violations.push_back({file.path, 1, "the first line is not '" + std::string(kLicense) + "'"});
  }
  const std::size_t limit = is_header(file.path) ? kMaxHeaderLines : kMaxLines;
  if (lines.size() > limit) {
    violations.push_back({file.path,
                          static_cast<int>(limit) + 1,
                          std::to_string(lines.size()) + " lines, at most " +
                              std::to_string(limit) + " allowed; split it by subject"});
  }
  return violations;
}

std::vector<Violation> check_data_folders(const std::vector<SourceFile>& files) {
  const std::set<std::string> installed = installed_data_folders(files);
  const std::set<std::string> present = data_folders(files);
  std::vector<Violation> violations;
  for (const std::string& folder : installed) {
    if (present.count(folder) > 0) continue;
    violations.push_back(
        {std::string(kInstallFile), 0, "installs fixtures/" + folder + ", which is not there"});
  }
  for (const SourceFile& file : files) {
    if (!find_module(first_folder(file.path))) continue;
    const std::string code = without_comments(file.text);
    for (const std::string& folder : present) {
      if (installed.count(folder) > 0 || !names_data_folder(code, folder)) continue;
      violations.push_back({file.path,
                            0,
                            "reads fixtures/" + folder + ", which " + std::string(kInstallFile) +
                                " does not install"});
    }
  }
  return violations;
}

std::vector<Violation> check_folder_names(const SourceFile& file) {
  for (const std::string_view name : kNoModules) {
    if (("/" + file.path).find("/" + std::string(name) + "/") != std::string::npos) {
      return {
          {file.path, 1, "folder '" + std::string(name) + "' names no subject; find its module"}};
    }
  }
  return {};
}

std::vector<Violation> check_unused_arrows(const std::vector<SourceFile>& files) {
  std::map<std::string, std::set<std::string>> used;
  for (const SourceFile& file : files) {
    for (const Include& include : includes_of(file.text)) {
      if (include.quoted) used[first_folder(file.path)].insert(first_folder(include.path));
    }
  }
  std::vector<Violation> violations;
  for (const Module& module : modules()) {
    for (const std::string& arrow : module.may_use) {
      if (used[module.name].count(arrow) > 0) continue;
      violations.push_back({module.name, 0, "no file uses " + arrow + "; take the arrow away"});
    }
  }
  return violations;
}

std::vector<Violation> check_folder_circles(const std::vector<SourceFile>& files) {
  FolderGraph graph;
  for (const SourceFile& file : files) {
    if (!find_module(first_folder(file.path))) continue;
    const std::string folder = folder_of(file.path);
    for (const Include& include : includes_of(file.text)) {
      const std::string used = folder_of(include.path);
      const bool inside = include.quoted && first_folder(include.path) == first_folder(file.path);
      if (inside && used != folder) graph[folder].insert({used, {file.path, include.line}});
    }
  }
  std::vector<Violation> violations;
  for (const auto& [folder, arrows] : graph) {
    for (const auto& [used, place] : arrows) {
      if (!leads_to(graph, used, folder)) continue;
      violations.push_back({place.first,
                            place.second,
                            "arrow from " + folder + " to " + used + " is part of a circle"});
    }
  }
  return violations;
}

std::vector<Violation> check_unused_links(std::string_view lines,
                                          const std::string& where,
                                          const std::vector<SourceFile>& files) {
  std::vector<Violation> violations;
  int number = 0;
  for (std::string_view line : lines_of(lines)) {
    ++number;
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    const std::string folder = folder_of_target(line.substr(0, colon));
    if (!find_module(first_folder(folder + "/"))) continue;
    for (const std::string& target : words_of(line.substr(colon + 1))) {
      const std::string used = folder_of_target(target);
      if (!find_module(first_folder(used + "/")) || includes_any(files, folder, used)) continue;
      violations.push_back(
          {where, number, folder + " links " + target + " and uses nothing of it"});
    }
  }
  return violations;
}

std::vector<Violation> check_links(std::string_view lines, const std::string& where) {
  std::vector<Violation> violations;
  int number = 0;
  for (std::string_view line : lines_of(lines)) {
    ++number;
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    const std::string name(line.substr(0, colon));
    for (const std::string& target : words_of(line.substr(colon + 1))) {
      const std::string problem = line_problem(name, target);
      if (!problem.empty()) violations.push_back({where, number, problem});
    }
  }
  return violations;
}

}  // namespace patina::architecture
