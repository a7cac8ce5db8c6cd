// SPDX-License-Identifier: Apache-2.0
#include "core/error.h"

#include <gtest/gtest.h>

namespace patina::core {
namespace {

TEST(Error, ReadsWhereThenWhatThenTodoAsOneSentence) {
  const Error error(ErrorKind::kInput,
                    "suspect/",
                    "3 readable images, an audit needs at least 5",
                    "add images or raise --count");
  EXPECT_STREQ(error.what(),
               "suspect/: 3 readable images, an audit needs at least 5; add images or raise "
               "--count.");
  EXPECT_EQ(error.where(), "suspect/");
  EXPECT_EQ(error.problem(), "3 readable images, an audit needs at least 5");
  EXPECT_EQ(error.todo(), "add images or raise --count");
  EXPECT_EQ(error.kind(), ErrorKind::kInput);
}

TEST(Error, LeavesOutWhatIsEmptyAndEndsInOneFullStop) {
  EXPECT_STREQ(Error(ErrorKind::kInternal, "audit", "no samples").what(), "audit: no samples.");
  EXPECT_STREQ(Error(ErrorKind::kInternal, "", "no samples.").what(), "no samples.");
  EXPECT_STREQ(Error(ErrorKind::kInput, "a", "b", "see README.").what(), "a: b; see README.");
}

struct KindCase {
  ErrorKind kind;
  int code;
  const char* name;
};

class ErrorKinds : public testing::TestWithParam<KindCase> {};

TEST_P(ErrorKinds, HaveTheDocumentedExitCodeAndName) {
  EXPECT_EQ(exit_code(GetParam().kind), GetParam().code);
  EXPECT_STREQ(to_string(GetParam().kind), GetParam().name);
}

INSTANTIATE_TEST_SUITE_P(All,
                         ErrorKinds,
                         testing::Values(KindCase{ErrorKind::kUsage, 2, "usage"},
                                         KindCase{ErrorKind::kInput, 2, "input"},
                                         KindCase{ErrorKind::kUnsupported, 2, "unsupported"},
                                         KindCase{ErrorKind::kNetwork, 3, "network"},
                                         KindCase{ErrorKind::kDisk, 3, "disk"},
                                         KindCase{ErrorKind::kResource, 3, "resource"},
                                         KindCase{ErrorKind::kMismatch, 4, "mismatch"},
                                         KindCase{ErrorKind::kCancelled, 130, "cancelled"},
                                         KindCase{ErrorKind::kInternal, 70, "internal"}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(InQuotes, KeepsReadableText) {
  EXPECT_EQ(in_quotes("unet.conv"), "\"unet.conv\"");
  EXPECT_EQ(in_quotes("h\xC3\xA4user \xE2\x82\xAC \xF0\x9F\x8E\xA8"),
            "\"h\xC3\xA4user \xE2\x82\xAC \xF0\x9F\x8E\xA8\"");
}

TEST(InQuotes, EscapesWhatMustNotBePrinted) {
  EXPECT_EQ(in_quotes("a\x1B[31m\n\xFF"), "\"a\\u001B[31m\\n\\xFF\"");
}

TEST(InQuotes, CutsLongTextAfterEightyBytes) {
  EXPECT_EQ(in_quotes(std::string(80, 'x')), "\"" + std::string(80, 'x') + "\"");
  EXPECT_EQ(in_quotes(std::string(81, 'x')), "\"" + std::string(80, 'x') + "...\"");
  EXPECT_EQ(in_quotes(std::string(79, 'x') + "\xC3\xA4"), "\"" + std::string(79, 'x') + "...\"");
}

}  // namespace
}  // namespace patina::core
