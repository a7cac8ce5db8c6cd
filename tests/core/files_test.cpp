// SPDX-License-Identifier: Apache-2.0
#include "core/files.h"

#include <fstream>
#include <iostream>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"

namespace patina::core {
namespace {

mode_t mode_of(const fs::path& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

void touch(const fs::path& path) { std::ofstream(path) << "x"; }

TEST(WriteFileAtomic, WritesWhatIsReadBack) {
  const ScratchFolder folder;
  const std::vector<std::uint8_t> bytes{0, 1, 255, 0};
  write_file_atomic(folder / "bytes", bytes);
  EXPECT_EQ(read_file(folder / "bytes"), bytes);
  write_file_atomic(folder / "text", std::string_view("line\n"));
  EXPECT_EQ(read_text_file(folder / "text"), "line\n");
  write_file_atomic(folder / "raw", "abcdef", std::size_t{3});
  EXPECT_EQ(read_text_file(folder / "raw"), "abc");
  write_file_atomic(folder / "empty", std::string_view());
  EXPECT_EQ(read_text_file(folder / "empty"), "");
  write_pieces_atomic(folder / "pieces", {"ab", "", "cd"});
  EXPECT_EQ(read_text_file(folder / "pieces"), "abcd");
}

TEST(WriteFileAtomic, ReplacesTheFileAndLeavesNothingElse) {
  const ScratchFolder folder;
  write_file_atomic(folder / "a", std::string_view("first, longer"));
  write_file_atomic(folder / "a", std::string_view("second"));
  EXPECT_EQ(read_text_file(folder / "a"), "second");
  EXPECT_EQ(count_entries(folder.path()), 1);
}

TEST(WriteFileAtomic, AcceptsNamesWithoutFolderAndVeryLongNames) {
  const ScratchFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  write_file_atomic("plain", std::string_view("x"));
  fs::current_path(before);
  EXPECT_EQ(read_text_file(folder / "plain"), "x");
  const std::string longest(255, 'n');
  write_file_atomic(folder / longest, std::string_view("y"));
  EXPECT_EQ(read_text_file(folder / longest), "y");
}

TEST(WriteFileAtomic, KeepsSecretsToTheOwner) {
  const ScratchFolder folder;
  const mode_t before = ::umask(0022);
  write_file_atomic(folder / "public", std::string_view("x"));
  touch(folder / "secret");  // readable by all until it is replaced
  ::umask(0);
  write_file_atomic(folder / "secret", std::string_view("x"), FileAccess::kSecret);
  ::umask(before);
  EXPECT_EQ(mode_of(folder / "public"), mode_t{0644});
  EXPECT_EQ(mode_of(folder / "secret"), mode_t{0600});
}

TEST(WriteFileAtomic, NamesAFolderThatIsMissing) {
  const Error error = caught([] { write_file_atomic("/nowhere/a", std::string_view("x")); });
  EXPECT_EQ(error.kind(), ErrorKind::kDisk);
  EXPECT_STREQ(error.what(),
               "/nowhere/a: cannot be written (No such file or directory); check the path.");
}

TEST(WriteFileAtomic, RefusesToReplaceFoldersAndDevices) {
  const ScratchFolder folder;
  make_folder(folder / "inner");
  EXPECT_EQ(caught_text([&] { write_file_atomic(folder / "inner", std::string_view("x")); }),
            (folder / "inner").string() + ": is a folder, not a file; name a file in it.");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(
      caught_text([&] { write_file_atomic(folder / "pipe", std::string_view("x")); }),
      (folder / "pipe").string() + ": is not a regular file; name a file that may be replaced.");
  EXPECT_EQ(caught([] { write_file_atomic("a/", std::string_view("x")); }).kind(),
            ErrorKind::kDisk);
}

// A limit on file size stands in for a full disk: write() fails after some bytes were taken.
[[noreturn]] void write_beyond_the_limit(const fs::path& path) {
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{4096, 4096};
  ::setrlimit(RLIMIT_FSIZE, &limit);
  try {
    write_file_atomic(path, std::string(10000, 'x'));
  } catch (const Error& error) {
    std::cerr << error.what();
    ::_exit(exit_code(error.kind()));
  }
  ::_exit(0);
}

TEST(WriteFileAtomicDeathTest, KeepsTheOldFileAndNoTemporaryWhenSpaceRunsOut) {
  const ScratchFolder folder;
  write_file_atomic(folder / "a", std::string_view("old"));
  EXPECT_EXIT(write_beyond_the_limit(folder / "a"),
              testing::ExitedWithCode(3),
              "/a: cannot be written .File too large.; free some space or write elsewhere\\.");
  EXPECT_EQ(read_text_file(folder / "a"), "old");
  EXPECT_EQ(count_entries(folder.path()), 1);
}

TEST(WriteFileAtomic, LeavesOneWholeVersionWhenThreadsCompete) {
  const ScratchFolder folder;
  std::vector<std::thread> threads;
  for (const char letter : {'a', 'b', 'c', 'd'}) {
    threads.emplace_back([&folder, letter] {
      for (int i = 0; i < 10; ++i) {
        write_file_atomic(folder / "x", std::string(5000, letter));
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  const std::string text = read_text_file(folder / "x");
  EXPECT_EQ(text, std::string(5000, text.at(0)));
  EXPECT_EQ(count_entries(folder.path()), 1);
}

TEST(ReadFile, StopsAtTheLimit) {
  const ScratchFolder folder;
  write_file_atomic(folder / "a", std::string(10, 'x'));
  EXPECT_EQ(read_text_file(folder / "a", 10).size(), 10U);
  const Error error = caught([&] { read_file(folder / "a", 9); });
  EXPECT_EQ(error.kind(), ErrorKind::kInput);
  EXPECT_STREQ(error.what(),
               ((folder / "a").string() +
                ": larger than the limit of 9 bytes; check that it is the right file.")
                   .c_str());
  EXPECT_EQ(caught([] { read_file("/dev/zero", 1000); }).kind(), ErrorKind::kInput);
}

TEST(ReadFile, NamesWhatCannotBeRead) {
  const Error error = caught([] { read_text_file("/nowhere/a"); });
  EXPECT_EQ(error.kind(), ErrorKind::kDisk);
  EXPECT_STREQ(error.what(),
               "/nowhere/a: cannot be read (No such file or directory); check the path.");
  EXPECT_EQ(caught([] { read_file("/"); }).problem(), "cannot be read (Is a directory)");
}

TEST(MakeFolder, CreatesParentsAndIsContentWithWhatExists) {
  const ScratchFolder folder;
  make_folder(folder / "a/b/c");
  make_folder(folder / "a/b/c");
  EXPECT_TRUE(fs::is_directory(folder / "a/b/c"));
}

TEST(MakeFolder, NamesTheFileInTheWay) {
  const ScratchFolder folder;
  touch(folder / "file");
  for (const char* name : {"file", "file/inner"}) {
    const Error error = caught([&] { make_folder(folder / name); });
    EXPECT_EQ(error.kind(), ErrorKind::kDisk);
    EXPECT_EQ(error.where(), (folder / name).string());
    EXPECT_EQ(error.problem(), "cannot be made a folder (Not a directory)");
  }
}

/// Number of a process that has ended and been collected.
pid_t ended_process() {
  const pid_t child = ::fork();
  if (child == 0) {
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  return child;
}

TEST(RemoveStaleTemporaries, RemovesThoseOfEndedProcessesAtAnyDepth) {
  const ScratchFolder folder;
  const std::string ended = std::to_string(ended_process());
  make_folder(folder / "deep/er");
  touch(folder / (".a.json.patina-tmp-" + ended + "-0"));
  touch(folder / ("deep/er/.b-1.png.patina-tmp-" + ended + "-12"));
  touch(folder / (".own.patina-tmp-" + std::to_string(::getpid()) + "-0"));
  remove_stale_temporaries(folder.path());
  EXPECT_EQ(count_entries(folder.path()), 1) << "only deep/ is left";
  EXPECT_EQ(count_entries(folder / "deep/er"), 0);
}

TEST(RemoveStaleTemporaries, SparesOtherFilesAndRunningProcesses) {
  const ScratchFolder folder;
  const std::string ended = std::to_string(ended_process());
  const std::vector<std::string> kept{"a.json",
                                      ".hidden",
                                      "a.patina-tmp-" + ended + "-0",
                                      ".a.patina-tmp-" + ended,
                                      ".a.patina-tmp-" + ended + "-",
                                      ".a.patina-tmp-" + ended + "-0x",
                                      ".a.patina-tmp--0",
                                      ".a.patina-tmp-99999999999999999999-0",
                                      ".a.patina-tmp-" + std::to_string(::getppid()) + "-0"};
  for (const std::string& name : kept) {
    touch(folder / name);
  }
  remove_stale_temporaries(folder.path());
  for (const std::string& name : kept) {
    EXPECT_TRUE(fs::exists(folder / name)) << name;
  }
  remove_stale_temporaries("/nowhere");
}

// The name a killed writer leaves behind is one that the clean-up recognises.
[[noreturn]] void be_killed_while_writing(const fs::path& folder) {
  const rlimit limit{4096, 4096};
  ::setrlimit(RLIMIT_FSIZE, &limit);  // SIGXFSZ ends the process in write()
  write_file_atomic(folder / "a", std::string(10000, 'x'));
  ::_exit(0);
}

TEST(RemoveStaleTemporariesDeathTest, CleansUpAfterAKilledWriter) {
  const ScratchFolder folder;
  EXPECT_EXIT(be_killed_while_writing(folder.path()), testing::KilledBySignal(SIGXFSZ), "");
  EXPECT_FALSE(fs::exists(folder / "a"));
  EXPECT_EQ(count_entries(folder.path()), 1);
  remove_stale_temporaries(folder.path());
  EXPECT_EQ(count_entries(folder.path()), 0);
}

}  // namespace
}  // namespace patina::core
