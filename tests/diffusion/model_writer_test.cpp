// SPDX-License-Identifier: Apache-2.0
// A written model folder is the model that was written.
#include <string>

#include <gtest/gtest.h>
#include <torch/types.h>

#include "core/files.h"
#include "diffusion/folder/model_writer_torch.h"
#include "diffusion/folder/text_to_image_torch.h"
#include "tests/core/scratch_folder.h"
#include "tests/golden/golden_set.h"

namespace patina::diffusion {
namespace {

class ModelWriting : public ::testing::Test {
 protected:
  ModelParts parts() const {
    return {model_.text_encoder, model_.vae, model_.unet, model_.scheduler, source_ / "tokenizer"};
  }
  static void expect_equal(const Weights& written, const Weights& original, double tolerance) {
    ASSERT_EQ(written.by_name().size(), original.by_name().size());
    for (const auto& [name, weight] : original.by_name()) {
      ASSERT_NE(written.find(name), nullptr) << name;
      EXPECT_TRUE(torch::allclose(written.find(name)->value, weight->value, tolerance, 1e-6))
          << name;
    }
  }

  std::filesystem::path source_ = golden::open_golden_set("diffusers")->path("models/sd21");
  TextToImage model_ = load_text_to_image(source_);
  core::ScratchFolder scratch_;
};

TEST_F(ModelWriting, KeepsEveryWeightInFloat32) {
  write_model_folder(scratch_ / "model", parts(), torch::kFloat32);
  const TextToImage written = load_text_to_image(scratch_ / "model");
  expect_equal(written.unet.weights(), model_.unet.weights(), 0.0);
  expect_equal(written.vae.weights(), model_.vae.weights(), 0.0);
  expect_equal(written.text_encoder.weights(), model_.text_encoder.weights(), 0.0);
}

TEST_F(ModelWriting, RoundsToFloat16ByDefault) {
  write_model_folder(scratch_ / "model", parts());
  const TextToImage written = load_text_to_image(scratch_ / "model");
  expect_equal(written.unet.weights(), model_.unet.weights(), 1.0 / 2048.0);
}

TEST_F(ModelWriting, AppliesAdapters) {
  const WeightHandle weight = model_.unet.weights().by_name().begin()->second;
  weight->adapters.push_back({{}, [](const torch::Tensor& stored) { return 2.0 * stored; }});
  write_model_folder(scratch_ / "model", parts(), torch::kFloat32);
  const TextToImage written = load_text_to_image(scratch_ / "model");
  EXPECT_TRUE(torch::equal(written.unet.weights().find(weight->name)->value, 2.0 * weight->value));
}

TEST_F(ModelWriting, KeepsTokensAndNoise) {
  write_model_folder(scratch_ / "model", parts());
  const TextToImage written = load_text_to_image(scratch_ / "model");
  EXPECT_EQ(written.tokenizer.encode("a photo of a cat"),
            model_.tokenizer.encode("a photo of a cat"));
  EXPECT_TRUE(torch::equal(written.noise.alphas_cumprod, model_.noise.alphas_cumprod));
  EXPECT_EQ(written.scheduler.prediction_type, model_.scheduler.prediction_type);
}

}  // namespace
}  // namespace patina::diffusion
