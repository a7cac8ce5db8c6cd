// SPDX-License-Identifier: Apache-2.0
// The help texts, as stored in tests/cli/golden for review; the program itself is asked for the
// overview.
#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>

#include <gtest/gtest.h>

#include "core/files.h"
#include "tests/cli/run.h"
#include "tests/core/scratch_folder.h"

namespace patina::cli {
namespace {

std::string golden(const std::string& name) {
  return core::read_text_file(std::filesystem::path(PATINA_SOURCE_DIR) / "tests/cli/golden" /
                              (name + ".txt"));
}

std::string capture_output(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string text;
  std::array<char, 4096> block{};
  while (const std::size_t got = fread(block.data(), 1, block.size(), pipe.get())) {
    text.append(block.data(), got);
  }
  return text;
}

class Help : public testing::TestWithParam<const char*> {};

TEST_P(Help, IsAsStored) {
  const Ran ran = run({GetParam(), "--help"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.out, golden(GetParam()));
}

TEST_P(Help, FitsATerminalOf80Columns) {
  std::size_t column = 0;
  for (const char c : golden(GetParam())) {
    column = c == '\n' ? 0 : column + 1;
    ASSERT_LE(column, 80U);
  }
}

INSTANTIATE_TEST_SUITE_P(Commands,
                         Help,
                         testing::Values("coat",
                                         "score",
                                         "audit",
                                         "verify",
                                         "collect",
                                         "probe",
                                         "serve",
                                         "generate",
                                         "personalize",
                                         "evaluate",
                                         "inspect"));

TEST(Overview, IsAsStored) {
  EXPECT_EQ(capture_output(std::string(PATINA_BINARY_DIR) + "/patina help"), golden("overview"));
}

// As in `patina coat --help | head -1`; a parent may have it ignore SIGPIPE.
TEST(Help, EndsWithoutAComplaintWhereNobodyReadsOn) {
  const core::ScratchFolder folder;
  const std::string told = (folder / "told").string(), code = (folder / "code").string();
  capture_output("trap '' PIPE; { sleep 0.3; " + std::string(PATINA_BINARY_DIR) +
                 "/patina coat --help 2> " + told + "; echo $? > " + code + "; } | true");
  EXPECT_EQ(core::read_text_file(code), "141\n");
  EXPECT_EQ(core::read_text_file(told), "");
}

}  // namespace
}  // namespace patina::cli
