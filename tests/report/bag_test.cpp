// SPDX-License-Identifier: Apache-2.0
#include "report/bundle/bag.h"

#include <gtest/gtest.h>

namespace patina::report {
namespace {

const std::string kDigestA(64, 'a');
const std::string kDigestB(64, 'b');

TEST(Manifest, IsSortedByPath) {
  EXPECT_EQ(manifest_text({{kDigestA, "data/z"}, {kDigestB, "data/a b"}}),
            kDigestB + "  data/a b\n" + kDigestA + "  data/z\n");
}

TEST(Manifest, EncodesWhatWouldBreakALine) {
  const std::string text = manifest_text({{kDigestA, "data/50%\r\n.png"}});
  EXPECT_EQ(text, kDigestA + "  data/50%25%0D%0A.png\n");
  const Manifest read = parse_manifest(text, "m");
  ASSERT_EQ(read.entries.size(), 1U);
  EXPECT_EQ(read.entries[0].path, "data/50%\r\n.png");
}

TEST(Manifest, ReadsTabsAndWindowsLineEnds) {
  const Manifest read = parse_manifest(kDigestA + "\tdata/x\r\n\n" + kDigestB + "   data/y", "m");
  ASSERT_EQ(read.entries.size(), 2U);
  EXPECT_EQ(read.entries[0].path, "data/x");
  EXPECT_EQ(read.entries[1].sha256, kDigestB);
  EXPECT_TRUE(read.problems.empty());
}

TEST(Manifest, NamesLinesThatAreNoEntries) {
  const Manifest read = parse_manifest(
      "hello\n" + kDigestA + "\n" + std::string(64, 'A') + "  data/x\n" + kDigestA + "  ../x\n",
      "m.txt");
  EXPECT_TRUE(read.entries.empty());
  ASSERT_EQ(read.problems.size(), 4U);
  EXPECT_EQ(read.problems[0].line, "m.txt line 1");
  EXPECT_EQ(read.problems[0].rule, "a SHA-256 digest and a path");
  EXPECT_EQ(read.problems[2].line, "m.txt line 3");
  EXPECT_EQ(read.problems[3].rule, "a path inside the bundle");
}

TEST(SafePath, StaysBelowTheBag) {
  for (const char* path : {"a", "data/a.png", "data/..a/b", "a..b"})
    EXPECT_TRUE(is_safe_path(path)) << path;
  for (const char* path : {"",
                           "/etc/passwd",
                           "../x",
                           "data/../../x",
                           "data/..",
                           "./x",
                           "data//x",
                           "data/",
                           "..",
                           "C:\\x"}) {
    EXPECT_FALSE(is_safe_path(path)) << path;
  }
  EXPECT_FALSE(is_safe_path(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace patina::report
