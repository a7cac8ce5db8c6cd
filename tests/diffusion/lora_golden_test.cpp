// SPDX-License-Identifier: Apache-2.0
// LoRAs in every style of names against diffusers and peft, merged and attached.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "core/safetensors.h"
#include "diffusion/adapters/lora_torch.h"
#include "tests/core/scratch_folder.h"
#include "tests/diffusion/golden_cases.h"
#include "tests/diffusion/tiny_model.h"
#include "tests/golden/golden_set.h"

namespace patina::diffusion {
namespace {

using torch::Tensor;

struct Networks {
  UNet unet;
  TextEncoder text_encoder;

  explicit Networks(const GoldenCase& c)
      : unet(unet_in(c.model())), text_encoder(text_encoder_in(c.model())) {}

  Tensor eps(const GoldenCase& c) const {
    return unet.forward(c.at("z_t"), c.at("t"), c.at("context"));
  }
  LoRA lora(const GoldenCase& c) const {
    return read_lora(c.path(c.entry().at("lora_file")), unet.weights(), text_encoder.weights());
  }
};

void expect_adapted(const GoldenCase& c, const Networks& networks) {
  c.expect("eps", networks.eps(c));
  if (c.has("last_hidden_state")) {
    c.expect("last_hidden_state",
             networks.text_encoder.forward(c.at("input_ids")).last_hidden_state);
  }
}

class LoRAGolden : public ::testing::Test {
 protected:
  LoRAGolden() : cases_(golden_cases("LoRA")) {}
  void SetUp() override {
    if (cases_.empty()) GTEST_SKIP() << "no golden set \"diffusers\"";
  }
  torch::NoGradGuard no_grad_;
  std::vector<GoldenCase> cases_;
};

TEST_F(LoRAGolden, MergedItGivesTheReferencesWeightsAndOutputs) {
  for (const GoldenCase& c : cases_) {
    Networks networks(c);
    c.expect("eps_without_lora", networks.eps(c));
    const LoRA lora = networks.lora(c);
    merge_lora(
        lora, c.entry().at("scale"), networks.unet.weights(), networks.text_encoder.weights());
    for (const std::string& name : c.expected("merged:")) {
      const std::string weight = name.substr(std::string("merged:").size());
      c.expect(name, networks.unet.weights().find(weight)->value);
    }
    expect_adapted(c, networks);
  }
}

TEST_F(LoRAGolden, AttachedItGivesTheReferencesOutputsUntilItIsDetached) {
  for (const GoldenCase& c : cases_) {
    const Networks networks(c);
    AttachedLoRA attached = attach_lora(networks.lora(c),
                                        c.entry().at("scale"),
                                        networks.unet.weights(),
                                        networks.text_encoder.weights());
    expect_adapted(c, networks);
    attached.detach();
    c.expect("eps_without_lora", networks.eps(c));
  }
}

std::string with_underscores(std::string name) {
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

/// The alpha that the file gives a weight of the UNet, under the key "lora_unet_<weight>.alpha" or
/// "unet.<weight>.alpha"; the rank where it gives none.
double alpha_in(const core::SafetensorsFile& file, const std::string& weight, std::int64_t rank) {
  const std::string ending = with_underscores("unet." + weight.substr(0, weight.rfind(".weight")) +
                                              ".alpha");
  for (const auto& [name, tensor] : file.tensors()) {
    const std::string key = with_underscores(name);
    const bool found = key.size() >= ending.size() &&
                       key.compare(key.size() - ending.size(), ending.size(), ending) == 0;
    if (found) return golden::doubles(tensor).at(0);
  }
  return static_cast<double>(rank);
}

TEST_F(LoRAGolden, StyleRankAndAlphaAreTheFiles) {
  for (const GoldenCase& c : cases_) {
    const LoRA lora = Networks(c).lora(c);
    const core::SafetensorsFile file = c.file(c.entry().at("lora_file"));
    const auto rank = c.entry().at("rank").get<std::int64_t>();
    const bool kohya = c.entry().at("key_style").get<std::string>().rfind("kohya", 0) == 0;
    EXPECT_EQ(lora.style == "kohya-ss", kohya) << c.id();
    for (const auto& [name, change] : lora.unet) {
      EXPECT_EQ(change.rank(), rank) << c.id() << " " << name;
      EXPECT_EQ(change.alpha, alpha_in(file, name, rank)) << c.id() << " " << name;
    }
  }
}

void expect_same_changes(const std::map<std::string, LowRank>& actual,
                         const std::map<std::string, LowRank>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (const auto& [name, change] : expected) {
    ASSERT_EQ(actual.count(name), 1U) << name;
    EXPECT_TRUE(torch::equal(actual.at(name).delta(), change.delta())) << name;
  }
}

TEST_F(LoRAGolden, WrittenInEitherFormatItIsReadBackAsTheSameChange) {
  const core::ScratchFolder folder;
  for (const GoldenCase& c : cases_) {
    SCOPED_TRACE(c.id());
    const Networks networks(c);
    const LoRA lora = networks.lora(c);
    for (const LoRAFormat format : {LoRAFormat::kKohya, LoRAFormat::kPeft}) {
      write_lora(folder / "lora.safetensors", lora, format);
      const LoRA again = read_lora(
          folder / "lora.safetensors", networks.unet.weights(), networks.text_encoder.weights());
      EXPECT_EQ(again.style, format == LoRAFormat::kKohya ? "kohya-ss" : "peft");
      expect_same_changes(again.unet, lora.unet);
      expect_same_changes(again.text_encoder, lora.text_encoder);
    }
  }
}

// The way of LoRA training: through attached factors, with blocks computed again in backward.
TEST_F(LoRAGolden, CheckpointingChangesNoGradientOfItsFactors) {
  const torch::AutoGradMode with_grad(true);
  const GoldenCase& c = cases_.front();
  const Networks networks(c);
  std::vector<std::vector<Tensor>> gradients;
  for (const bool checkpoint : {false, true}) {
    const LoRA lora = new_lora(
        networks.unet.weights(), networks.text_encoder.weights(), NewLoRAOptions());
    for (const Tensor& factor : lora.factors()) factor.detach().add_(0.02);  // `up` starts at zero
    AttachedLoRA attached = attach_lora(
        lora, 1.0, networks.unet.weights(), networks.text_encoder.weights());
    Pass pass;
    pass.checkpoint = checkpoint;
    const Tensor eps = networks.unet.forward(c.at("z_t"), c.at("t"), c.at("context"), pass);
    gradients.push_back(torch::autograd::grad({eps.square().sum()}, lora.factors()));
    attached.detach();
  }
  ASSERT_EQ(gradients[0].size(), gradients[1].size());
  for (std::size_t i = 0; i < gradients[0].size(); ++i) {
    const double largest = gradients[0][i].abs().max().item<double>();
    const double difference = (gradients[1][i] - gradients[0][i]).abs().max().item<double>();
    EXPECT_LE(difference, 1e-4 * largest) << "factor " << i;
  }
}

}  // namespace
}  // namespace patina::diffusion
