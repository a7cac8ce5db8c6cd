// SPDX-License-Identifier: Apache-2.0
// Merging, attaching, training and writing LoRAs.
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/types.h>

#include "core/error.h"
#include "core/files.h"
#include "diffusion/adapters/lora_torch.h"
#include "tests/core/caught.h"
#include "tests/diffusion/lora_fixture.h"

namespace patina::diffusion {
namespace {

using core::caught;
using torch::Tensor;

// ---- Merging and attaching

TEST_F(LoRATest, MergingAddsTheScaledProduct) {
  const LoRA lora = sample();
  const LowRank& change = lora.unet.at(kQuery + ".weight");
  const Tensor before = model_.value(kQuery).clone();
  merge_lora(lora, 0.5, model_.unet, model_.text_encoder);
  const Tensor expected = before + 0.5 * (3.0 / 2.0) * change.up.mm(change.down);
  EXPECT_TRUE(torch::allclose(model_.value(kQuery), expected, 1e-5, 1e-6));
}

TEST_F(LoRATest, AMergedConvolutionIsTheConvolutionsOfItsFactorsInARow) {
  const LoRA lora = sample();
  const LowRank& change = lora.unet.at(kConv + ".weight");
  const Tensor x = random({1, 4, 7, 7}, 9);
  const Tensor plain = torch::conv2d(x, model_.value(kConv), {}, 1, 1);
  const Tensor low = torch::conv2d(torch::conv2d(x, change.down, {}, 1, 1), change.up);
  merge_lora(lora, 0.5, model_.unet, model_.text_encoder);
  const Tensor merged = torch::conv2d(x, model_.value(kConv), {}, 1, 1);
  EXPECT_TRUE(torch::allclose(merged, plain + 0.75 * low, 1e-4, 1e-4));
}

TEST_F(LoRATest, MergingLeavesTheOldTensorAlone) {
  const LoRA lora = sample();
  const Tensor stored = model_.value(kQuery);
  const Tensor before = stored.clone();
  merge_lora(lora, 1.0, model_.unet, model_.text_encoder);
  EXPECT_TRUE(torch::equal(stored, before));
  EXPECT_FALSE(torch::equal(model_.value(kQuery), before));
}

TEST_F(LoRATest, MergingSumsInFloat32AndKeepsTheDtype) {
  const LoRA lora = sample();
  const WeightHandle weight = model_.unet.find(kQuery + ".weight");
  weight->value = weight->value.to(torch::kBFloat16);
  const Tensor wide = weight->value.to(torch::kFloat32) + lora.unet.at(kQuery + ".weight").delta();
  merge_lora(lora, 1.0, model_.unet, model_.text_encoder);
  EXPECT_TRUE(torch::equal(weight->value, wide.to(torch::kBFloat16)));
}

TEST_F(LoRATest, ALoRAOfAnotherModelChangesNothing) {
  LoRA lora = sample();
  lora.text_encoder.at(kText + ".weight").up = torch::ones({6, 2});
  const Tensor before = model_.value(kQuery);
  const core::Error error = caught(
      [&] { merge_lora(lora, 1.0, model_.unet, model_.text_encoder); });
  EXPECT_EQ(std::string(error.what()),
            "LoRA, text encoder weight \"" + kText +
                ".weight\": down [2,5] and up [6,2] do not fit its shape [5,5]; use a LoRA made "
                "for this base model.");
  EXPECT_TRUE(model_.value(kQuery).is_same(before));
}

TEST_F(LoRATest, AttachingGivesWhatMergingGives) {
  const LoRA lora = sample();
  SmallModel merged;
  merge_lora(lora, 0.7, merged.unet, merged.text_encoder);
  attach_lora(lora, 0.7, model_.unet, model_.text_encoder);
  for (const std::string& module : {kQuery, kConv, kText}) {
    EXPECT_TRUE(torch::equal(model_.effective(module), merged.value(module))) << module;
  }
}

TEST_F(LoRATest, TheScaleOfAnAttachedLoRACanBeChanged) {
  AttachedLoRA attached = attach_lora(sample(), 1.0, model_.unet, model_.text_encoder);
  attached.set_scale(0.25);
  SmallModel merged;
  merge_lora(sample(), 0.25, merged.unet, merged.text_encoder);
  EXPECT_EQ(attached.scale(), 0.25);
  EXPECT_TRUE(torch::equal(model_.effective(kQuery), merged.value(kQuery)));
}

TEST_F(LoRATest, DetachingTakesOutOneOfSeveral) {
  const LoRA lora = sample();
  AttachedLoRA first = attach_lora(lora, 1.0, model_.unet, model_.text_encoder);
  const Tensor with_first = model_.effective(kQuery);
  AttachedLoRA second = attach_lora(lora, 0.5, model_.unet, model_.text_encoder);
  EXPECT_FALSE(torch::equal(model_.effective(kQuery), with_first));
  second.detach();
  second.detach();
  EXPECT_TRUE(torch::equal(model_.effective(kQuery), with_first));
  first.detach();
  EXPECT_TRUE(torch::equal(model_.effective(kQuery), model_.value(kQuery)));
}

// ---- Training

TEST_F(LoRATest, ANewOneChangesNothingYet) {
  const LoRA lora = new_lora(model_.unet, model_.text_encoder);
  attach_lora(lora, 1.0, model_.unet, model_.text_encoder);
  EXPECT_EQ(lora.unet.size(), 2U) << "to_q and to_out.0";
  EXPECT_TRUE(lora.text_encoder.empty());
  EXPECT_TRUE(torch::equal(model_.effective(kQuery), model_.value(kQuery)));
}

NewLoRAOptions for_all() {
  NewLoRAOptions options;
  options.unet = options.text_encoder = [](const std::string&) { return true; };
  return options;
}

TEST_F(LoRATest, NormsBiasesAndEmbeddingsAreNeverAdapted) {
  const LoRA lora = new_lora(model_.unet, model_.text_encoder, for_all());
  EXPECT_EQ(lora.unet.size(), 14U);
  EXPECT_EQ(lora.text_encoder.size(), 2U);
}

TEST_F(LoRATest, DownFactorsFillTheirRangeAndUpFactorsAreZero) {
  NewLoRAOptions options = for_all();
  options.rank = 64;
  const LoRA lora = new_lora(model_.unet, model_.text_encoder, options);
  const LowRank& change = lora.unet.at(kConv + ".weight");
  EXPECT_EQ(change.down.sizes().vec(), (std::vector<std::int64_t>{64, 4, 3, 3}));
  const double bound = 1.0 / std::sqrt(4 * 3 * 3);
  EXPECT_LE(change.down.abs().max().item<double>(), bound);
  EXPECT_GE(change.down.abs().max().item<double>(), 0.95 * bound);
  EXPECT_EQ(change.up.abs().max().item<double>(), 0.0);
}

TEST_F(LoRATest, ASeedGivesAWeightTheSameFactorsWhateverElseIsAdapted) {
  const LoRA all = new_lora(model_.unet, model_.text_encoder, for_all());
  const LoRA some = new_lora(model_.unet, model_.text_encoder);
  NewLoRAOptions other;
  other.seed = 1;
  const std::string name = kQuery + ".weight";
  EXPECT_TRUE(torch::equal(all.unet.at(name).down, some.unet.at(name).down));
  EXPECT_FALSE(torch::equal(new_lora(model_.unet, model_.text_encoder, other).unet.at(name).down,
                            some.unet.at(name).down));
}

TEST_F(LoRATest, AttachedFactorsAreTheModelsTrainableTensors) {
  const LoRA lora = new_lora(model_.unet, model_.text_encoder);
  AttachedLoRA attached = attach_lora(lora, 1.0, model_.unet, model_.text_encoder);
  const std::vector<Tensor> trainable = model_.unet.trainable();
  const std::vector<Tensor> factors = lora.factors();
  ASSERT_EQ(trainable.size(), factors.size());
  for (std::size_t i = 0; i < factors.size(); ++i) EXPECT_TRUE(trainable[i].is_same(factors[i]));
  attached.detach();
  EXPECT_TRUE(model_.unet.trainable().empty());
}

TEST_F(LoRATest, FactorsReceiveTheirGradients) {
  NewLoRAOptions options;
  options.alpha = 2.0;
  const LoRA lora = new_lora(model_.unet, model_.text_encoder, options);
  const LowRank& change = lora.unet.at(kQuery + ".weight");
  attach_lora(lora, 0.5, model_.unet, model_.text_encoder);
  const Tensor slope = random({4, 5}, 8);
  (model_.effective(kQuery) * slope).sum().backward();
  const double factor = 0.5 * 2.0 / 4.0;
  EXPECT_TRUE(torch::allclose(change.up.grad(), factor * slope.mm(change.down.t())));
  EXPECT_EQ(change.down.grad().abs().max().item<double>(), 0.0) << "up is zero";
}

TEST_F(LoRATest, ATrainableOneIsAttachedOnce) {
  const LoRA lora = new_lora(model_.unet, model_.text_encoder);
  attach_lora(lora, 1.0, model_.unet, model_.text_encoder);
  const core::Error error = caught(
      [&] { attach_lora(lora, 1.0, model_.unet, model_.text_encoder); });
  EXPECT_EQ(error.problem(), "is attached already and trainable");
}

TEST_F(LoRATest, OptionsOutOfRangeAreRefused) {
  NewLoRAOptions rank;
  rank.rank = 0;
  NewLoRAOptions alpha;
  alpha.alpha = -1.0;
  NewLoRAOptions nothing;
  nothing.unet = nullptr;
  const auto sentence = [&](const NewLoRAOptions& options) {
    return std::string(caught([&] { new_lora(model_.unet, model_.text_encoder, options); }).what());
  };
  EXPECT_EQ(sentence(rank), "LoRA rank: is 0; give a whole number from 1 to 4096.");
  EXPECT_EQ(sentence(alpha), "LoRA alpha: is -1.000000; give a number above 0.");
  EXPECT_EQ(sentence(nothing),
            "new LoRA: no linear or convolution weight is picked; name weights of the UNet or the "
            "text encoder.");
}

// ---- Writing

TEST_F(LoRATest, KohyasFileIsReadBackFactorByFactor) {
  const LoRA lora = sample();
  write_lora(folder_ / "out.safetensors", lora, LoRAFormat::kKohya);
  const LoRA again = read_lora(folder_ / "out.safetensors", model_.unet, model_.text_encoder);
  for (const auto& [name, change] : lora.unet) {
    EXPECT_TRUE(torch::equal(again.unet.at(name).down, change.down)) << name;
    EXPECT_TRUE(torch::equal(again.unet.at(name).up, change.up)) << name;
    EXPECT_EQ(again.unet.at(name).alpha, change.alpha) << name;
  }
  EXPECT_EQ(again.text_encoder.size(), 1U);
}

TEST_F(LoRATest, PeftsFileHoldsTheSameChangeWithAlphaEqualToTheRank) {
  const LoRA lora = sample();
  write_lora(folder_ / "out.safetensors", lora, LoRAFormat::kPeft);
  const LoRA again = read_lora(folder_ / "out.safetensors", model_.unet, model_.text_encoder);
  for (const auto& [name, change] : lora.unet) {
    EXPECT_EQ(again.unet.at(name).alpha, 2.0) << name;
    EXPECT_TRUE(torch::allclose(again.unet.at(name).delta(), change.delta(), 1e-6, 1e-7)) << name;
  }
}

TEST_F(LoRATest, KohyasMetadataSaysRankAndAlphaAndKeepsTheRest) {
  LoRA lora = sample();
  lora.metadata = {{"ss_learning_rate", "0.0001"}, {"ss_network_dim", "128"}};
  write_lora(folder_ / "out.safetensors", lora, LoRAFormat::kKohya);
  EXPECT_EQ(core::SafetensorsFile::open(folder_ / "out.safetensors").metadata(),
            (Metadata{{"format", "pt"},
                      {"ss_learning_rate", "0.0001"},
                      {"ss_network_alpha", "3.0"},
                      {"ss_network_dim", "2"},
                      {"ss_network_module", "networks.lora"}}));
}

TEST_F(LoRATest, TheSameLoRAGivesTheSameBytes) {
  for (const LoRAFormat format : {LoRAFormat::kKohya, LoRAFormat::kPeft}) {
    write_lora(folder_ / "a.safetensors", sample(), format, torch::kFloat16);
    write_lora(folder_ / "b.safetensors", sample(), format, torch::kFloat16);
    EXPECT_EQ(core::read_file(folder_ / "a.safetensors"),
              core::read_file(folder_ / "b.safetensors"));
  }
}

TEST_F(LoRATest, WhatIsNotFiniteOrEmptyIsNotWritten) {
  LoRA lora = sample();
  lora.unet.at(kQuery + ".weight").up.fill_(1e6);
  const auto path = folder_ / "out.safetensors";
  EXPECT_EQ(caught([&] { write_lora(path, lora, LoRAFormat::kPeft, torch::kFloat16); }).problem(),
            "holds a value that is not finite");
  EXPECT_EQ(caught([&] { write_lora(path, {}, LoRAFormat::kPeft); }).problem(),
            "the LoRA to write is empty");
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace patina::diffusion
