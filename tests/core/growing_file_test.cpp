// SPDX-License-Identifier: Apache-2.0
#include "core/growing_file.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "core/files.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"

namespace patina::core {
namespace {

TEST(GrowingFile, GrowsByPiecesAndIsCutToTheSizeItIsOpenedWith) {
  const ScratchFolder folder;
  const auto path = folder / "f";
  {
    GrowingFile file(path, 0);
    EXPECT_EQ(file.append("first"), 0U);
    EXPECT_EQ(file.append("second"), 5U);
    file.append("part of a thi");
    file.sync();
  }
  GrowingFile(path, 11).append("third");
  EXPECT_EQ(read_text_file(path), "firstsecondthird");
}

TEST(GrowingFile, FollowsNoLinkAndNamesWhatFailed) {
  const ScratchFolder folder;
  std::filesystem::create_symlink(folder / "elsewhere", folder / "link");
  EXPECT_EQ(caught([&] { GrowingFile(folder / "link", 0); }).kind(), ErrorKind::kDisk);
  const std::string text = caught_text([&] { GrowingFile(folder / "none/f", 0); });
  EXPECT_NE(text.find("cannot be opened (No such file or directory)"), std::string::npos) << text;
}

TEST(GrowingFile, AFullDiskIsAnErrorOfTheDisk) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  EXPECT_EQ(caught([] { GrowingFile("/dev/full", 0).append("x"); }).kind(), ErrorKind::kDisk);
}

}  // namespace
}  // namespace patina::core
