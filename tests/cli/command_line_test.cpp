// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.h"

#include <optional>
#include <sstream>

#include <gmock/gmock.h>

#include "core/error.h"
#include "tests/core/caught.h"

namespace patina::cli {
namespace {

/// A command with one flag of each sort.
struct Sample {
  std::vector<std::filesystem::path> images;
  std::filesystem::path key;
  std::string title;
  bool strict = false;
  std::optional<std::uint64_t> steps;
  double alpha = 0.5;
  std::string format;
  bool parsed = false;
  std::string out;
};

Sample parse(const std::vector<std::string>& args) {
  Sample sample;
  CommandLine line(
      {"try", "IMAGES... --key KEY [flags]", "Tries flags.", "patina try a --key k", "0 done."});
  line.positional({"IMAGES", "...", "Image files.", true}, sample.images);
  line.path({"-k,--key", "KEY", "Key file.", true}, sample.key);
  line.text({"--title", "TEXT", "A title."}, sample.title);
  line.toggle({"--strict", "", "Stops early."}, sample.strict);
  line.whole(
      {"--steps", "N", "Steps, 1 to 9."}, {1, 9}, [&](std::uint64_t n) { sample.steps = n; });
  line.real({"--alpha", "P", "Rate."}, {0.0, 1.0, true, true}, sample.alpha);
  line.choice({"--format", "NAME", "png or jpeg."}, {"png", "jpeg"}, [&](const std::string& name) {
    sample.format = name;
  });
  line.exclude("--title", "--strict");
  std::ostringstream out;
  sample.parsed = line.parse(args, out);
  sample.out = out.str();
  return sample;
}

TEST(CommandLine, BindsEverySortOfFlag) {
  const Sample sample = parse({"a.png",
                               "--key",
                               "k",
                               "--steps=9",
                               "b.png",
                               "--alpha",
                               "1e-6",
                               "--format",
                               "jpeg",
                               "--title",
                               "Müller v. X"});
  EXPECT_TRUE(sample.parsed);
  EXPECT_EQ(sample.images, (std::vector<std::filesystem::path>{"a.png", "b.png"}));
  EXPECT_EQ(sample.key, "k");
  EXPECT_EQ(sample.steps, 9U);
  EXPECT_EQ(sample.alpha, 1e-6);
  EXPECT_EQ(sample.format, "jpeg");
  EXPECT_EQ(sample.title, "Müller v. X");
  EXPECT_FALSE(sample.strict);
}

TEST(CommandLine, TakesTheShortFormAndWhatFollowsTheDoubleDash) {
  const Sample sample = parse({"-k", "k", "--", "--odd name.png"});
  EXPECT_EQ(sample.key, "k");
  EXPECT_EQ(sample.images, (std::vector<std::filesystem::path>{"--odd name.png"}));
}

TEST(CommandLine, AnswersHelpWhateverElseIsWrong) {
  const Sample sample = parse({"--steps", "many", "--help"});
  EXPECT_FALSE(sample.parsed);
  EXPECT_EQ(sample.out,
            "Usage: patina try IMAGES... --key KEY [flags]\n\n"
            "Tries flags.\n\n"
            "Required:\n"
            "  IMAGES...                 Image files.\n"
            "  -k, --key KEY             Key file.\n\n"
            "Optional:\n"
            "  --title TEXT              A title.\n"
            "  --strict                  Stops early.\n"
            "  --steps N                 Steps, 1 to 9.\n"
            "  --alpha P                 Rate.\n"
            "  --format NAME             png or jpeg.\n\n"
            "Example:\n  patina try a --key k\n\n"
            "Exit codes: 0 done.\n");
}

TEST(CommandLine, KnowsWhichFlagsWereGiven) {
  CommandLine line({"try", "[flags]", "Tries flags.", "patina try", "0 done."});
  std::string title;
  bool strict = false;
  line.text({"--title", "TEXT", "A title."}, title);
  line.toggle({"--strict", "", "Stops early."}, strict);
  std::ostringstream out;
  line.parse({"--title", ""}, out);
  EXPECT_TRUE(line.given("--title")) << "given, though empty";
  EXPECT_FALSE(line.given("--strict"));
  EXPECT_NO_THROW(line.require("--title"));
  EXPECT_EQ(core::caught_text([&] { line.require("--strict"); }),
            "--strict: is missing, patina try needs it; add --strict.");
}

TEST(CommandLine, CollectsThePathsOfAFlagThatIsGivenAgain) {
  CommandLine line({"try", "[flags]", "Tries flags.", "patina try", "0 done."});
  std::vector<std::filesystem::path> sets;
  line.paths({"--set", "DIR", "A set."}, sets);
  std::ostringstream out;
  line.parse({"--set", "a", "--set=b"}, out);
  EXPECT_EQ(sets, (std::vector<std::filesystem::path>{"a", "b"}));
}

TEST(CommandLine, TakesZeroBelowARangeThatAllowsIt) {
  CommandLine line({"try", "[flags]", "Tries flags.", "patina try", "0 done."});
  double psnr_db = 38.0;
  line.real({"--psnr", "DB", "PSNR."}, {20.0, 60.0, false, false, true}, psnr_db);
  std::ostringstream out;
  line.parse({"--psnr", "0"}, out);
  EXPECT_EQ(psnr_db, 0.0);
  EXPECT_EQ(core::caught_text([&] {
              line.parse({"--psnr", "19.9"}, out);
            }),
            "--psnr: is \"19.9\"; give a number from 20 to 60, or 0.");
}

TEST(CommandLine, LeavesValuesAloneWhenItAnswersHelp) {
  const Sample sample = parse({"a", "--alpha", "0.25", "-h"});
  EXPECT_FALSE(sample.parsed);
  EXPECT_EQ(sample.alpha, 0.5);
}

TEST(CommandLine, ListsTheValuesOfAChoice) {
  EXPECT_EQ(parse({"--format", "list"}).out, "png\njpeg\n");
  EXPECT_EQ(parse({"--format=list"}).out, "png\njpeg\n");
}

struct Wrong {
  const char* name;
  std::vector<std::string> args;
  const char* sentence;
};
void PrintTo(const Wrong& value, std::ostream* out) { *out << value.name; }

class WrongUsage : public testing::TestWithParam<Wrong> {};

TEST_P(WrongUsage, IsToldInOneSentence) {
  const core::Error error = core::caught([] { parse(GetParam().args); });
  EXPECT_STREQ(error.what(), GetParam().sentence);
  EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
}

INSTANTIATE_TEST_SUITE_P(
    Cases,
    WrongUsage,
    testing::Values(
        Wrong{"unknown_flag",
              {"a", "--key", "k", "--stict"},
              "--stict: is not a flag of patina try; the nearest is --strict, see patina try "
              "--help."},
        Wrong{
            "unknown_flag_with_value",
            {"a", "--key", "k", "--step=3"},
            "--step: is not a flag of patina try; the nearest is --steps, see patina try --help."},
        Wrong{"no_number",
              {"a", "--key", "k", "--steps", "many"},
              "--steps: is \"many\"; give a whole number from 1 to 9."},
        Wrong{"half_a_number",
              {"a", "--key", "k", "--steps", "3x"},
              "--steps: is \"3x\"; give a whole number from 1 to 9."},
        Wrong{"too_large",
              {"a", "--key", "k", "--steps", "10"},
              "--steps: is \"10\"; give a whole number from 1 to 9."},
        Wrong{"negative",
              {"a", "--key", "k", "--steps=-1"},
              "--steps: is \"-1\"; give a whole number from 1 to 9."},
        Wrong{"overflow",
              {"a", "--key", "k", "--steps", "18446744073709551617"},
              "--steps: is \"18446744073709551617\"; give a whole number from 1 to 9."},
        Wrong{"bound_itself",
              {"a", "--key", "k", "--alpha", "1"},
              "--alpha: is \"1\"; give a number above 0 and below 1."},
        Wrong{"nan",
              {"a", "--key", "k", "--alpha", "nan"},
              "--alpha: is \"nan\"; give a number above 0 and below 1."},
        Wrong{"no_choice",
              {"a", "--key", "k", "--format", "gif"},
              "--format: is \"gif\"; give one of png, jpeg."},
        Wrong{"empty_path", {"a", "--key", ""}, "--key: is \"\"; give a path."},
        Wrong{"bad_text",
              {"a", "--key", "k", "--title", "caf\xE9"},
              "--title: is \"caf\\xE9\"; give plain UTF-8 text without control characters."},
        Wrong{"missing_flag", {"a"}, "--key: is missing, patina try needs it; add -k, --key KEY."},
        Wrong{"missing_argument",
              {"--key", "k"},
              "IMAGES: is missing, patina try needs it; add IMAGES..."},
        Wrong{"missing_value",
              {"a", "--key"},
              "--key: needs exactly one value; see patina try --help."},
        Wrong{"given_twice",
              {"a", "--key", "k", "--key", "l"},
              "--key: needs exactly one value; see patina try --help."},
        Wrong{"excluded",
              {"a", "--key", "k", "--title", "t", "--strict"},
              "--title: cannot be combined with --strict; give one of the two."}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace patina::cli
