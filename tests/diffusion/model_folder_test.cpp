// SPDX-License-Identifier: Apache-2.0
// Which places on disk are models, and what is said of the others. Models are never unpickled.
#include "diffusion/folder/model_folder.h"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"

namespace patina::diffusion {
namespace {

using core::ErrorKind;
namespace fs = std::filesystem;

class ModelPlaces : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    core::make_folder((scratch_ / name).parent_path());
    core::write_file_atomic(scratch_ / name, text);
  }
  core::Error refusal() {
    return core::caught([&] { open_model_folder(scratch_.path()); });
  }
  core::ScratchFolder scratch_;
};

TEST_F(ModelPlaces, MustExist) {
  const core::Error error = core::caught([] { open_model_folder("/nowhere/at/all"); });
  EXPECT_EQ(error.kind(), ErrorKind::kInput);
  EXPECT_STREQ(error.what(), "/nowhere/at/all: does not exist; check the path.");
}

TEST_F(ModelPlaces, MustHaveAnIndex) { EXPECT_EQ(refusal().problem(), "has no model_index.json"); }

TEST_F(ModelPlaces, OfPicklesAreRefusedWithAWayOut) {
  write("model.ckpt", "\x80\x02");
  const core::Error error = refusal();
  EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
  EXPECT_EQ(error.problem(),
            "holds pickles, which can run code when they are opened, and no model_index.json");
  EXPECT_NE(error.todo().find("safe_serialization=True"), std::string::npos);
}

TEST_F(ModelPlaces, ThatAreASinglePickleAreRefused) {
  write("model.ckpt", "\x80\x02");
  const core::Error error = core::caught([&] { open_model_folder(scratch_ / "model.ckpt"); });
  EXPECT_EQ(error.problem(), "is a pickle, which can run code when it is opened");
}

TEST_F(ModelPlaces, OfAnotherArchitectureAreRefusedByName) {
  write("model_index.json", R"({"_class_name": "StableDiffusionXLPipeline"})");
  EXPECT_EQ(refusal().problem(),
            "is Stable Diffusion XL (\"StableDiffusionXLPipeline\"), not supported");
  write("model_index.json", R"({"_class_name": "FluxPipeline"})");
  EXPECT_EQ(refusal().problem(), "is Flux (\"FluxPipeline\"), not supported");
  write("model_index.json", R"({"_class_name": "BrandNewPipeline"})");
  EXPECT_EQ(refusal().problem(), "\"BrandNewPipeline\" is not supported");
}

TEST_F(ModelPlaces, WithWeightsAsPicklesAreRefused) {
  write("model_index.json", R"({"_class_name": "StableDiffusionPipeline"})");
  write("text_encoder/config.json", "{}");
  write("text_encoder/pytorch_model.bin", "\x80\x02");
  const core::Error error = refusal();
  EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
  EXPECT_EQ(error.where(), (scratch_ / "text_encoder").string());
  EXPECT_EQ(error.problem(), "holds its weights as a pickle, which can run code when it is opened");
}

TEST_F(ModelPlaces, WithoutConfigAreRefused) {
  write("model_index.json", R"({"_class_name": "StableDiffusionPipeline"})");
  write("text_encoder/model.safetensors", "");
  EXPECT_EQ(refusal().problem(), "has no config.json");
}

TEST_F(ModelPlaces, MayKeepWeightsInShards) {
  write("unet/config.json", "{}");
  write(
      "unet/diffusion_pytorch_model.safetensors.index.json",
      R"({"weight_map": {"b": "m-2.safetensors", "a": "m-1.safetensors", "c": "m-2.safetensors"}})");
  const ComponentFiles files = find_component(scratch_ / "unet", "diffusion_pytorch_model");
  EXPECT_EQ(files.weights,
            (std::vector<fs::path>{scratch_ / "unet/m-1.safetensors",
                                   scratch_ / "unet/m-2.safetensors"}));
}

TEST_F(ModelPlaces, MayNotNameShardsElsewhere) {
  write("unet/config.json", "{}");
  write("unet/diffusion_pytorch_model.safetensors.index.json",
        R"({"weight_map": {"a": "../../secret.safetensors"}})");
  const core::Error error = core::caught(
      [&] { find_component(scratch_ / "unet", "diffusion_pytorch_model"); });
  EXPECT_EQ(error.kind(), ErrorKind::kInput);
  EXPECT_NE(error.problem().find("secret.safetensors"), std::string::npos);
}

TEST_F(ModelPlaces, MayHoldHalfPrecisionVariantsOnly) {
  write("vae/config.json", "{}");
  write("vae/diffusion_pytorch_model.fp16.safetensors", "");
  const ComponentFiles files = find_component(scratch_ / "vae", "diffusion_pytorch_model");
  EXPECT_EQ(files.weights.front().filename(), "diffusion_pytorch_model.fp16.safetensors");
}

}  // namespace
}  // namespace patina::diffusion
