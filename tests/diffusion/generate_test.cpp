// SPDX-License-Identifier: Apache-2.0
// Images from prompts, as a caller without LibTorch sees it, with the golden set's tiny models.
#include "diffusion/generate/generate.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.h"
#include "diffusion/generate/class_images.h"
#include "images/pixels/image.h"
#include "tensors/compute.h"
#include "tests/core/caught.h"
#include "tests/golden/golden_set.h"

namespace patina::diffusion {
namespace {

using core::ErrorKind;

class Generating : public ::testing::Test {
 protected:
  void SetUp() override {
    set_ = golden::open_golden_set("diffusers");
    if (!set_) GTEST_SKIP() << "no golden set \"diffusers\"";
    model_.base = set_->path("models/sd21");
    model_.compute.precision = tensors::Precision::kFloat32;
    request_.prompt = "a castle on a hill";
    request_.steps = 3;
    request_.width_px = 32;
    request_.height_px = 16;
  }
  Generation generate() const { return Generator(model_).generate(request_); }
  core::Error refusal() const {
    return core::caught([&] { generate(); });
  }
  std::optional<golden::GoldenSet> set_;
  GeneratorOptions model_;
  GenerateOptions request_;
};

int largest_difference(const images::Image& a, const images::Image& b) {
  int most = 0;
  for (std::size_t i = 0; i < a.bytes.size(); ++i) {
    most = std::max(most, std::abs(static_cast<int>(a.bytes[i]) - static_cast<int>(b.bytes[i])));
  }
  return most;
}

TEST_F(Generating, GivesClassImagesWhoseSeedsRunOnFromBatchToBatch) {
  ClassImageOptions options;
  options.base = model_.base;
  options.compute = model_.compute;
  options.prompt = "a castle";
  options.count = 3;
  options.steps = 2;
  options.guidance_scale = 1.0;
  options.seed = 40;
  options.batch = 2;
  const std::vector<images::Image> made = generate_class_images(options);
  ASSERT_EQ(made.size(), 3U);
  request_ = {};
  request_.prompt = "a castle";
  request_.steps = 2;
  request_.guidance_scale = 1.0;
  request_.scheduler = "dpm++2m";
  request_.seed = 42;
  EXPECT_EQ(made[2].bytes, generate().images[0].bytes);
  request_.seed = 40;
  request_.batch = 2;
  const Generation first = generate();
  EXPECT_EQ(made[0].bytes, first.images[0].bytes);
  EXPECT_EQ(made[1].bytes, first.images[1].bytes);
}

TEST_F(Generating, GivesImagesOfTheSizeAskedFor) {
  const Generation made = generate();
  ASSERT_EQ(made.images.size(), 1U);
  EXPECT_EQ(made.images[0].width_px, 32);
  EXPECT_EQ(made.images[0].height_px, 16);
  EXPECT_EQ(made.images[0].bytes.size(), made.images[0].sample_count());
}

TEST_F(Generating, FillsInTheModelsOwnSizeAndSampler) {
  request_.width_px = request_.height_px = 0;
  const Generation made = generate();
  EXPECT_EQ(made.effective.width_px, 64);
  EXPECT_EQ(made.effective.scheduler, "ddim");
}

TEST_F(Generating, TwiceGivesTheSameBytes) {
  request_.scheduler = "ddpm";  // draws noise at every step
  EXPECT_EQ(generate().images[0].bytes, generate().images[0].bytes);
}

TEST_F(Generating, GivesEveryImageOfABatchItsOwnSeed) {
  request_.scheduler = "lcm";
  request_.seed = 5;
  request_.batch = 2;
  const Generation both = generate();
  request_.seed = 6;
  request_.batch = 1;
  EXPECT_LE(largest_difference(both.images[1], generate().images[0]), 1);
  EXPECT_GT(largest_difference(both.images[0], both.images[1]), 1);
}

TEST_F(Generating, WorksWithEverySampler) {
  for (const char* name :
       {"ddpm", "ddim", "pndm", "euler", "euler-ancestral", "dpm++2m", "dpm++2m-karras", "lcm"}) {
    request_.scheduler = name;
    EXPECT_EQ(generate().images.size(), 1U) << name;
  }
}

TEST_F(Generating, SaysWhichWordsDidNotFit) {
  request_.prompt.clear();
  for (int i = 0; i < 80; ++i) request_.prompt += "cat ";
  const Generation made = generate();
  ASSERT_EQ(made.warnings.size(), 1U);
  EXPECT_NE(made.warnings[0].find("the prompt is too long by"), std::string::npos);
  EXPECT_NE(made.warnings[0].find("cat cat"), std::string::npos);
}

TEST_F(Generating, WithALoRAOfScaleZeroChangesNothing) {
  const images::Image plain = generate().images[0];
  model_.loras = {set_->path("lora/peft_sd21.safetensors")};
  model_.lora_scale = 0.0;
  EXPECT_EQ(generate().images[0].bytes, plain.bytes);
  model_.lora_scale = 1.0;
  EXPECT_NE(generate().images[0].bytes, plain.bytes);
}

TEST_F(Generating, UnderstandsTokensOfTextualInversion) {
  request_.prompt = "a photo of <golden-cat>";
  const images::Image unknown = generate().images[0];
  model_.embeddings = {set_->path("textual_inversion/learned_embeds_sd21.safetensors")};
  EXPECT_NE(generate().images[0].bytes, unknown.bytes);
}

TEST_F(Generating, CanBeInterrupted) {
  core::Observer observer;
  observer.progress = [](const core::Progress& now) { return now.done < 2; };
  const core::Error error = core::caught([&] { Generator(model_).generate(request_, observer); });
  EXPECT_EQ(error.kind(), ErrorKind::kCancelled);
}

TEST_F(Generating, RefusesSizesOffTheGrid) {
  request_.width_px = 100;
  EXPECT_STREQ(refusal().what(), "--width 100: not a multiple of 8 from 8 to 4096; use 96.");
}

TEST_F(Generating, RefusesStepsOutOfRange) {
  for (const int steps : {0, -1, 1001}) {
    request_.steps = steps;
    EXPECT_EQ(refusal().problem(), "not from 1 to 1000") << steps;
  }
}

TEST_F(Generating, RefusesAPromptThatIsNotUtf8) {
  request_.prompt = "a c\xFFstle";
  EXPECT_EQ(refusal().kind(), ErrorKind::kInput);
}

TEST_F(Generating, RefusesAnUnknownSampler) {
  request_.scheduler = "eular";
  EXPECT_EQ(refusal().kind(), ErrorKind::kUsage);
}

TEST_F(Generating, RefusesMoreClipSkipThanLayers) {
  request_.clip_skip = 3;
  EXPECT_EQ(refusal().problem(), "the text encoder has 3 layers");
}

}  // namespace
}  // namespace patina::diffusion
