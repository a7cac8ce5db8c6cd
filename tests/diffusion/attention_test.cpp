// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/types.h>

#include "diffusion/networks/attention_torch.h"

namespace patina::diffusion {
namespace {

using torch::Tensor;

// The definition, with the whole matrix.
Tensor by_definition(const Tensor& q, const Tensor& k, const Tensor& v, bool causal) {
  Tensor scores = torch::matmul(q, k.transpose(2, 3)) / std::sqrt(static_cast<double>(q.size(3)));
  if (causal) {
    const Tensor hidden = torch::ones({q.size(2), k.size(2)}, torch::kBool).triu(1);
    scores = scores.masked_fill(hidden, -std::numeric_limits<double>::infinity());
  }
  return torch::matmul(torch::softmax(scores, 3), v);
}

struct Inputs {
  Tensor q, k, v, w;
};

Inputs random_inputs(std::int64_t queries, std::int64_t keys) {
  torch::manual_seed(3);
  const auto options = torch::TensorOptions(torch::kFloat32);
  return {torch::randn({2, 3, queries, 8}, options).requires_grad_(true),
          torch::randn({2, 3, keys, 8}, options).requires_grad_(true),
          torch::randn({2, 3, keys, 8}, options).requires_grad_(true),
          torch::randn({2, 3, queries, 8}, options)};
}

void expect_same(const Inputs& in, bool causal, std::int64_t block) {
  const auto gradients = [&](const Tensor& output) {
    return torch::autograd::grad({(output * in.w).sum()}, {in.q, in.k, in.v});
  };
  const Tensor expected = by_definition(in.q, in.k, in.v, causal);
  const Tensor actual = blocked_attention(in.q, in.k, in.v, causal, block);
  EXPECT_TRUE(torch::allclose(actual, expected, 1e-4, 1e-5));
  const std::vector<Tensor> wanted = gradients(expected);
  const std::vector<Tensor> found = gradients(actual);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_TRUE(torch::allclose(found[i], wanted[i], 1e-4, 1e-5)) << "gradient " << i;
  }
}

TEST(BlockedAttention, EqualsTheDefinitionAndItsGradientsForAnyBlock) {
  for (const std::int64_t block : {1, 5, 16, 40}) expect_same(random_inputs(16, 11), false, block);
}

TEST(BlockedAttention, HidesLaterKeysWhenCausal) {
  for (const std::int64_t block : {1, 5, 40}) expect_same(random_inputs(13, 13), true, block);
}

TEST(BlockedAttention, SurvivesScoresBeyondTheRangeOfExp) {
  Inputs in = random_inputs(4, 4);
  const Tensor output = blocked_attention(in.q * 1e3, in.k * 1e3, in.v);
  EXPECT_TRUE(torch::isfinite(output).all().item<bool>());
}

TEST(Attention, IsTheBlockedOneOrTheLibrarys) {
  const Inputs in = random_inputs(9, 7);
  EXPECT_TRUE(torch::allclose(
      attention(in.q, in.k, in.v), by_definition(in.q, in.k, in.v, false), 1e-4, 1e-5));
}

}  // namespace
}  // namespace patina::diffusion
