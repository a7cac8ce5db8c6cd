// SPDX-License-Identifier: Apache-2.0
#include "tests/architecture/sources.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patina::architecture {
namespace {

/// "line:path" of every include, angled ones in <>.
std::string listed(const std::string& text) {
  std::string list;
  for (const Include& include : includes_of(text)) {
    const std::string path = include.quoted ? include.path : "<" + include.path + ">";
    list += std::to_string(include.line) + ":" + path + " ";
  }
  return list;
}

TEST(IncludesOf, FindsQuotedAndAngledWithTheirLines) {
  EXPECT_EQ(listed("#pragma once\n#include <vector>\n\n#  include \"core/hash.h\"  // why\n"),
            "2:<vector> 4:core/hash.h ");
}

TEST(IncludesOf, SkipsWhatIsCommentedOut) {
  EXPECT_EQ(listed("// #include <a>\n/*\n#include <b>\n*/ #include <c>\n"), "4:<c> ");
}

TEST(IncludesOf, ReadsTheLastLineWithoutANewline) { EXPECT_EQ(listed("#include <a>"), "1:<a> "); }

TEST(WithoutComments, KeepsLinesAndLiterals) {
  EXPECT_EQ(without_comments("a(\"//\"); // b\nc /* d\n */ e"), "a(\"//\");     \nc     \n    e");
  EXPECT_EQ(without_comments("R\"x(/* )\" kept)x\"; // gone"), "R\"x(/* )\" kept)x\";        ");
}

TEST(WithoutComments, TakesNoDigitSeparatorForAQuote) {
  EXPECT_EQ(without_comments("int n = 4'000; // '"), "int n = 4'000;     ");
  EXPECT_EQ(without_comments("char c = '\"'; // \""), "char c = '\"';     ");
}

TEST(FirstFolder, IsTheModuleOfANestedFile) {
  EXPECT_EQ(first_folder("coat/siren/trainer.cpp"), "coat");
  EXPECT_EQ(first_folder("CMakeLists.txt"), "");
}

TEST(WordsOf, SplitsOnAnyBlank) {
  EXPECT_THAT(words_of("  patina_core\t patina_flags "),
              testing::ElementsAre("patina_core", "patina_flags"));
}

}  // namespace
}  // namespace patina::architecture
