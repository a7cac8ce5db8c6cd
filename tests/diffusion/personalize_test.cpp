// SPDX-License-Identifier: Apache-2.0
// Personalising a tiny random model of Stable Diffusion 2.1's architecture: every method starts as
// the base, changes what it may, resumes bit for bit, and refuses what it cannot do.
#include "diffusion/personalize/personalize.h"

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/rng.h"
#include "diffusion/folder/text_to_image_torch.h"
#include "diffusion/generate/generate.h"
#include "images/image_io.h"
#include "tensors/compute.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"
#include "tests/golden/golden_set.h"

namespace patina::diffusion {
namespace {

namespace fs = std::filesystem;
using core::ErrorKind;
using ::testing::HasSubstr;

class Personalizing : public ::testing::TestWithParam<const char*> {
 protected:
  Personalizing() {
    core::make_folder(scratch_ / "images");
    for (int i = 0; i < 3; ++i) {
      images::ImageFile file;
      file.image = images::make_image(80, 64);
      core::Rng rng(static_cast<std::uint64_t>(i) + 1);
      for (std::uint8_t& value : file.image.bytes)
        value = static_cast<std::uint8_t>(rng.below(256));
      core::write_file_atomic(scratch_ / "images" / (std::to_string(i) + ".png"),
                              images::encode_image(file));
    }
  }
  PersonalizeOptions options(const std::string& name, int steps = 3) const {
    PersonalizeOptions options;
    options.base = base_;
    options.images = {scratch_ / "images"};
    options.output = scratch_ / name;
    options.method = personalize_method_from_name(method_);
    options.steps = steps;
    options.batch = 2;
    options.lora.rank = 2;
    options.prior.class_images = 2;
    options.samples.count = 0;
    options.compute.precision = tensors::Precision::kFloat32;
    options.checkpoint_every = 2;
    options.initializer = "a";  // one token, whose embedding a new token starts as
    options.seed = 3;
    return options;
  }
  static std::vector<std::uint8_t> generate_image(const GeneratorOptions& model,
                                                  const std::string& prompt) {
    GenerateOptions request;
    request.prompt = prompt;
    request.steps = 2;
    return Generator(model).generate(request).images.front().bytes;
  }
  static std::vector<std::uint8_t> generate_image(const fs::path& folder) {
    const PersonalizedModel model = open_personalized(folder);
    GeneratorOptions generating;
    generating.base = model.base;
    generating.loras = model.loras;
    generating.embeddings = model.embeddings;
    generating.compute.precision = tensors::Precision::kFloat32;
    return generate_image(generating, model.prompt);
  }
  std::vector<std::uint8_t> generate_base_image(const std::string& prompt) const {
    GeneratorOptions generating;
    generating.base = base_;
    generating.compute.precision = tensors::Precision::kFloat32;
    return generate_image(generating, prompt);
  }
  /// Digests of all weights below a folder.
  static std::vector<std::string> digests(const fs::path& folder) {
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.path().extension() != ".safetensors") continue;
      found.push_back(entry.path().lexically_relative(folder).string() + " " +
                      core::to_hex(core::sha256_file(entry.path())));
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  static core::Observer cancel_at(std::int64_t step) {
    core::Observer observer;
    observer.progress = [step](const core::Progress& now) {
      return now.stage != "personalising" || now.done < step;
    };
    return observer;
  }

  std::string method_ = "full";
  fs::path base_ = golden::open_golden_set("diffusers")->path("models/sd21");
  core::ScratchFolder scratch_;
};

class EveryMethod : public Personalizing {
 protected:
  void SetUp() override { method_ = GetParam(); }
};

TEST_P(EveryMethod, StartsAsTheBase) {
  personalize(options("none", 0));
  const std::vector<std::uint8_t> same = generate_image(scratch_ / "none");
  const std::vector<std::uint8_t> base = generate_base_image("a picture of a");
  // Singular values put together again differ from the original in rounding.
  double largest = 0.0;
  for (std::size_t i = 0; i < base.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(same[i]) - base[i]));
  }
  EXPECT_LE(largest, 2.0);
}

TEST_P(EveryMethod, ChangesTheModel) {
  personalize(options("some"));
  EXPECT_NE(generate_image(scratch_ / "some"), generate_base_image("a picture of a"));
}

TEST_P(EveryMethod, GoesOnAfterAnInterruptionWithTheSameResult) {
  personalize(options("whole", 5));
  const core::Error error = core::caught([&] { personalize(options("cut", 5), cancel_at(3)); });
  EXPECT_EQ(error.kind(), ErrorKind::kCancelled);
  EXPECT_FALSE(fs::exists(scratch_ / "cut" / "personalization.json"));
  const PersonalizeResult result = personalize(options("cut", 5));
  EXPECT_TRUE(result.resumed);
  EXPECT_EQ(digests(scratch_ / "cut"), digests(scratch_ / "whole"));
  EXPECT_EQ(core::read_text_file(scratch_ / "cut" / "losses.csv"),
            core::read_text_file(scratch_ / "whole" / "losses.csv"));
}

INSTANTIATE_TEST_SUITE_P(Methods,
                         EveryMethod,
                         ::testing::Values("full",
                                           "lora",
                                           "dreambooth",
                                           "textual-inversion",
                                           "svdiff",
                                           "custom-diffusion"));

TEST(PersonalizeOptions, AreReadByTheMethodsThatTheirPapersGiveThem) {
  using Names = std::vector<std::string>;
  PersonalizeOptions options;
  std::map<std::string, Names> readers;
  for (const core::OptionGroup& group : describe_training(options)) {
    for (const core::OptionField& field : group.fields) readers[field.flag] = group.owners;
  }
  EXPECT_EQ(readers.at("--rank"), Names({"lora"}));
  EXPECT_EQ(readers.at("--alpha"), Names({"lora"}));
  EXPECT_EQ(readers.at("--token"), Names({"textual-inversion", "custom-diffusion"}));
  EXPECT_EQ(readers.at("--prior-weight"), Names({"dreambooth", "custom-diffusion"}));
  EXPECT_EQ(readers.at("--train-text-encoder"), Names({"full", "lora", "dreambooth", "svdiff"}));
  EXPECT_EQ(readers.at("--steps"), Names()) << "all read them";
}

TEST(PersonalizeOptions, LeaveStepsAndRateToTheMethod) {
  PersonalizeOptions options;
  options.method = PersonalizeMethod::kTextualInversion;
  EXPECT_EQ(with_defaults(options).steps, 600);
  options.steps = 3;
  EXPECT_EQ(with_defaults(options).steps, 3);
  EXPECT_EQ(with_defaults(options).learning_rate, 5e-3);
}

TEST_F(Personalizing, LooksOnlyAtRangesOfOptionsThatTheMethodReads) {
  PersonalizeOptions wide = options("wide");
  wide.lora.rank = 0;
  EXPECT_NO_THROW(validate(wide));
  wide.method = PersonalizeMethod::kLoRA;
  EXPECT_THAT(core::caught_text([&] { validate(wide); }),
              HasSubstr("--rank: 0 is outside 1 to 4096"));
}

TEST_F(Personalizing, LearnsItsImages) {
  PersonalizeOptions trained = options("trained", 40);
  trained.learning_rate = 2e-3;
  const PersonalizeResult result = personalize(trained);
  EXPECT_LT(result.last_loss, 0.97 * result.first_loss);
}

TEST_F(Personalizing, LeavesTheAutoencoderAlone) {
  personalize(options("tuned"));
  const TextToImage base = load_text_to_image(base_);
  const TextToImage tuned = load_text_to_image(scratch_ / "tuned");
  for (const auto& [name, weight] : base.vae.weights().by_name()) {
    EXPECT_TRUE(torch::equal(tuned.vae.weights().find(name)->value, weight->value)) << name;
  }
}

TEST_F(Personalizing, TakesCaptionsFromTextFilesOfTheImagesName) {
  core::write_file_atomic(scratch_ / "images" / "1.txt", std::string("a cat in {}\n"));
  PersonalizeOptions with = options("captions", 1);
  with.initializer = "oil";
  EXPECT_EQ(personalize(with).captions,
            (std::vector<std::string>{"a picture of oil", "a cat in oil", "a picture of oil"}));
}

TEST_F(Personalizing, TakesOneImageAndSaysThatItWasEnlarged) {
  images::ImageFile small;
  small.image = images::make_image(40, 40);
  core::write_file_atomic(scratch_ / "small.png", images::encode_image(small));
  PersonalizeOptions one = options("one", 1);
  one.images = {scratch_ / "small.png"};
  const PersonalizeResult result = personalize(one);
  EXPECT_EQ(result.images, 1);
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_THAT(result.warnings[0], HasSubstr("is smaller than the base's"));
}

TEST_F(Personalizing, DoesNotDoAFinishedRunAgain) {
  personalize(options("done"));
  core::Observer watched;
  bool trained = false;
  watched.progress = [&](const core::Progress&) { return trained = true; };
  EXPECT_EQ(personalize(options("done"), watched).steps, 3);
  EXPECT_FALSE(trained);
}

TEST_F(Personalizing, RefusesAFolderOfAnotherRun) {
  personalize(options("done"));
  PersonalizeOptions other = options("done");
  other.seed = 4;
  EXPECT_THAT(core::caught_text([&] { personalize(other); }),
              HasSubstr("holds another run (--seed was 3, now 4)"));
}

TEST_F(Personalizing, NamesTheOptionInWhichAnInterruptedRunDiffers) {
  const core::Error stopped = core::caught([&] { personalize(options("cut", 5), cancel_at(3)); });
  EXPECT_EQ(stopped.kind(), ErrorKind::kCancelled);
  core::write_file_atomic(scratch_ / "images" / "1.txt", std::string("a cat"));
  EXPECT_THAT(core::caught_text([&] { personalize(options("cut", 6)); }),
              HasSubstr("holds another run (--steps was 5, now 6; other captions)"));
}

TEST_F(Personalizing, GoesOnWhereOnlyOptionsDifferThatTheMethodDoesNotRead) {
  personalize(options("done"));
  PersonalizeOptions same = options("done");
  same.lora.rank = 4;
  same.prior.class_images = 3;
  same.token = "<other>";
  EXPECT_TRUE(personalize(same).resumed);
}

TEST_F(Personalizing, IsNotDoneBeforeItsSamplesAre) {
  PersonalizeOptions sampled = options("sampled", 1);
  sampled.samples.count = 1;
  core::Observer observer;
  observer.progress = [](const core::Progress& now) { return now.stage == "personalising"; };
  const core::Error stopped = core::caught([&] { personalize(sampled, observer); });
  EXPECT_EQ(stopped.kind(), ErrorKind::kCancelled);
  EXPECT_FALSE(fs::exists(scratch_ / "sampled" / "personalization.json"));
  const PersonalizeResult result = personalize(sampled);
  EXPECT_EQ(result.files.back(), scratch_ / "sampled" / "samples.png");
  EXPECT_EQ(personalize(sampled).files, result.files);
  EXPECT_FALSE(fs::exists(scratch_ / "sampled" / ".patina-run"));
}

TEST_F(Personalizing, RefusesAFolderOfOtherFiles) {
  core::make_folder(scratch_ / "mine");
  core::write_file_atomic(scratch_ / "mine" / "letter.txt", std::string("x"));
  EXPECT_THAT(core::caught_text([&] { personalize(options("mine")); }),
              HasSubstr("is not empty, it holds \"letter.txt\""));
}

TEST_F(Personalizing, NeedsAReadableImage) {
  core::make_folder(scratch_ / "empty");
  PersonalizeOptions none = options("none");
  none.images = {scratch_ / "empty"};
  EXPECT_THAT(core::caught_text([&] { personalize(none); }), HasSubstr("no readable image in it"));
}

TEST_F(Personalizing, StopsWhereTheLossIsNotFiniteAndKeepsTheCheckpoint) {
  PersonalizeOptions wild = options("wild", 200);
  wild.learning_rate = 1.0;
  const core::Error error = core::caught([&] { personalize(wild); });
  EXPECT_EQ(error.kind(), ErrorKind::kInput);
  EXPECT_THAT(error.what(), HasSubstr("is not finite; lower --learning-rate"));
  EXPECT_FALSE(fs::exists(scratch_ / "wild" / "personalization.json"));
}

TEST_F(Personalizing, NamesTheMethodsForAnUnknownOne) {
  const core::Error error = core::caught([] { personalize_method_from_name("hypernetwork"); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.what(), HasSubstr("full, lora, dreambooth"));
}

TEST_F(Personalizing, NeedsATextEncoderInTheBase) {
  fs::copy(base_, scratch_ / "base", fs::copy_options::recursive);
  fs::remove_all(scratch_ / "base" / "text_encoder");
  PersonalizeOptions without = options("out");
  without.base = scratch_ / "base";
  EXPECT_THAT(core::caught_text([&] { personalize(without); }), HasSubstr("text_encoder"));
}

}  // namespace
}  // namespace patina::diffusion
