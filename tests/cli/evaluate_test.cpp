// SPDX-License-Identifier: Apache-2.0
// patina personalize, generate --personalized and evaluate, on a tiny random model.
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/rng.h"
#include "images/image_io.h"
#include "tests/cli/run.h"
#include "tests/core/scratch_folder.h"

namespace patina::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

class Experiments : public ::testing::Test {
 protected:
  Experiments() {
    make_base();
    for (const char* owner : {"first", "second"}) {
      core::make_folder(scratch_ / owner);
      for (int i = 0; i < 3; ++i) {
        images::ImageFile file;
        file.image = images::make_image(72, 72);
        core::Rng rng(static_cast<std::uint64_t>(i) + (owner[0] == 'f' ? 10 : 20));
        for (std::uint8_t& value : file.image.bytes) {
          value = static_cast<std::uint8_t>(60 + rng.below(120));
        }
        core::write_file_atomic(scratch_ / owner / (std::to_string(i) + ".png"),
                                images::encode_image(file));
      }
    }
  }
  /// The model of the golden set, made to draw pictures of 24 pixels a side in place of 64, which is
  /// a seventh of the work; a frame mark needs more than 21.
  void make_base() const {
    fs::copy(fs::path(PATINA_SOURCE_DIR) / "fixtures/golden/diffusers/models/sd21",
             base_,
             fs::copy_options::recursive);
    const fs::path config = fs::path(base_) / "unet/config.json";
    json unet = json::parse(core::read_text_file(config));
    unet["sample_size"] = 12;
    core::write_file_atomic(config, unet.dump());
  }
  std::string path(const std::string& name) const { return (scratch_ / name).string(); }
  Ran evaluate(const std::string& output, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> args = {
        "evaluate",    "-o",      path(output),   "--base",           base_, "--sets",
        path("first"), "--sets",  path("second"), "--measured-sets",  "1",   "--steps",
        "2",           "--count", "20",           "--suspect-images", "5",   "--repeats",
        "50",          "--quiet"};
    args.insert(args.end(), more.begin(), more.end());
    return run(args);
  }

  core::ScratchFolder scratch_;
  std::string base_ = (scratch_ / "base").string();
};

TEST_F(Experiments, PersonalizeTellsWhatItDidAndGenerateUsesIt) {
  const Ran trained = run({"personalize",
                           "--images",
                           path("first"),
                           "--method",
                           "lora",
                           "-o",
                           path("model"),
                           "--base",
                           base_,
                           "--steps",
                           "2",
                           "--samples",
                           "0",
                           "--batch",
                           "1",
                           "--json"});
  ASSERT_EQ(trained.code, 0) << trained.err;
  const json document = json::parse(trained.out);
  EXPECT_EQ(document["command"], "personalize");
  EXPECT_EQ(document["result"]["images"], 3);
  EXPECT_EQ(document["result"]["steps"], 2);
  EXPECT_TRUE(fs::exists(scratch_ / "model" / "pytorch_lora_weights.safetensors"));
  const Ran made = run(
      {"generate", "--personalized", path("model"), "-o", path("made"), "--steps", "2", "--quiet"});
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_TRUE(fs::exists(scratch_ / "made" / "seed-1.png"));
}

TEST_F(Experiments, PersonalizeNamesTheNearestMethod) {
  const Ran ran = run({"personalize", "--images", path("first"), "--method", "lara", "-o", "x"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("lora"));
}

TEST_F(Experiments, PersonalizeRefusesFlagsThatItsMethodDoesNotRead) {
  const auto refusal = [this](const std::string& method, std::vector<std::string> flags) {
    std::vector<std::string> args = {
        "personalize", "--images", path("first"), "--base", base_, "-o", path("x")};
    args.insert(args.end(), {"--method", method});
    args.insert(args.end(), flags.begin(), flags.end());
    const Ran ran = run(args);
    EXPECT_EQ(ran.code, 2);
    return ran.err;
  };
  EXPECT_THAT(refusal("full", {"--rank", "4"}),
              HasSubstr("--rank: has no effect with --method full; leave it out, or choose "
                        "--method lora."));
  EXPECT_THAT(refusal("lora", {"--class-images", "4"}),
              HasSubstr("choose --method dreambooth or custom-diffusion."));
  EXPECT_THAT(refusal("textual-inversion", {"--train-text-encoder"}),
              HasSubstr("choose --method full or lora or dreambooth or svdiff."));
  EXPECT_THAT(refusal("dreambooth", {"--token", "<x>"}),
              HasSubstr("choose --method textual-inversion or custom-diffusion."));
  EXPECT_FALSE(fs::exists(scratch_ / "x"));
}

TEST_F(Experiments, GenerateNeedsAPromptOrAPersonalisedModel) {
  const Ran ran = run({"generate", "--base", base_, "-o", path("made")});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("--prompt"));
}

// One evaluation, since it takes a minute: what it prints, that a second run does nothing again and
// echoes every option as it is used, and that the tables come from the cells alone.
TEST_F(Experiments, EvaluateWritesItsTablesOnceAndMakesThemAgainFromItsCells) {
  const Ran first = evaluate("tables");
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_THAT(first.out, HasSubstr("| first | full | frame | 100 |"));
  EXPECT_EQ(core::read_text_file(scratch_ / "tables" / "chain.md"), first.out);
  for (const char* name : {"chain.csv", "chain.svg"}) {
    EXPECT_TRUE(fs::exists(scratch_ / "tables" / name)) << name;
  }
  const fs::path image = scratch_ / "tables/images/first.base/0.png";
  const auto written = fs::last_write_time(image);
  const Ran second = evaluate("tables", {"--json"});
  ASSERT_EQ(second.code, 0) << second.err;
  EXPECT_EQ(fs::last_write_time(image), written);
  const json document = json::parse(second.out);
  EXPECT_EQ(document["options"],
            (json{{"suite", "chain"},
                  {"output", path("tables")},
                  {"tables_only", false},
                  {"quick", false},
                  {"base", base_},
                  {"sets", {path("first"), path("second")}},
                  {"measured_sets", 1},
                  {"methods", {"full"}},
                  {"coatings", {"frame"}},
                  {"shares", {100}},
                  {"steps", {{"full", 2}}},
                  {"coat_steps", nullptr},
                  {"learnability", nullptr},
                  {"lora_targets", nullptr},
                  {"prompt", "a painting by {}"},
                  {"class_prompt", "a painting"},
                  {"guidance_scale", 3.0},
                  {"count", 20},
                  {"suspect_images", 5},
                  {"repeats", 50},
                  {"seed", 1},
                  {"precision", "auto"},
                  {"device", "cpu"},
                  {"threads", 0}}));
  EXPECT_EQ(document["result"]["rows"][0]["set"], "first");
  EXPECT_EQ(document["result"]["alphas"].size(), 4U);
  for (const char* gone : {"images", "coated", "keys", "chain.md"}) {
    fs::remove_all(scratch_ / "tables" / gone);
  }
  const Ran again = evaluate("tables", {"--tables-only"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(again.out, first.out);
  EXPECT_FALSE(fs::exists(scratch_ / "tables" / "images"));
}

TEST_F(Experiments, EvaluateSaysWhereNoCellIsFinished) {
  const Ran ran = evaluate("tables", {"--tables-only"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("holds no finished cell"));
  EXPECT_FALSE(fs::exists(scratch_ / "tables"));
}

TEST_F(Experiments, EvaluateListsItsSuites) {
  const Ran ran = run({"evaluate", "--suite", "list"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "chain\n");
}

TEST_F(Experiments, EvaluateTakesNoFolderThatHoldsOtherThings) {
  core::make_folder(scratch_ / "tables");
  core::write_file_atomic(scratch_ / "tables/notes.txt", std::string("mine\n"));
  const Ran other = evaluate("tables");
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("is not empty, it holds \"notes.txt\""));
}

TEST_F(Experiments, EvaluateNeedsASecondSetAsControl) {
  const Ran ran = run({"evaluate", "-o", path("tables"), "--base", base_, "--sets", path("first")});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("one is the other's control"));
}

TEST_F(Experiments, EvaluateRefusesFlagsOfACoatingThatIsNotMeasured) {
  const Ran ran = run({"evaluate",
                       "-o",
                       path("tables"),
                       "--sets",
                       path("first"),
                       "--sets",
                       path("second"),
                       "--learnability",
                       "1"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err,
              HasSubstr("--learnability: has no effect with --coatings frame; leave it "
                        "out, or choose --coatings siren."));
}

TEST_F(Experiments, EvaluateRefusesUnknownWords) {
  const Ran coating = run({"evaluate", "-o", path("tables"), "--coatings", "paint"});
  EXPECT_EQ(coating.code, 2);
  EXPECT_THAT(coating.err, HasSubstr("use one of frame, siren, dct-dwt-svd, fingerprint, warp"));
  const Ran share = run({"evaluate", "-o", path("tables"), "--shares", "half"});
  EXPECT_EQ(share.code, 2);
  EXPECT_THAT(share.err, HasSubstr("give numbers from 1 to 100"));
}

}  // namespace
}  // namespace patina::cli
