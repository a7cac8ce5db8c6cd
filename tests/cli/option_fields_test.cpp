// SPDX-License-Identifier: Apache-2.0
#include "cli/option_fields.h"

#include <sstream>

#include <gmock/gmock.h>

#include "core/error.h"
#include "tests/core/caught.h"

namespace patina::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

/// What two ways of painting can be told.
struct PaintOptions {
  int coats = 2;
  double gloss = 0.5;
  double floor_db = 30.0;
  std::string motif;
  std::filesystem::path palette;
  int bristles = 40;
  double shared = 1.5;
};

std::vector<core::OptionGroup> groups(PaintOptions& sample) {
  core::OptionField palette{"--palette",
                            "FILE",
                            "colours to take",
                            core::PathField{&sample.palette},
                            "all there are",
                            false,
                            "--gloss"};
  return {
      {{"oil"},
       {{"--coats", "N", "layers of paint", core::WholeField{&sample.coats, 1, 9}},
        {"--gloss",
         "W",
         "weight of shine; larger is",
         core::RealField{&sample.gloss, 0.0, 4.0, true}},
        {"--floor",
         "DB",
         "least loudness",
         core::RealField{&sample.floor_db, 20.0, 60.0, false, true}},
        {"--motif", "TEXT", "what is shown", core::TextField{&sample.motif}, "none"},
        palette}},
      {{"brush", "sponge"},
       {{"--bristles", "N", "hairs of the brush", core::WholeField{&sample.bristles, 1, 500}}}}};
}

core::OptionGroup shared_group(PaintOptions& sample) {
  return {{},
          {{"--shared", "X", "size of both", core::RealField{&sample.shared, 0.0, 4.0, false}}}};
}

class OptionFlags : public testing::Test {
 protected:
  OptionFlags() {
    for (const core::OptionGroup& group : groups(sample_)) bind_fields(line_, group);
    bind_fields(line_, shared_group(sample_));
  }
  std::string parse(const std::vector<std::string>& args) {
    std::ostringstream out;
    line_.parse(args, out);
    return out.str();
  }
  std::string refusal(const std::vector<std::string>& args,
                      const std::vector<std::string>& chosen) {
    parse(args);
    return core::caught_text(
        [&] { refuse_flags_without_effect(line_, groups(sample_), "--way", chosen); });
  }

  PaintOptions sample_;
  CommandLine line_{{"paint", "[flags]", "Paints.", "patina paint", "0 done."}};
};

TEST_F(OptionFlags, FillTheStructThatWasDescribed) {
  parse({"--coats", "3", "--gloss", "0.25", "--motif", "a boat", "--palette", "p.txt"});
  EXPECT_EQ(sample_.coats, 3);
  EXPECT_EQ(sample_.gloss, 0.25);
  EXPECT_EQ(sample_.motif, "a boat");
  EXPECT_EQ(sample_.palette, "p.txt");
  EXPECT_EQ(sample_.bristles, 40) << "a flag that is not given leaves its value";
}

TEST_F(OptionFlags, HaveOwnerRangeAndDefaultInTheirHelp) {
  const std::string help = parse({"--help"});
  EXPECT_THAT(help, HasSubstr("  --coats N                 oil: layers of paint, 1 to 9"));
  EXPECT_THAT(help, HasSubstr("(default: 2)."));
}

TEST_F(OptionFlags, NameAllTheirOwnersInTheirHelp) {
  EXPECT_THAT(parse({"--help"}), HasSubstr("brush, sponge: hairs of the brush, 1 to 500"));
}

TEST_F(OptionFlags, TellTheRangeBeforeTheSecondClause) {
  EXPECT_THAT(parse({"--help"}), HasSubstr("oil: weight of shine, above 0 to 4; larger is"));
}

TEST_F(OptionFlags, TellWhatAnEmptyTextStandsFor) {
  const std::string help = parse({"--help"});
  EXPECT_THAT(help, HasSubstr("oil: what is shown (default: none)."));
  EXPECT_THAT(help, HasSubstr("oil: colours to take (default: all there are)."));
}

TEST_F(OptionFlags, StartWithACapitalWhereTheyHaveNoOwner) {
  EXPECT_THAT(parse({"--help"}), HasSubstr("  --shared X                Size of both, 0 to 4"));
}

struct OutOfRange {
  const char* flag;
  const char* value;
  const char* expected;
};

TEST_F(OptionFlags, RefuseWhatIsOutOfRange) {
  for (const OutOfRange& c : {OutOfRange{"--coats", "0", "a whole number from 1 to 9"},
                              OutOfRange{"--coats", "10", "a whole number from 1 to 9"},
                              OutOfRange{"--gloss", "0", "a number above 0 to 4"},
                              OutOfRange{"--gloss", "4.5", "a number above 0 to 4"},
                              OutOfRange{"--floor", "19.5", "a number from 20 to 60, or 0"},
                              OutOfRange{"--floor", "-1", "a number from 20 to 60, or 0"}}) {
    EXPECT_EQ(core::caught_text([&] { parse({std::string(c.flag) + "=" + c.value}); }),
              std::string(c.flag) + ": is \"" + c.value + "\"; give " + c.expected + ".");
  }
}

TEST_F(OptionFlags, TakeZeroBelowTheRangeWhereItMeansWithout) {
  parse({"--floor", "0"});
  EXPECT_EQ(sample_.floor_db, 0.0);
}

TEST_F(OptionFlags, AreRefusedWhereTheirOwnerIsNotChosen) {
  EXPECT_EQ(
      refusal({"--bristles", "9"}, {"oil"}),
      "--bristles: has no effect with --way oil; leave it out, or choose --way brush or sponge.");
}

TEST_F(OptionFlags, AreRefusedWithAllThatIsChosenNamed) {
  EXPECT_EQ(
      refusal({"--bristles", "9"}, {"oil", "chalk"}),
      "--bristles: has no effect with --way oil,chalk; leave it out, or choose --way brush or sponge.");
}

TEST_F(OptionFlags, AreRefusedWithoutTheFlagThatTheyNeed) {
  EXPECT_EQ(refusal({"--palette", "p.txt"}, {"oil"}),
            "--palette: has no effect without --gloss; leave it out, or add --gloss W.");
}

TEST_F(OptionFlags, RefusalIsAMatterOfUsage) {
  parse({"--bristles", "9"});
  const core::Error error = core::caught(
      [&] { refuse_flags_without_effect(line_, groups(sample_), "--way", {"oil"}); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
}

TEST_F(OptionFlags, AreTakenWithTheirOwnerAmongTheChosen) {
  parse({"--coats", "3", "--bristles", "9"});
  EXPECT_NO_THROW(refuse_flags_without_effect(line_, groups(sample_), "--way", {"brush", "oil"}));
}

TEST_F(OptionFlags, AreTakenTogetherWithTheFlagThatTheyNeed) {
  parse({"--palette", "p.txt", "--gloss", "1"});
  EXPECT_NO_THROW(refuse_flags_without_effect(line_, groups(sample_), "--way", {"oil"}));
}

TEST_F(OptionFlags, NotGivenAreNeverRefused) {
  parse({"--shared", "2"});
  EXPECT_NO_THROW(refuse_flags_without_effect(line_, groups(sample_), "--way", {"chalk"}));
}

}  // namespace
}  // namespace patina::cli
