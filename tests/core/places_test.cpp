// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/files.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"

namespace patina::core {
namespace {

TEST(IsInside, HoldsForTheFolderItselfAndWhatIsBelow) {
  const ScratchFolder folder;
  make_folder(folder / "a/b");
  EXPECT_TRUE(is_inside(folder / "a", folder / "a"));
  EXPECT_TRUE(is_inside(folder / "a/", folder / "a"));
  EXPECT_TRUE(is_inside(folder / "a", folder / "a/"));
  EXPECT_TRUE(is_inside(folder / "a/b", folder / "a"));
  EXPECT_TRUE(is_inside(folder / "a/b/../b/.", folder / "a"));
  EXPECT_TRUE(is_inside(folder.path(), "/"));
}

TEST(IsInside, FailsForParentsNeighboursAndSharedPrefixes) {
  const ScratchFolder folder;
  make_folder(folder / "a/b");
  make_folder(folder / "ab");
  EXPECT_FALSE(is_inside(folder / "a", folder / "a/b"));
  EXPECT_FALSE(is_inside(folder / "ab", folder / "a"));
  EXPECT_FALSE(is_inside(folder / "a/../ab", folder / "a"));
}

TEST(IsInside, NeedsNeitherToExist) {
  const ScratchFolder folder;
  EXPECT_TRUE(is_inside(folder / "new/deep/file", folder / "new"));
  EXPECT_FALSE(is_inside(folder / "new/../other", folder / "new"));
  EXPECT_TRUE(is_inside("some/relative/path", fs::current_path()));
}

TEST(IsInside, FollowsSymbolicLinks) {
  const ScratchFolder folder;
  make_folder(folder / "real");
  fs::create_directory_symlink(folder / "real", folder / "link");
  EXPECT_TRUE(is_inside(folder / "link/file", folder / "real"));
  EXPECT_TRUE(is_inside(folder / "real/file", folder / "link"));
  make_folder(folder / "other");
  fs::create_directory_symlink(folder / "other", folder / "real/out");
  EXPECT_FALSE(is_inside(folder / "real/out/file", folder / "real"));
}

TEST(IsInside, FollowsLinksToWhatDoesNotExistYet) {
  const ScratchFolder folder;
  make_folder(folder / "a");
  fs::create_symlink("a/later", folder / "link");
  EXPECT_TRUE(is_inside(folder / "link/file", folder / "a"));
  EXPECT_FALSE(is_inside(folder / "link", folder / "b"));
}

TEST(IsInside, RefusesLinksThatGoInCircles) {
  const ScratchFolder folder;
  fs::create_symlink("two", folder / "one");
  fs::create_symlink("one", folder / "two");
  const Error error = caught([&] { is_inside(folder / "one", folder.path()); });
  EXPECT_EQ(error.kind(), ErrorKind::kDisk);
  EXPECT_EQ(error.where(), (folder / "one").string());
  EXPECT_THAT(error.problem(), testing::HasSubstr("symbolic links"));
}

TEST(DataFile, TakesTheChosenFolderAndNoOther) {
  const ScratchFolder folder;
  make_folder(folder / "model");
  const ScopedEnvironment chosen("PATINA_DATA_DIR", folder.path().c_str());
  EXPECT_EQ(data_file("model"), folder / "model");
  const Error error = caught([] { data_file("fonts"); });
  EXPECT_EQ(error.kind(), ErrorKind::kInput);
  EXPECT_EQ(error.what(),
            "fonts: no such data file in " + folder.path().string() +
                "; install Patina again or set PATINA_DATA_DIR.");
}

TEST(DataFile, ListsEveryPlaceItLookedIn) {
  const ScopedEnvironment unset("PATINA_DATA_DIR", nullptr);
  const std::string problem = caught([] { data_file("no/such/thing"); }).problem();
  EXPECT_THAT(problem,
              testing::MatchesRegex("no such data file in .*/fixtures, .*/share/patina, "
                                    ".*/share/patina"));
}

TEST(DataFile, DoesNotLeadOutOfTheFolder) {
  for (const char* relative : {"", "/etc/passwd", "../x", "a/../../x"}) {
    const Error error = caught([&] { data_file(relative); });
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_EQ(error.problem(), "is not a path inside the data folder");
  }
}

}  // namespace
}  // namespace patina::core
