// SPDX-License-Identifier: Apache-2.0
#include "queryers/plan.h"

#include <algorithm>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"

namespace patina::queryers {
namespace {

using core::caught_text;

std::string plan_text(const PlanOptions& options) {
  std::string text;
  for (const PlannedImage& image : make_plan(options)) text += to_json(image).dump() + "\n";
  return text;
}

TEST(MakePlan, IsTheSameForTheSameOptions) {
  PlanOptions options;
  EXPECT_EQ(plan_text(options), plan_text(options));
  PlanOptions other = options;
  other.seed = 2;
  EXPECT_NE(plan_text(options), plan_text(other));
}

TEST(MakePlan, NumbersItsImagesInTheOrderOfAskingAndRepeatsNoSeed) {
  PlanOptions options;
  options.count = 500;
  std::set<std::uint64_t> seeds;
  std::string last;
  for (const PlannedImage& image : make_plan(options)) {
    EXPECT_LT(last, image.id);
    last = image.id;
    EXPECT_LT(image.seed, 1ULL << 31);
    seeds.insert(image.seed);
  }
  EXPECT_EQ(seeds.size(), 500U);
  EXPECT_EQ(last, "000500");
}

TEST(MakePlan, TakesEveryPromptOfTheBankBeforeItRepeatsOne) {
  PlanOptions options;
  options.count = 60;
  std::set<std::string> prompts;
  for (const PlannedImage& image : make_plan(options)) prompts.insert(image.prompt);
  EXPECT_EQ(prompts.size(), 60U);
}

TEST(MakePlan, FillsTheTriggerInAndLeavesItOutOfControls) {
  PlanOptions options;
  options.count = 20;
  options.prompts = {"{trigger}, a harbour", "a cat"};
  options.trigger = "sks style";
  options.control_share = 0.5;
  int controls = 0;
  for (const PlannedImage& image : make_plan(options)) {
    EXPECT_EQ(image.prompt.find('{'), std::string::npos);
    if (image.prompt == "a cat") {
      EXPECT_FALSE(image.control) << "it never had the trigger";
    } else {
      EXPECT_EQ(image.prompt, image.control ? "a harbour" : "sks style, a harbour");
    }
    controls += image.control ? 1 : 0;
  }
  EXPECT_EQ(controls, 5);
}

TEST(MakePlan, AsksInRandomOrder) {
  PlanOptions options;
  options.count = 100;
  options.sizes = {{64, 64}, {128, 64}};
  const auto plan = make_plan(options);
  int changes = 0;
  for (std::size_t i = 1; i < plan.size(); ++i) {
    changes += plan[i].size.width_px != plan[i - 1].size.width_px ? 1 : 0;
  }
  EXPECT_GT(changes, 25) << "not all of one size first";
  EXPECT_LT(changes, 75) << "nor strictly in turn";
}

TEST(MakePlan, RefusesWhatNoServiceTakes) {
  const auto with = [](auto change) {
    PlanOptions options;
    change(options);
    return caught_text([&options] { make_plan(options); });
  };
  EXPECT_EQ(with([](PlanOptions& o) { o.count = 0; }),
            "count: is 0, 1 to 100000 images can be planned; change it.");
  EXPECT_EQ(with([](PlanOptions& o) {
              o.sizes = {{100, 64}};
            }),
            "size: is 100, a multiple of 8 from 64 to 4096 is required; change it.");
  EXPECT_EQ(with([](PlanOptions& o) { o.steps = 0; }),
            "steps: is 0, 1 to 150 are allowed; change it.");
  EXPECT_EQ(with([](PlanOptions& o) { o.guidance_scale = -1; }),
            "guidance_scale: must lie between 0 and 30; change it.");
}

TEST(ReadPrompts, TakesOneALineWithoutComments) {
  const core::ScratchFolder folder;
  core::write_file_atomic(folder / "p.txt", "# mine\r\na cat\r\n\n{trigger} ü \n");
  EXPECT_EQ(read_prompts(folder / "p.txt"), (std::vector<std::string>{"a cat", "{trigger} ü"}));
  core::write_file_atomic(folder / "p.txt", "# none\n");
  EXPECT_THROW(read_prompts(folder / "p.txt"), core::Error);
  core::write_file_atomic(folder / "p.txt", "\xFF\xFE\n");
  EXPECT_THROW(read_prompts(folder / "p.txt"), core::Error);
}

TEST(ParseSize, ReadsOneOrTwoNumbers) {
  EXPECT_EQ(parse_size("512").height_px, 512);
  EXPECT_EQ(parse_size("512x768").height_px, 768);
  for (const char* text : {"", "x", "512x", "x512", "512x768x1", "512 768"}) {
    EXPECT_THROW(parse_size(text), core::Error) << text;
  }
}

}  // namespace
}  // namespace patina::queryers
