// SPDX-License-Identifier: Apache-2.0
// The rules against the real tree: every file, every link line.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/architecture/layers.h"
#include "tests/architecture/rules.h"
#include "tests/architecture/sources.h"

namespace patina::architecture {
namespace {

using Rule = std::vector<Violation> (*)(const SourceFile&);

const std::vector<SourceFile>& tree() {
  static const std::vector<SourceFile> kFiles = read_tree(PATINA_SOURCE_DIR, {"build", "out"});
  return kFiles;
}

std::string violations_of(Rule rule) {
  std::string text;
  for (const SourceFile& file : tree()) text += to_text(rule(file));
  return text;
}

TEST(Tree, IsReadAsAWhole) {
  for (const std::string path : {"core/error.h", "stats/two_sample.cpp", "tests/CMakeLists.txt"}) {
    const bool found = std::any_of(tree().begin(), tree().end(), [&path](const SourceFile& file) {
      return file.path == path && !file.text.empty();
    });
    EXPECT_TRUE(found) << path;
  }
}

TEST(Tree, IncludesOnlyAlongTheArrows) { EXPECT_EQ(violations_of(check_includes), ""); }

TEST(Tree, UsesEveryArrowOfTheTable) { EXPECT_EQ(to_text(check_unused_arrows(tree())), ""); }

TEST(Tree, HasNoCircleOfFoldersInsideAModule) {
  EXPECT_EQ(to_text(check_folder_circles(tree())), "");
}

TEST(Tree, KeepsChannelOrderBehindImageFiles) { EXPECT_EQ(violations_of(check_channel_order), ""); }

TEST(Tree, KeepsLibTorchOutOfTheTestsBelowIt) { EXPECT_EQ(violations_of(check_test_includes), ""); }

TEST(Tree, HasLicencesAndFilesThatFitTheirLimits) { EXPECT_EQ(violations_of(check_shape), ""); }

TEST(Tree, HasNoFolderWithoutASubject) { EXPECT_EQ(violations_of(check_folder_names), ""); }

TEST(Tree, InstallsTheDataThatItsCodeReads) { EXPECT_EQ(to_text(check_data_folders(tree())), ""); }

TEST(Tree, HasOnlyModulesOfTheTable) {
  for (const SourceFile& file : tree()) {
    const std::string folder = first_folder(file.path);
    const bool is_code = !file.text.empty() && !folder.empty();
    const bool is_beside = folder == "tests" || folder == "bench" || folder == "examples" ||
                           folder == "cmake" || folder == "fixtures" || folder == "docs";
    EXPECT_TRUE(!is_code || is_beside || find_module(folder)) << file.path;
  }
}

// Whether a CMakeLists.txt of the folder or of one above it names the file.
bool is_built(const std::filesystem::path& test) {
  for (std::filesystem::path folder = test.parent_path(); !folder.empty();
       folder = folder.parent_path()) {
    const std::regex name("[\\s(]" + test.lexically_relative(folder).generic_string() + "[\\s)]");
    for (const SourceFile& file : tree()) {
      if (file.path == folder / "CMakeLists.txt" && std::regex_search(file.text, name)) return true;
    }
  }
  return false;
}

TEST(Tree, BuildsEveryTestThatItHolds) {
  std::size_t tests = 0;
  for (const SourceFile& file : tree()) {
    const std::string ending = "_test.cpp";
    if (file.path.size() < ending.size() ||
        file.path.compare(file.path.size() - ending.size(), ending.size(), ending) != 0) {
      continue;
    }
    ++tests;
    EXPECT_TRUE(is_built(file.path)) << file.path << " is in no CMakeLists.txt";
  }
  EXPECT_GT(tests, 50U);
}

const std::string kLinksFile = std::string(PATINA_BINARY_DIR) + "/generated/module_links.txt";

std::string link_lines() {
  std::ifstream stream(kLinksFile);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

TEST(Targets, LinkOnlyAlongTheArrows) {
  const std::string lines = link_lines();
  ASSERT_NE(lines.find("stats: patina_core"), std::string::npos) << kLinksFile << ": " << lines;
  EXPECT_EQ(to_text(check_links(lines, kLinksFile)), "");
}

TEST(Targets, LinkNothingThatTheyDoNotUse) {
  EXPECT_EQ(to_text(check_unused_links(link_lines(), kLinksFile, tree())), "");
}

}  // namespace
}  // namespace patina::architecture
