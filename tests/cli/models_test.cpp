// SPDX-License-Identifier: Apache-2.0
// patina generate and patina inspect, from the command line to files, with the golden set's tiny
// models.
#include <filesystem>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "images/image_io.h"
#include "keys/coat_key.h"
#include "tests/cli/run.h"
#include "tests/core/scratch_folder.h"
#include "tests/golden/golden_set.h"

namespace patina::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class Models : public testing::Test {
 protected:
  void SetUp() override {
    set_ = golden::open_golden_set("diffusers");
    if (!set_) GTEST_SKIP() << "no golden set \"diffusers\"";
  }
  std::string golden(const std::string& name) const { return set_->path(name).string(); }
  std::string at(const std::string& name) const { return (folder_ / name).string(); }
  Ran generate(const std::vector<std::string>& more) const {
    std::vector<std::string> args = {"generate",
                                     "--base",
                                     golden("models/sd21"),
                                     "--prompt",
                                     "a castle",
                                     "--steps",
                                     "2",
                                     "-o",
                                     at("made")};
    args.insert(args.end(), more.begin(), more.end());
    return run(args);
  }

  std::optional<golden::GoldenSet> set_;
  core::ScratchFolder folder_;
};

TEST_F(Models, GenerateWritesOneImageForEachSeed) {
  const Ran ran = generate({"--batch", "2", "--seed", "7", "--quiet"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, at("made") + "/seed-7.png\n" + at("made") + "/seed-8.png\n");
  EXPECT_EQ(images::read_image(at("made") + "/seed-8.png").image.width_px, 64);
}

TEST_F(Models, GenerateTellsWhatItUsedInJson) {
  const Ran ran = generate({"--json", "--scheduler", "euler"});
  const json document = json::parse(ran.out);
  EXPECT_EQ(document.at("options").at("scheduler"), "euler");
  EXPECT_EQ(document.at("options").at("width_px"), 64);
  EXPECT_EQ(document.at("result").at("images").size(), 1U);
}

TEST_F(Models, GenerateRefusesALoRAForAnotherModel) {
  const Ran ran = generate({"--lora", golden("textual_inversion/learned_embeds_sd21.safetensors")});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("learned_embeds_sd21.safetensors"));
}

TEST_F(Models, InspectTellsALoRA) {
  const Ran ran = run({"inspect", golden("lora/peft_sd21.safetensors")});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("peft_sd21.safetensors: LoRA"));
  EXPECT_THAT(ran.out, HasSubstr("Rank"));
}

TEST_F(Models, InspectKnowsAKeyByItsOwnWords) {
  keys::CoatKey key;
  key.created = "2026-01-01T00:00:00Z";
  key.tool_version = "0.1.0";
  key.seed = 98765432109876;
  key.method = "siren";
  key.secret.fields["message"] = std::string("0123456789ab");
  key.radius = 1.25;
  for (const char* name : {"center", "extractor/linear.bias"}) {
    key.scoring.tensors[name] = {core::DType::kF32, {1}, {0, 0, 128, 63}};
  }
  keys::write_coat_key(folder_ / "my.key", key);
  const Ran ran = run({"inspect", at("my.key")});
  EXPECT_THAT(ran.out, HasSubstr("Patina coat key"));
  EXPECT_THAT(ran.out, HasSubstr("siren"));
  EXPECT_THAT(ran.out, Not(HasSubstr("0123456789ab")));
  EXPECT_THAT(ran.out, Not(HasSubstr("98765432109876")));
}

TEST_F(Models, InspectRefusesAPickle) {
  const Ran ran = run({"inspect", at("none.ckpt")});
  EXPECT_EQ(ran.code, 2);
}

}  // namespace
}  // namespace patina::cli
