// SPDX-License-Identifier: Apache-2.0
#include "images/image_list.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "images/image_io.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"

namespace patina::images {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

void touch(const fs::path& path) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << "x";
}

std::vector<std::string> relatives(const std::vector<fs::path>& inputs) {
  std::vector<std::string> names;
  for (const ImageEntry& entry : list_images(inputs)) {
    names.push_back(entry.relative.generic_string());
  }
  return names;
}

TEST(ListImages, FindsEveryKnownExtensionInAnyCase) {
  const core::ScratchFolder folder;
  for (const char* name :
       {"a.jpg", "b.JPEG", "c.jpe", "d.PNG", "e.webp", "f.tif", "g.Tiff", "h.bmp"}) {
    touch(folder / name);
  }
  touch(folder / "notes.txt");
  touch(folder / "png");
  touch(folder / "i.gif");
  EXPECT_THAT(
      relatives({folder.path()}),
      ElementsAre("a.jpg", "b.JPEG", "c.jpe", "d.PNG", "e.webp", "f.tif", "g.Tiff", "h.bmp"));
}

TEST(ListImages, MirrorsTheTreeSortedByRelativePath) {
  const core::ScratchFolder folder;
  touch(folder / "b/2.png");
  touch(folder / "b/1.png");
  touch(folder / "a/deep/er/3.png");
  touch(folder / "z.png");
  EXPECT_THAT(relatives({folder.path()}),
              ElementsAre("a/deep/er/3.png", "b/1.png", "b/2.png", "z.png"));
}

TEST(ListImages, GivesPathsThatOpen) {
  const core::ScratchFolder folder;
  touch(folder / "a/1.png");
  EXPECT_EQ(list_images({folder.path()}).at(0).path, folder.path() / "a" / "1.png");
}

TEST(ListImages, IsIndifferentToATrailingSlash) {
  const core::ScratchFolder folder;
  touch(folder / "a/1.png");
  EXPECT_THAT(relatives({folder.path().string() + "/"}), ElementsAre("a/1.png"));
}

TEST(ListImages, SkipsHiddenFilesAndFolders) {
  const core::ScratchFolder folder;
  touch(folder / ".thumb.png");
  touch(folder / ".cache/1.png");
  touch(folder / "1.png");
  EXPECT_THAT(relatives({folder.path()}), ElementsAre("1.png"));
}

TEST(ListImages, TakesAFileGivenByNameUnderItsOwnName) {
  const core::ScratchFolder folder;
  touch(folder / "a/b/1.png");
  EXPECT_THAT(relatives({folder / "a/b/1.png"}), ElementsAre("1.png"));
}

TEST(ListImages, KeepsNonAsciiNames) {
  const core::ScratchFolder folder;
  touch(folder / "Öl/画 1.png");
  EXPECT_THAT(relatives({folder.path()}), ElementsAre("Öl/画 1.png"));
}

TEST(ListImages, FollowsLinksButNotBackIntoAnOpenFolder) {
  const core::ScratchFolder folder;
  const core::ScratchFolder elsewhere;
  touch(elsewhere / "far.png");
  touch(folder / "a/1.png");
  fs::create_directory_symlink(folder.path(), folder / "a/loop");
  fs::create_directory_symlink(elsewhere.path(), folder / "linked");
  fs::create_symlink("nowhere.png", folder / "dangling.png");
  EXPECT_THAT(relatives({folder.path()}), ElementsAre("a/1.png", "linked/far.png"));
}

TEST(ListImages, FindsNothingInAnEmptyFolder) {
  const core::ScratchFolder folder;
  EXPECT_THAT(list_images({folder.path()}), IsEmpty());
}

TEST(ListImages, RefusesAMissingInput) {
  const core::Error error = core::caught([] { list_images({"/no/such/place"}); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kInput);
  EXPECT_STREQ(error.what(), "/no/such/place: no such file or folder; check the path.");
}

TEST(ListImages, RefusesTwoInputsOfTheSameRelativeName) {
  const core::ScratchFolder folder;
  touch(folder / "a/1.png");
  touch(folder / "b/1.png");
  const core::Error error = core::caught([&] { list_images({folder / "a", folder / "b"}); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kInput);
  EXPECT_EQ(std::string(error.what()),
            (folder / "a/1.png").string() + ": would get the same output name as " +
                (folder / "b/1.png").string() +
                " (1.png); rename one of them or process them one after the other.");
}

TEST(FindCaption, KnowsTheEndingsThatTrainersWrite) {
  const core::ScratchFolder folder;
  EXPECT_FALSE(find_caption(folder / "a.png"));
  touch(folder / "a.CAPTION");
  EXPECT_EQ(find_caption(folder / "a.png"), folder / "a.CAPTION");
  touch(folder / "a.caption");
  EXPECT_EQ(find_caption(folder / "a.png"), folder / "a.caption");
  touch(folder / "a.txt");
  EXPECT_EQ(find_caption(folder / "a.png"), folder / "a.txt");
}

}  // namespace
}  // namespace patina::images
