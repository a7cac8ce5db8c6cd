// SPDX-License-Identifier: Apache-2.0
#include "queryers/directory.h"

#include <unistd.h>

#include <gtest/gtest.h>

#include "core/files.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"

namespace patina::queryers {
namespace {

namespace fs = std::filesystem;
using core::caught_text;
using core::ScratchFolder;

void put(const fs::path& path, const std::string& bytes) {
  core::make_folder(path.parent_path());
  core::write_file_atomic(path, bytes);
}

/// "a.png=<first digits of digest>" or "a.png!<reason>", one per item, joined by spaces.
std::string collected(Suspect& suspect) {
  std::string text;
  const auto add = [&text](const std::string& item) { text += (text.empty() ? "" : " ") + item; };
  suspect.collect([&](Sample&& sample) { add(sample.source + "=" + sample.sha256.substr(0, 8)); },
                  [&](Refusal&& refusal) { add(refusal.source + "!" + refusal.reason); });
  return text;
}

TEST(OpenDirectory, GivesEveryImageFileSortedByPathWithItsDigest) {
  const ScratchFolder folder;
  put(folder / "b.PNG", "abc");
  put(folder / "a/z.jpg", "");
  put(folder / "notes.txt", "no image");
  // SHA-256 of "" and "abc", FIPS 180-4 examples.
  EXPECT_EQ(collected(*open_directory(folder.path())), "a/z.jpg=e3b0c442 b.PNG=ba7816bf");
}

TEST(OpenDirectory, GivesTheSameTwice) {
  const ScratchFolder folder;
  put(folder / "a.png", "abc");
  const auto suspect = open_directory(folder.path());
  EXPECT_EQ(collected(*suspect), collected(*suspect));
}

TEST(OpenDirectory, TellsKindLocationAndSize) {
  const ScratchFolder folder;
  put(folder / "a.png", "abc");
  const SuspectInfo info = open_directory(folder.path())->info();
  EXPECT_EQ(info.kind, "directory");
  EXPECT_EQ(info.location, folder.path().string());
  EXPECT_EQ(info.expected_samples, 1);
}

TEST(OpenDirectory, RefusesAFileLargerThanTheLimit) {
  const ScratchFolder folder;
  put(folder / "a.png", "abcd");
  put(folder / "b.png", "abc");
  DirectoryOptions options;
  options.max_file_bytes = 3;
  EXPECT_EQ(collected(*open_directory(folder.path(), options)),
            "a.png!larger than the limit of 3 bytes b.png=ba7816bf");
}

TEST(OpenDirectory, RefusesAFileThatCannotBeRead) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads everything";
  const ScratchFolder folder;
  put(folder / "a.png", "abc");
  fs::permissions(folder / "a.png", fs::perms::none);
  EXPECT_EQ(collected(*open_directory(folder.path())), "a.png!cannot be read (Permission denied)");
}

TEST(OpenDirectory, RefusesAFileThatVanishedSinceTheListing) {
  const ScratchFolder folder;
  put(folder / "a.png", "abc");
  const auto suspect = open_directory(folder.path());
  fs::remove(folder / "a.png");
  EXPECT_EQ(collected(*suspect), "a.png!cannot be read (No such file or directory)");
}

TEST(OpenDirectory, SaysWhatIsWrongWithTheFolder) {
  const ScratchFolder folder;
  const std::string root = folder.path().string();
  put(folder / "a.png", "abc");
  core::make_folder(folder / "empty");
  EXPECT_EQ(caught_text([&] { open_directory(folder / "none"); }),
            root + "/none: does not exist; name a folder of images.");
  EXPECT_EQ(caught_text([&] { open_directory(folder / "a.png"); }),
            root + "/a.png: is not a folder; name the folder that holds the images.");
  EXPECT_EQ(caught_text([&] { open_directory(folder / "empty"); }),
            root +
                "/empty: holds no image (JPEG, PNG, WebP, TIFF or BMP); add images or name "
                "another folder.");
}

TEST(OpenFiles, TakesFilesOfAnyNameAndFolders) {
  const ScratchFolder folder;
  const std::string root = folder.path().string();
  put(folder / "scan", "abc");
  put(folder / "a/x.png", "abc");
  put(folder / "b/x.png", "abc");
  const auto suspect = open_files({folder / "scan", folder / "a", folder / "b"});
  EXPECT_EQ(collected(*suspect),
            root + "/scan=ba7816bf " + root + "/a/x.png=ba7816bf " + root + "/b/x.png=ba7816bf");
  EXPECT_EQ(suspect->info().kind, "files");
}

TEST(OpenFiles, RefusesInputsWithoutAnImage) {
  const ScratchFolder folder;
  EXPECT_EQ(
      caught_text([&] { open_files({folder.path()}); }),
      folder.path().string() +
          ": holds no image (JPEG, PNG, WebP, TIFF or BMP); add images or name another folder.");
}

}  // namespace
}  // namespace patina::queryers
