// SPDX-License-Identifier: Apache-2.0
// What the subcommands refuse before they need a key. Whole runs are tested end to end elsewhere.
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "tests/cli/run.h"
#include "tests/core/scratch_folder.h"

namespace patina::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Commands : public testing::Test {
 protected:
  Commands() {
    core::make_folder(folder_ / "empty");
    core::make_folder(folder_ / "suspect");
    core::write_file_atomic(folder_ / "suspect/a.png", std::string("no image"));
    core::write_file_atomic(folder_ / "not.key", std::string("no key"));
  }
  std::string at(const std::string& name) const { return (folder_ / name).string(); }

  core::ScratchFolder folder_;
};

struct WrongCommand {
  const char* name;
  std::vector<std::string> args;
  const char* sentence;
};
void PrintTo(const WrongCommand& value, std::ostream* out) { *out << value.name; }

class WrongArguments : public testing::TestWithParam<WrongCommand> {};

TEST_P(WrongArguments, AreToldInOneSentence) {
  const Ran ran = run(GetParam().args);
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, std::string("patina: ") + GetParam().sentence + "\n");
}

INSTANTIATE_TEST_SUITE_P(
    Cases,
    WrongArguments,
    testing::Values(
        WrongCommand{
            "coat_unknown_flag",
            {"coat", "x", "-o", "out", "--key", "k", "--stenght", "2"},
            "--stenght: is not a flag of patina coat; the nearest is --strength, see patina coat "
            "--help."},
        WrongCommand{"coat_without_output",
                     {"coat", "x", "--key", "k"},
                     "--output: is missing, patina coat needs it; add -o, --output OUT."},
        WrongCommand{"coat_without_key",
                     {"coat", "x", "-o", "out"},
                     "--key: is missing, patina coat needs it; add --key KEY."},
        WrongCommand{"coat_with_two_keys",
                     {"coat", "x", "-o", "out", "--key", "k", "--use-key", "l"},
                     "--use-key: cannot be combined with --key; give one of the two."},
        WrongCommand{"coat_strength",
                     {"coat", "x", "-o", "out", "--key", "k", "--strength", "0"},
                     "--strength: is \"0\"; give a number above 0 to 4."},
        WrongCommand{"coat_quality",
                     {"coat", "x", "-o", "out", "--key", "k", "--quality", "101"},
                     "--quality: is \"101\"; give a whole number from 1 to 100."},
        WrongCommand{
            "coat_flag_of_another_method",
            {"coat", "x", "-o", "out", "--key", "k", "--learnability", "1"},
            "--learnability: has no effect with --method frame; leave it out, or choose --method "
            "siren."},
        WrongCommand{
            "coat_surrogate_for_nothing",
            {"coat", "x", "-o", "o", "--key", "k", "--method", "siren", "--class-prompt", "dog"},
            "--class-prompt: has no effect without --learnability; leave it out, or add "
            "--learnability W."},
        WrongCommand{"score_without_images",
                     {"score", "--key", "k"},
                     "IMAGES: is missing, patina score needs it; add IMAGES..."},
        WrongCommand{"score_precision",
                     {"score", "x", "--key", "k", "--precision", "half"},
                     "--precision: is \"half\"; give one of auto, float32, bfloat16, float16."},
        WrongCommand{
            "audit_alpha",
            {"audit", "--key", "k", "--suspect", "s", "--benign", "b", "-o", "o", "--alpha", "2"},
            "--alpha: is \"2\"; give a number above 0 and below 1."},
        WrongCommand{"audit_argument",
                     {"audit", "--key", "k", "--suspect", "s", "--benign", "b", "-o", "o", "more"},
                     "\"more\": is one argument too many; see patina audit --help."},
        WrongCommand{
            "verify_two",
            {"verify", "a", "b"},
            "BUNDLE: 2 folders were named, one is expected; verify one bundle at a time."}),
    [](const auto& tested) { return tested.param.name; });

TEST_F(Commands, AuditRefusesAFolderWithoutImages) {
  const Ran ran = run({"audit",
                       "--key",
                       at("not.key"),
                       "--suspect",
                       at("empty"),
                       "--benign",
                       at("suspect"),
                       "-o",
                       at("bundle")});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err,
            "patina: " + at("empty") +
                ": holds no image (JPEG, PNG, WebP, TIFF or BMP); add images or name another "
                "folder.\n");
  EXPECT_FALSE(std::filesystem::exists(at("bundle")));
}

TEST_F(Commands, AuditRefusesAFileInPlaceOfAFolder) {
  const Ran ran = run({"audit",
                       "--key",
                       at("not.key"),
                       "--suspect",
                       at("suspect/a.png"),
                       "--benign",
                       at("suspect"),
                       "-o",
                       at("bundle")});
  EXPECT_EQ(ran.err,
            "patina: " + at("suspect/a.png") +
                ": is not a folder; name the folder that holds the images.\n");
}

TEST_F(Commands, ScoreRefusesAFileThatIsNoKey) {
  const Ran ran = run({"score", at("suspect"), "--key", at("not.key")});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, StartsWith("patina: " + at("not.key") + ": "));
}

TEST_F(Commands, ScoreRefusesAPathThatDoesNotExist) {
  const Ran ran = run({"score", at("none"), "--key", at("not.key")});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, StartsWith("patina: " + at("none") + ": no such file or folder"));
}

TEST_F(Commands, VerifyRefusesWhatIsNoBundle) {
  const Ran ran = run({"verify", at("suspect")});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, StartsWith("patina: " + at("suspect")));
}

TEST_F(Commands, FailuresAreOneDocumentWithJson) {
  const Ran ran = run({"score", at("none"), "--key", at("not.key"), "--json"});
  const auto document = nlohmann::json::parse(ran.out);
  EXPECT_EQ(document.at("command"), "score");
  EXPECT_EQ(document.at("error").at("kind"), "input");
  EXPECT_EQ(document.at("error").at("where"), at("none"));
}

TEST_F(Commands, ChoicesListTheirValues) {
  EXPECT_EQ(run({"coat", "--format", "list"}).out, "jpeg\npng\nwebp\ntiff\nbmp\n");
  EXPECT_EQ(run({"score", "--device", "list"}).out, "cpu\ncuda\n");
}

TEST_F(Commands, SecretsOfTheCommandLineAreNotRepeated) {
  const Ran ran = run({"coat",
                       at("none"),
                       "-o",
                       at("out"),
                       "--key",
                       at("k"),
                       "--method",
                       "siren",
                       "--message",
                       "my secret text",
                       "--seed",
                       "123456789",
                       "--json"});
  EXPECT_NE(ran.code, 0);
  EXPECT_EQ((ran.out + ran.err).find("my secret text"), std::string::npos);
  EXPECT_EQ((ran.out + ran.err).find("123456789"), std::string::npos);
}

}  // namespace
}  // namespace patina::cli
