// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <limits>

#include <gtest/gtest.h>

#include "coat/siren/train_torch.h"
#include "core/error.h"
#include "tests/coat/sample_pair.h"
#include "tests/core/caught.h"
#include "transforms/crop_pool_torch.h"

namespace patina::coat::siren {
namespace {

transforms::CropPool small_pool() {
  return transforms::CropPool({sample_image(64, 64, 1), sample_image(64, 64, 2)});
}

TrainOptions small_options() {
  TrainOptions options;
  options.steps = 6;
  options.batch = 2;
  options.crop_px = 32;
  options.sphere_crops = 4;
  options.seed = 9;
  options.checkpoint_every = 2;
  return options;
}

std::filesystem::path scratch_file() {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  const auto folder = std::filesystem::temp_directory_path() /
                      (std::string("patina-") + test->name());
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder / "training.safetensors";
}

TEST(TrainKey, SameSeedGivesTheSameKey) {
  Pair one = sample_pair(), two = sample_pair();
  const TrainedKey a = train_key(one, small_pool(), kSampleMessage, small_options());
  const TrainedKey b = train_key(two, small_pool(), kSampleMessage, small_options());
  EXPECT_TRUE(torch::equal(a.center, b.center));
  EXPECT_EQ(a.radius, b.radius);
}

TEST(TrainKey, ResumesFromACheckpointWithTheResultOfAnUninterruptedRun) {
  Pair whole = sample_pair();
  const TrainedKey expected = train_key(whole, small_pool(), kSampleMessage, small_options());
  TrainOptions options = small_options();
  options.checkpoint = scratch_file();
  Pair interrupted = sample_pair();
  core::Observer stop_early;
  stop_early.progress = [](const core::Progress& progress) { return progress.done < 5; };
  EXPECT_THROW(train_key(interrupted, small_pool(), kSampleMessage, options, stop_early),
               core::Error);
  Pair resumed = sample_pair();
  const TrainedKey actual = train_key(resumed, small_pool(), kSampleMessage, options);
  EXPECT_TRUE(torch::allclose(actual.center, expected.center, 1e-6, 1e-7));
  EXPECT_NEAR(actual.radius, expected.radius, 1e-6);
}

TEST(TrainKey, StopsAtALossThatIsNotFiniteAndNamesTheTerm) {
  TrainOptions options = small_options();
  options.checkpoint = scratch_file();
  options.learnability = [](const torch::Tensor& coated, int step) {
    return coated.mean() * (step < 3 ? 1.0 : std::numeric_limits<double>::quiet_NaN());
  };
  Pair pair = sample_pair();
  const core::Error error = core::caught(
      [&] { train_key(pair, small_pool(), kSampleMessage, options); });
  EXPECT_EQ(error.problem(), "the loss is not finite at step 3: learnability");
  options.learnability = [](const torch::Tensor& coated, int) { return coated.mean(); };
  int resumed_at = -1;
  options.loss_seen = [&](int step, double) { resumed_at = resumed_at < 0 ? step : resumed_at; };
  Pair again = sample_pair();
  train_key(again, small_pool(), kSampleMessage, options);
  EXPECT_EQ(resumed_at, 2);  // The checkpoint before the failure was kept.
}

TEST(SirenLoss, IsTheWeightedSumOfItsTerms) {
  LossInputs inputs;
  inputs.clean = torch::full({2, 3, 16, 16}, 0.5);
  inputs.coated = inputs.clean + 0.01;
  inputs.center = torch::zeros({4});
  inputs.coated_features = torch::full({2, 4}, 0.5);  // d = 1
  inputs.clean_features = torch::full({2, 4}, 2.0);   // d = 4
  inputs.radius = 0.5;
  TrainOptions options;
  options.nu = 0.5;
  options.human_vision_weight = 0.0;
  options.squared_difference_weight = 100.0;
  options.negative = NegativeForm::kHinge;
  // Eq. 5: 0.25 + (1 - 0.25)/0.5 = 1.75; the hinge is 0 outside; 100 * 0.01^2 = 0.01.
  EXPECT_NEAR(siren_loss(inputs, options).total.item<double>(), 1.76, 1e-5);
}

TEST(SirenLoss, TakesTheLearnabilityTermWhereOneIsGiven) {
  LossInputs inputs;
  inputs.clean = torch::full({1, 3, 16, 16}, 0.5);
  inputs.coated = inputs.clean + 0.01;
  inputs.center = torch::zeros({4});
  inputs.coated_features = inputs.clean_features = torch::ones({1, 4});
  TrainOptions options;
  const double without = siren_loss(inputs, options).total.item<double>();
  options.learnability = [](const torch::Tensor& coated, int) { return coated.mean(); };
  options.learnability_weight = 2.0;
  EXPECT_NEAR(siren_loss(inputs, options).total.item<double>() - without, 2.0 * 0.51, 1e-5);
}

TEST(CropPool, EnlargesImagesSmallerThanACrop) {
  core::Rng rng(1);
  const transforms::CropPool pool({sample_image(20, 30, 1)});
  EXPECT_EQ(pool.draw(3, {64, 1.0, 1.0, true}, rng).sizes(),
            (std::vector<std::int64_t>{3, 3, 64, 64}));
}

}  // namespace
}  // namespace patina::coat::siren
