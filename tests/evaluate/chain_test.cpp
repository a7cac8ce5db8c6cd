// SPDX-License-Identifier: Apache-2.0
// The whole chain over made-up coatings, models and scores, whose rates are known beforehand.
#include <algorithm>
#include <cmath>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/files.h"
#include "core/json.h"
#include "evaluate/chain/row.h"
#include "tests/core/caught.h"
#include "tests/evaluate/fake_world.h"

namespace patina::evaluate {
namespace {

using ::testing::HasSubstr;

const Rates kNever = {0.0, 0.0, 0.0, 0.0};

std::vector<ChainRow> rows_of(const std::vector<CellRecord>& records) {
  std::vector<ChainRow> rows;
  for (const CellRecord& record : records) rows.push_back(row_of(record));
  return rows;
}

std::vector<std::string> names_of(const std::vector<Cell>& cells) {
  std::vector<std::string> names;
  for (const Cell& cell : cells) names.push_back(cell.name);
  return names;
}

TEST(ChainPlan, HasACellForEachMethodSetCoatingAndShare) {
  FakeWorld world;
  world.options.measured_sets = 2;
  world.options.methods = {diffusion::PersonalizeMethod::kFull,
                           diffusion::PersonalizeMethod::kLoRA};
  world.options.shares_percent = {10, 100};
  EXPECT_EQ(names_of(plan_chain(world.options)),
            (std::vector<std::string>{"first.full.frame.10",
                                      "first.full.frame.100",
                                      "second.full.frame.10",
                                      "second.full.frame.100",
                                      "first.lora.frame.10",
                                      "first.lora.frame.100",
                                      "second.lora.frame.10",
                                      "second.lora.frame.100"}));
}

TEST(ChainPlan, TakesTheOtherMeasuredSetsForControls) {
  FakeWorld world;
  const nlohmann::json parameters = plan_chain(world.options)[1].parameters;
  EXPECT_EQ(parameters["other_sets"], (std::vector<std::string>{"first", "third"}));
  EXPECT_EQ(parameters["other_owners"], (std::vector<std::string>{"first", "third"}));
}

TEST(ChainPlan, TakesTheNeighbourForTheControlOfASetThatIsMeasuredAlone) {
  FakeWorld world;
  world.options.measured_sets = 1;
  const nlohmann::json parameters = plan_chain(world.options).front().parameters;
  EXPECT_EQ(parameters["other_sets"], std::vector<std::string>{"second"});
  EXPECT_EQ(parameters["other_owners"], std::vector<std::string>{});
}

TEST(ChainPlan, KnowsOptionsThatAMethodDoesNotReadByNoValue) {
  FakeWorld world;
  world.options.coatings = {"frame", "siren"};
  world.options.coat_steps = 7;
  const std::vector<Cell> cells = plan_chain(world.options);
  EXPECT_TRUE(cells[0].parameters["coat_steps"].is_null());
  EXPECT_EQ(cells[1].parameters["coat_steps"], 7);
  EXPECT_TRUE(cells[0].parameters["lora_targets"].is_null());
}

// 5 scores below all 40 of the reference: p = 1 / C(45, 5) = 1 / 1221759 = 8.2e-7, one-sided.
TEST(Chain, RejectsByTheRanksOfScoresWhereAKeyHasNoSigns) {
  FakeWorld world;
  for (const ChainRow& row : rows_of(world.run())) {
    EXPECT_EQ(row.true_positive, (Rates{1.0, 1.0, 0.0, 0.0})) << row.set;
    EXPECT_EQ(row.auc, 1.0);
  }
}

// All of K signs agree by chance with probability 2^-K: 2^-20 = 9.5e-7, 2^-40 = 9.1e-13.
TEST(Chain, RejectsByTheSignsOfAKeyThatHasThem) {
  FakeWorld world;
  world.key_terms = 20;
  EXPECT_EQ(rows_of(world.run()).front().true_positive, (Rates{1.0, 1.0, 0.0, 0.0}));
  world.key_terms = 40;
  EXPECT_EQ(rows_of(world.run("others")).front().true_positive, (Rates{1.0, 1.0, 1.0, 1.0}));
}

TEST(Chain, AccusesNobodyByAKeyThatReadsItsOwnMarkAlone) {
  FakeWorld world;
  world.key_terms = 40;
  for (const ChainRow& row : rows_of(world.run())) {
    EXPECT_EQ(row.false_uncoated, kNever);
    EXPECT_EQ(row.false_other, kNever);
    EXPECT_EQ(row.false_owners, kNever);
    EXPECT_EQ(row.false_base, kNever);
  }
}

// What tells the kinds of innocent models apart: only neighbours' models carry neighbours' marks.
TEST(Chain, CoatsTheModelsOfOtherOwnersWithTheirOwnKeys) {
  FakeWorld world;
  world.key_terms = 40;
  world.reading = FakeReading::kAnyMark;
  for (const ChainRow& row : rows_of(world.run())) {
    EXPECT_EQ(row.false_owners, (Rates{1.0, 1.0, 1.0, 1.0})) << row.set;
    EXPECT_EQ(row.false_other, kNever) << row.set;
    EXPECT_EQ(row.false_uncoated, kNever) << row.set;
    EXPECT_EQ(row.false_base, kNever) << row.set;
    EXPECT_EQ(row.owner_models, 2);
  }
}

TEST(Chain, MeasuresNoOtherOwnersWhereOneSetIsCoated) {
  FakeWorld world;
  world.options.measured_sets = 1;
  const std::vector<ChainRow> rows = rows_of(world.run());
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_TRUE(rows.front().false_owners.empty());
  EXPECT_EQ(world.calls(Stage::kCoat), 1);
}

TEST(Chain, KeepsLossesAndQualityOfTheCoating) {
  FakeWorld world;
  const ChainRow row = rows_of(world.run()).front();
  EXPECT_EQ(row.loss_coated, 0.125);
  EXPECT_EQ(row.loss_uncoated, 0.25);
  EXPECT_EQ(row.psnr_db, 38.0);
  EXPECT_EQ(row.ssim, 0.97);
  EXPECT_EQ(row.delta_e_mean, 1.5);
}

TEST(Chain, KnowsWhatChanceDoesToFrechetDistancesForFullFineTuningAlone) {
  FakeWorld world;
  world.options.methods = {diffusion::PersonalizeMethod::kFull,
                           diffusion::PersonalizeMethod::kLoRA};
  world.options.measured_sets = 1;
  const std::vector<ChainRow> rows = rows_of(world.run());
  EXPECT_TRUE(std::isfinite(rows[0].frechet_reseeded));
  EXPECT_TRUE(std::isnan(rows[1].frechet_reseeded));
}

// Reference, uncoated and coated a set; controls are the other sets' models, made already.
TEST(Chain, MakesEachModelOnce) {
  FakeWorld world;
  world.run();
  EXPECT_EQ(world.calls(Stage::kCoat), 3);
  EXPECT_EQ(world.calls(Stage::kPersonalize), 9);
  std::set<std::uint64_t> seeds;
  for (const TrainingTask& task : world.trainings) seeds.insert(task.seed);
  EXPECT_EQ(seeds.size(), 9U);
}

TEST(Chain, ThrowsWeightsAwayAndKeepsSamples) {
  FakeWorld world;
  world.run();
  EXPECT_EQ(core::count_entries(world.out() / "models"), 0);
  EXPECT_EQ(core::count_entries(world.out() / "samples"), 9);
}

TEST(Chain, TrainsOnTheSetsCaptionAndAsksTheBaseForIt) {
  FakeWorld world;
  world.options.prompt = "a drawing by {}";
  world.run();
  EXPECT_EQ(world.trainings.front().prompt, "a drawing by first");
  EXPECT_EQ(world.base_prompts.front(), "a drawing by first");
}

TEST(Chain, LeavesThePlaceOfANewTokenToTheMethodThatLearnsOne) {
  FakeWorld world;
  world.options.methods = {diffusion::PersonalizeMethod::kTextualInversion};
  world.run();
  const auto learns = [](const TrainingTask& task) {
    return task.method == diffusion::PersonalizeMethod::kTextualInversion;
  };
  const auto found = std::find_if(world.trainings.begin(), world.trainings.end(), learns);
  ASSERT_NE(found, world.trainings.end());
  EXPECT_EQ(found->prompt, "a painting by {}");
}

// Ten images: three of them coated, each of the ten there once.
TEST(Chain, MixesCoatedImagesIntoTheSetByShare) {
  FakeWorld world;
  world.options.measured_sets = 1;
  world.options.shares_percent = {30};
  world.run();
  const TrainingTask& mixed = *std::find_if(
      world.trainings.begin(), world.trainings.end(), [](const TrainingTask& task) {
        return task.images.size() > 1;
      });
  std::set<std::string> names;
  int coated = 0;
  for (const fs::path& image : mixed.images) {
    names.insert(image.filename().string());
    coated += core::read_text_file(image) == "F" ? 1 : 0;
  }
  EXPECT_EQ(names.size(), 10U);
  EXPECT_EQ(coated, 3);
}

TEST(Chain, AModelOfFewCoatedImagesIsNotFound) {
  FakeWorld world;
  world.options.measured_sets = 1;
  world.options.shares_percent = {30, 100};
  const std::vector<ChainRow> rows = rows_of(world.run());
  EXPECT_EQ(rows[0].true_positive, kNever);
  EXPECT_EQ(rows[1].true_positive[0], 1.0);
}

TEST(Chain, RefusesACoatedSetThatLacksImages) {
  FakeWorld world;
  world.options.measured_sets = 1;
  world.options.shares_percent = {30};
  core::write_file_atomic(world.options.sets[0] / "more.png", std::string("clean"));
  EXPECT_THAT(core::caught_text([&] { world.run(); }), HasSubstr("holds 10 images, the set 11"));
}

std::string results_text(const std::vector<CellRecord>& records) {
  std::string text;
  for (const CellRecord& record : records) {
    text += core::dump_json(record.outcome.result) + core::dump_json(record.outcome.seeds);
  }
  return text;
}

TEST(ChainSeeds, TheSameSeedGivesTheSameResult) {
  FakeWorld world;
  world.reading = FakeReading::kEveryOther;
  EXPECT_EQ(results_text(world.run("one")), results_text(world.run("two")));
}

TEST(ChainSeeds, AnotherSeedGivesOtherKeysModelsImagesAndDraws) {
  FakeWorld world;
  world.options.measured_sets = 1;
  world.reading = FakeReading::kEveryOther;  // So that a rate depends on the draws.
  const CellRecord one = world.run("one").front();
  world.options.seed = 2;
  const CellRecord two = world.run("two").front();
  EXPECT_NE(one.outcome.result["true_positive"], two.outcome.result["true_positive"]);
  ASSERT_EQ(one.outcome.seeds.size(), two.outcome.seeds.size());
  for (const auto& [name, seed] : one.outcome.seeds.items()) {
    EXPECT_NE(seed, two.outcome.seeds.at(name)) << name;
  }
}

TEST(ChainSeeds, BatchesOfAModelGoOnWhereTheLastOneEnded) {
  FakeWorld world;
  world.run();
  ASSERT_GE(world.generated_seeds.size(), 2U);
  EXPECT_EQ(world.generated_seeds[1], world.generated_seeds[0] + 32);
}

class ChainKilled : public ::testing::TestWithParam<std::pair<Stage, int>> {};

// Whatever was being done when it was killed: the rerun ends with what an unbroken run has, and does
// again what was being done alone.
TEST_P(ChainKilled, GoesOnToTheSameResult) {
  FakeWorld whole;
  whole.reading = FakeReading::kEveryOther;
  const std::vector<CellRecord> expected = whole.run();
  FakeWorld world;
  world.reading = FakeReading::kEveryOther;
  const auto [stage, call] = GetParam();
  world.kill_at(stage, call);
  EXPECT_EQ(core::caught([&] { world.run(); }).kind(), core::ErrorKind::kCancelled);
  EXPECT_EQ(results_text(world.run()), results_text(expected));
  EXPECT_EQ(world.calls(Stage::kCoat), whole.calls(Stage::kCoat) + (stage == Stage::kCoat ? 1 : 0));
  EXPECT_LE(world.calls(Stage::kPersonalize), whole.calls(Stage::kPersonalize) + 1);
  EXPECT_EQ(world.calls(Stage::kGenerate),
            whole.calls(Stage::kGenerate) + (stage == Stage::kGenerate ? 1 : 0));
}

INSTANTIATE_TEST_SUITE_P(InEachStage,
                         ChainKilled,
                         ::testing::Values(std::pair(Stage::kCoat, 1),
                                           std::pair(Stage::kCoat, 2),
                                           std::pair(Stage::kPersonalize, 1),
                                           std::pair(Stage::kPersonalize, 4),
                                           std::pair(Stage::kGenerate, 1),
                                           std::pair(Stage::kGenerate, 2),
                                           std::pair(Stage::kGenerate, 7),
                                           std::pair(Stage::kScore, 1),
                                           std::pair(Stage::kScore, 9)));

TEST(ChainFolder, ComputesNothingTwice) {
  FakeWorld world;
  const std::vector<CellRecord> first = world.run();
  const int scored = world.calls(Stage::kScore);
  EXPECT_EQ(results_text(world.run()), results_text(first));
  EXPECT_EQ(world.calls(Stage::kScore), scored);
}

TEST(ChainFolder, OtherDrawsAreOtherCellsOfTheSameModels) {
  FakeWorld world;
  world.run();
  const int trained = world.calls(Stage::kPersonalize), scored = world.calls(Stage::kScore);
  world.options.suspect_images = 6;
  world.run();
  EXPECT_EQ(world.calls(Stage::kPersonalize), trained);
  EXPECT_EQ(world.calls(Stage::kScore), 2 * scored);
  EXPECT_EQ(core::count_entries(world.out() / "cells"), 6);
}

TEST(ChainFolder, ASharesCellIsAddedToThoseThatAreThere) {
  FakeWorld world;
  world.options.measured_sets = 1;
  world.run();
  const int trained = world.calls(Stage::kPersonalize);
  world.options.shares_percent = {50, 100};
  EXPECT_EQ(world.run().size(), 2U);
  EXPECT_EQ(world.calls(Stage::kPersonalize), trained + 1);
}

TEST(ChainFolder, RefusesModelsOfOtherSettings) {
  FakeWorld world;
  world.run();
  world.options.guidance_scale = 5.0;
  const core::Error error = core::caught([&] { world.run(); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kInput);
  EXPECT_THAT(error.what(), HasSubstr("holds another run (--guidance-scale was 3, now 5)"));
}

struct BadOptions {
  const char* name;
  void (*spoil)(ChainOptions&);
  const char* sentence;
};
class ChainRefusals : public ::testing::TestWithParam<BadOptions> {};

TEST_P(ChainRefusals, SayWhichFlagAndWhy) {
  FakeWorld world;
  EXPECT_NO_THROW(validate(world.options));
  GetParam().spoil(world.options);
  const core::Error error = core::caught([&] { plan_chain(world.options); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
  EXPECT_THAT(error.what(), HasSubstr(GetParam().sentence));
}

INSTANTIATE_TEST_SUITE_P(
    Options,
    ChainRefusals,
    ::testing::Values(
        BadOptions{"OneSet", [](ChainOptions& o) { o.sets.resize(1); }, "--sets: fewer than two"},
        BadOptions{"TwoOfAName",
                   [](ChainOptions& o) { o.sets.push_back("elsewhere/first/"); },
                   "--sets elsewhere/first/: another set has this name"},
        BadOptions{"NoMethod", [](ChainOptions& o) { o.methods.clear(); }, "--methods: none"},
        BadOptions{"NoCoating", [](ChainOptions& o) { o.coatings.clear(); }, "--coatings: none"},
        BadOptions{"NoShare", [](ChainOptions& o) { o.shares_percent.clear(); }, "--shares: none"},
        BadOptions{"Share", [](ChainOptions& o) { o.shares_percent = {101}; }, "--shares: 101 is"},
        BadOptions{"FewImages", [](ChainOptions& o) { o.images = 19; }, "--count: 19 is outside"},
        BadOptions{"LargeDraw",
                   [](ChainOptions& o) { o.suspect_images = o.images + 1; },
                   "--suspect-images: is more than --count"},
        BadOptions{"NoDraw", [](ChainOptions& o) { o.repeats = 0; }, "--repeats: 0 is outside"},
        BadOptions{"NoPlaceForAToken",
                   [](ChainOptions& o) {
                     o.methods.push_back(diffusion::PersonalizeMethod::kCustomDiffusion);
                     o.prompt = "a painting";
                   },
                   "--prompt: holds no {}"},
        BadOptions{"NoClass", [](ChainOptions& o) { o.class_prompt = " "; }, "--class-prompt: "}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace patina::evaluate
