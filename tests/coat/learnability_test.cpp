// SPDX-License-Identifier: Apache-2.0
// The learnability loss under a tiny random model, and Reptile's outer step.
#include <cmath>
#include <string>

#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "coat/siren/learnability_torch.h"
#include "coat/siren/reptile_torch.h"
#include "core/error.h"
#include "core/files.h"
#include "tensors/compute.h"
#include "tests/coat/sample_pair.h"
#include "tests/golden/golden_set.h"
#include "transforms/crop_pool_torch.h"

namespace patina::coat::siren {
namespace {

class LearnabilityLoss : public ::testing::Test {
 protected:
  torch::Tensor images() const {
    return torch::rand({2, 3, 64, 64}, torch::kFloat32).requires_grad_(true);
  }
  std::filesystem::path model_ = golden::open_golden_set("diffusers")->path("models/sd21");
  Learnability loss_{model_, "a photo", 5, {"cpu", tensors::Precision::kFloat32, 0}};
};

TEST_F(LearnabilityLoss, IsTheSameForTheSameStepAndAnotherForAnother) {
  const torch::Tensor x = images().detach();
  const double first = loss_(x, 3).item<double>();
  EXPECT_EQ(loss_(x, 3).item<double>(), first);
  EXPECT_NE(loss_(x, 4).item<double>(), first);
}

// The directional derivative along the gradient is its squared norm.
TEST_F(LearnabilityLoss, ReachesTheImagesThroughTheEncoder) {
  const torch::Tensor x = images();
  const torch::Tensor gradient = torch::autograd::grad({loss_(x, 0)}, {x})[0];
  const double squared = gradient.square().sum().item<double>();
  ASSERT_GT(squared, 0.0);
  const double h = 1e-2 / std::sqrt(squared);
  const double above = loss_((x + h * gradient).detach(), 0).item<double>();
  const double below = loss_((x - h * gradient).detach(), 0).item<double>();
  EXPECT_NEAR((above - below) / (2.0 * h), squared, 0.05 * squared);
}

TEST_F(LearnabilityLoss, RefusesSidesThatTheAutoencoderCannotHalve) {
  EXPECT_THROW(loss_(torch::rand({1, 3, 63, 64}), 0), core::Error);
}

TEST(Surrogate, OfNoStepsIsTheBase) {
  const auto model = golden::open_golden_set("diffusers")->path("models/sd21");
  const auto folder = std::filesystem::temp_directory_path() / "patina-surrogate-test";
  std::filesystem::remove_all(folder);
  SurrogateOptions options;
  options.base = model;
  options.images = {core::data_file("photos/owner/clock-00.jpg")};
  options.steps = 0;
  make_surrogate(options, folder);
  const torch::Tensor x = torch::rand({1, 3, 64, 64});
  const double of_base = Learnability(
                             model, "a photo", 1, {"cpu", tensors::Precision::kFloat32, 0})(x, 0)
                             .item<double>();
  // Weights were rounded on the way where the processor computes in bfloat16.
  EXPECT_NEAR(Learnability(folder, "a photo", 1, {"cpu", tensors::Precision::kFloat32, 0})(x, 0)
                  .item<double>(),
              of_base,
              2e-3);
  std::filesystem::remove_all(folder);
}

torch::Tensor first_weight(const Pair& pair) { return pair.generator->parameters()[0].detach(); }

TEST(MoveTowards, GoesTheShareOfTheWay) {
  Pair from = sample_pair();
  Pair target = copy_pair(from);
  {
    const torch::NoGradGuard no_grad;
    for (torch::Tensor weight : target.generator->parameters()) weight.add_(1.0);
  }
  const torch::Tensor start = first_weight(from).clone();
  move_towards(from, target, 0.25);
  EXPECT_TRUE(torch::allclose(first_weight(from), start + 0.25));
  move_towards(from, target, 1.0);
  EXPECT_TRUE(torch::allclose(first_weight(from), first_weight(target)));
}

class MetaLearning : public ::testing::Test {
 protected:
  static ReptileOptions options() {
    ReptileOptions options;
    options.rounds = 3;
    options.inner.steps = 2;
    options.inner.batch = 2;
    options.inner.crop_px = 32;
    options.inner.sphere_crops = 2;
    options.seed = 4;
    return options;
  }
  std::vector<transforms::CropPool> tasks_ = {transforms::CropPool({sample_image(64, 64, 1)}),
                                              transforms::CropPool({sample_image(64, 64, 2)})};
};

TEST_F(MetaLearning, IsTheSameForASeed) {
  Pair one = sample_pair(), two = sample_pair();
  reptile(one, tasks_, options());
  reptile(two, tasks_, options());
  EXPECT_TRUE(torch::equal(first_weight(one), first_weight(two)));
  EXPECT_FALSE(torch::equal(first_weight(one), first_weight(sample_pair())));
}

// One round at epsilon = 1 is training on its task.
TEST_F(MetaLearning, OfOneWholeRoundIsTrainingOnItsTask) {
  ReptileOptions once = options();
  once.rounds = 1;
  once.step_size = 1.0;
  Pair pair = sample_pair();
  const std::vector<ReptileRound> rounds = reptile(pair, tasks_, once);
  ASSERT_EQ(rounds.size(), 1U);
  EXPECT_TRUE(std::isfinite(rounds[0].first_loss));
  EXPECT_FALSE(torch::equal(first_weight(pair), first_weight(sample_pair())));
}

// Otherwise the two would differ by the crops and by how far the robustness layer was switched on.
TEST_F(MetaLearning, JudgesAPairAndItsTrainedCopyByTheSameBatch) {
  ReptileOptions without_steps = options();
  without_steps.inner.generator_rate = without_steps.inner.extractor_rate = 0.0;
  Pair pair = sample_pair();
  for (const ReptileRound& round : reptile(pair, tasks_, without_steps)) {
    EXPECT_GT(round.first_loss, 0.0);
    EXPECT_EQ(round.first_loss, round.last_loss);
  }
}

TEST_F(MetaLearning, NeedsATask) {
  Pair pair = sample_pair();
  EXPECT_THROW(reptile(pair, {}, options()), core::Error);
}

}  // namespace
}  // namespace patina::coat::siren
