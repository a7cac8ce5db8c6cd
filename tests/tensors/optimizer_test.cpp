// SPDX-License-Identifier: Apache-2.0
// AdamW against its formulas [Loshchilov & Hutter 2019, Algorithm 2], computed here in float64.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "core/error.h"
#include "core/safetensors.h"
#include "tensors/compute_torch.h"
#include "tensors/optimizer_torch.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"

namespace patina::tensors {
namespace {

using core::ErrorKind;
using torch::Tensor;

struct Moments {
  double value = 0.0, mean = 0.0, square = 0.0;
};

void step_by_formula(Moments& m, double gradient, double rate, int n, const AdamWOptions& options) {
  m.mean = options.beta1 * m.mean + (1.0 - options.beta1) * gradient;
  m.square = options.beta2 * m.square + (1.0 - options.beta2) * gradient * gradient;
  const double mean = m.mean / (1.0 - std::pow(options.beta1, n));
  const double square = m.square / (1.0 - std::pow(options.beta2, n));
  m.value -= rate * (mean / (std::sqrt(square) + options.eps) + options.weight_decay * m.value);
}

Tensor leaf(const Tensor& values) { return values.clone().requires_grad_(true); }

TEST(AdamWStep, FollowsTheFormulas) {
  AdamWOptions options;
  options.max_grad_norm = 0.0;
  Tensor x = leaf(torch::tensor({0.5, -2.0, 3.0}, torch::kFloat32));
  Tensor y = leaf(torch::full({1}, 1.5F));
  std::vector<Moments> expected = {{0.5}, {-2.0}, {3.0}, {1.5}};
  AdamW optimizer({x, y}, options);
  for (int n = 1; n <= 5; ++n) {
    (x.square().sum() * n + y.sum()).backward();
    std::vector<double> gradients;
    for (int i = 0; i < 3; ++i) gradients.push_back(2.0 * n * expected[i].value);
    gradients.push_back(1.0);
    for (std::size_t i = 0; i < 4; ++i)
      step_by_formula(expected[i], gradients[i], 0.01, n, options);
    optimizer.step(0.01);
  }
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(x[i].item<double>(), expected[i].value, 1e-5);
  EXPECT_NEAR(y.item<double>(), expected[3].value, 1e-5);
}

TEST(AdamWStep, ReturnsTheNormAndScalesTheGradientDownToTheLimit) {
  AdamWOptions options;
  options.max_grad_norm = 1.0;
  options.weight_decay = 0.0;
  options.beta1 = 0.0;
  options.beta2 = 0.0;
  options.eps = 1.0;  // so that the step depends on the gradient's size
  Tensor x = leaf(torch::zeros({2}));
  AdamW optimizer({x}, options);
  (x * torch::tensor({3.0F, 4.0F})).sum().backward();
  EXPECT_NEAR(optimizer.step(1.0).item<double>(), 5.0, 1e-5);
  EXPECT_NEAR(x[0].item<double>(), -0.6 / 1.6, 1e-5);
  EXPECT_NEAR(x[1].item<double>(), -0.8 / 1.8, 1e-5);
}

TEST(AdamWStep, ClearsTheGradients) {
  Tensor x = leaf(torch::ones({3}));
  AdamW optimizer({x});
  x.sum().backward();
  optimizer.step(0.1);
  EXPECT_EQ(x.grad().abs().sum().item<double>(), 0.0);
}

TEST(AdamWStep, KeepsStepsThatBfloat16WouldRoundAway) {
  AdamWOptions options;
  options.weight_decay = 0.0;
  Tensor x = leaf(torch::ones({64}, torch::kBFloat16));
  AdamW optimizer({x}, options);
  constexpr double kRate = 1e-4;  // a 39th of what separates 1 from the next bfloat16 below
  for (int i = 0; i < 100; ++i) {
    x.sum().backward();
    optimizer.step(kRate);
  }
  EXPECT_NEAR(x[0].item<double>(), 1.0 - 100 * kRate, 0.002);
}

TEST(AdamWStep, ChangesNothingWhereAGradientIsNotFinite) {
  for (const torch::ScalarType dtype : {torch::kFloat32, torch::kBFloat16}) {
    Tensor x = leaf(torch::ones({5}, dtype));
    AdamW optimizer({x});
    (x * std::numeric_limits<double>::quiet_NaN()).sum().backward();
    EXPECT_FALSE(std::isfinite(optimizer.step(0.1).item<double>()));
    EXPECT_TRUE(torch::equal(x.detach(), torch::ones({5}, dtype)));
    EXPECT_EQ(x.grad().abs().sum().item<double>(), 0.0);
  }
}

TEST(AdamWLeaves, KeepShapeAndMemoryFormat) {
  Tensor filters = leaf(torch::randn({4, 3, 3, 3}).contiguous(torch::MemoryFormat::ChannelsLast));
  const Tensor before = filters.detach().clone();
  Tensor odd = leaf(torch::randn({7}));
  AdamW optimizer({odd, filters});
  EXPECT_TRUE(torch::equal(filters.detach(), before));
  EXPECT_TRUE(filters.is_contiguous(torch::MemoryFormat::ChannelsLast));
  EXPECT_TRUE(filters.grad().is_contiguous(torch::MemoryFormat::ChannelsLast));
}

TEST(AdamWLeaves, BeginAtAddressesThatVectorUnitsLike) {
  Tensor odd = leaf(torch::randn({7}, torch::kBFloat16));
  Tensor next = leaf(torch::randn({9, 5}, torch::kBFloat16));
  AdamW optimizer({odd, next});
  const auto distance = next.storage_offset() - odd.storage_offset();
  EXPECT_EQ(distance % 64, 0);
}

TEST(AdamWMasters, ReleasedAreTheLeavesWithoutRounding) {
  AdamWOptions options;
  options.weight_decay = 0.0;
  Tensor x = leaf(torch::ones({5}, torch::kBFloat16));
  Tensor filters = leaf(
      torch::ones({2, 3, 1, 1}, torch::kBFloat16).contiguous(torch::MemoryFormat::ChannelsLast));
  AdamW optimizer({x, filters}, options);
  constexpr double kRate = 1e-4;
  for (int i = 0; i < 3; ++i) {
    (x.sum() + filters.sum()).backward();
    optimizer.step(kRate);
  }
  EXPECT_EQ(x[0].item<double>(), 1.0);  // bfloat16 has nothing nearer
  optimizer.release_masters();
  EXPECT_EQ(x.scalar_type(), torch::kFloat32);
  EXPECT_NEAR(x[4].item<double>(), 1.0 - 3 * kRate, 1e-6);
  EXPECT_NEAR(filters[1][2].item<double>(), 1.0 - 3 * kRate, 1e-6);
}

TEST(AdamWAverages, FollowTheMastersAndCanBeSwappedInAndOut) {
  AdamWOptions options;
  options.average_decay = 0.5;
  options.weight_decay = 0.0;
  Tensor x = leaf(torch::zeros({1}));
  AdamW optimizer({x}, options);
  double average = 0.0;
  for (int n = 1; n <= 4; ++n) {
    x.sum().backward();
    optimizer.step(1.0);
    const double decay = std::min(0.5, (1.0 + n) / (10.0 + n));
    average = decay * average + (1.0 - decay) * x.item<double>();
  }
  const double last = x.item<double>();
  optimizer.swap_averages();
  EXPECT_NEAR(x.item<double>(), average, 1e-6);
  optimizer.swap_averages();
  EXPECT_EQ(x.item<double>(), last);
}

TEST(AdamWAverages, AreRefusedWhereNoneAreKept) {
  Tensor x = leaf(torch::zeros({1}));
  AdamW optimizer({x});
  const core::Error error = core::caught([&] { optimizer.swap_averages(); });
  EXPECT_EQ(error.kind(), ErrorKind::kInternal);
}

class AdamWState : public ::testing::Test {
 protected:
  static void train(const Tensor& x, AdamW& optimizer, int steps) {
    for (int i = 0; i < steps; ++i) {
      (x.to(torch::kFloat32) - 3.0).square().sum().backward();
      optimizer.step(0.05);
    }
  }
  core::ScratchFolder scratch_;
};

TEST_F(AdamWState, RestoredGoesOnBitForBit) {
  AdamWOptions options;
  options.average_decay = 0.9;
  const Tensor start = torch::randn({33}, generator_on(torch::kCPU, 5)).to(torch::kBFloat16);
  Tensor whole = leaf(start);
  AdamW at_once({whole}, options);
  train(whole, at_once, 9);

  Tensor first = leaf(start);
  AdamW before({first}, options);
  train(first, before, 4);
  core::write_safetensors(scratch_ / "state.safetensors", before.state(), {});
  Tensor second = leaf(torch::zeros_like(start));
  AdamW after({second}, options);
  after.restore(core::SafetensorsFile::open(scratch_ / "state.safetensors"));
  EXPECT_EQ(after.steps_done(), 4);
  train(second, after, 5);
  EXPECT_TRUE(torch::equal(second.detach(), whole.detach()));
  at_once.swap_averages();
  after.swap_averages();
  EXPECT_TRUE(torch::equal(second.detach(), whole.detach()));
}

TEST_F(AdamWState, OfOtherLeavesIsRefused) {
  Tensor x = leaf(torch::zeros({3}));
  AdamW optimizer({x});
  core::write_safetensors(scratch_ / "state.safetensors", optimizer.state(), {});
  Tensor larger = leaf(torch::zeros({300}));
  AdamW other({larger});
  const core::Error error = core::caught(
      [&] { other.restore(core::SafetensorsFile::open(scratch_ / "state.safetensors")); });
  EXPECT_EQ(error.kind(), ErrorKind::kInput);
  EXPECT_NE(std::string(error.what()).find("another network's training"), std::string::npos);
}

}  // namespace
}  // namespace patina::tensors
