// SPDX-License-Identifier: Apache-2.0
// What a config.json may say, and the words for what it may not.
#include "diffusion/files/model_config.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "tests/core/caught.h"

namespace patina::diffusion {
namespace {

using core::ErrorKind;
using nlohmann::json;

json sd15_unet() {
  return {{"_class_name", "UNet2DConditionModel"},
          {"attention_head_dim", 8},
          {"block_out_channels", {320, 640, 1280, 1280}},
          {"cross_attention_dim", 768}};
}

TEST(UNetConfig, TakesTheLibrarysDefaultsForWhatAFileLeavesOut) {
  const UNetConfig config = unet_config(sd15_unet(), "unet");
  EXPECT_EQ(config.layers_per_block, 2);
  EXPECT_EQ(config.down_attends, (std::vector<bool>{true, true, true, false}));
  EXPECT_EQ(config.up_attends, (std::vector<bool>{false, true, true, true}));
  EXPECT_EQ(config.num_heads, (std::vector<std::int64_t>{8, 8, 8, 8}));
  EXPECT_FALSE(config.use_linear_projection);
  EXPECT_EQ(config.time_cond_proj_dim, 0);
}

TEST(UNetConfig, ReadsAttentionHeadDimAsTheNumberOfHeadsOfEachLevel) {
  json file = sd15_unet();
  file["attention_head_dim"] = {5, 10, 20, 20};
  EXPECT_EQ(unet_config(file, "unet").num_heads, (std::vector<std::int64_t>{5, 10, 20, 20}));
}

TEST(UNetConfig, IgnoresCommentsAndOptionsOfNoConsequence) {
  json file = sd15_unet();
  file["_diffusers_version"] = "9.9";
  file["upcast_attention"] = true;
  EXPECT_NO_THROW(unet_config(file, "unet"));
}

TEST(Configs, ComeBackFromWhatTheyWrite) {
  UNetConfig unet = unet_config(sd15_unet(), "unet");
  unet.time_cond_proj_dim = 256;
  EXPECT_EQ(to_json(unet_config(to_json(unet), "unet")), to_json(unet));
  VaeConfig vae;
  vae.block_out_channels = {32, 64, 64};
  EXPECT_EQ(to_json(vae_config(to_json(vae), "vae")), to_json(vae));
  TextEncoderConfig text;
  text.activation = Activation::kGelu;
  EXPECT_EQ(to_json(text_encoder_config(to_json(text), "text")), to_json(text));
}

struct Refusal {
  const char* name;
  const char* key;
  json value;
  ErrorKind kind;
  const char* where;
  const char* what;
};

class UNetRefusal : public ::testing::TestWithParam<Refusal> {};

TEST_P(UNetRefusal, NamesFileFieldAndValue) {
  json file = sd15_unet();
  file[GetParam().key] = GetParam().value;
  const core::Error error = core::caught([&] { unet_config(file, "unet/config.json"); });
  EXPECT_EQ(error.kind(), GetParam().kind);
  EXPECT_EQ(error.where(), GetParam().where);
  EXPECT_EQ(error.problem(), GetParam().what);
}

INSTANTIATE_TEST_SUITE_P(
    Fields,
    UNetRefusal,
    ::testing::Values(
        Refusal{"Class",
                "_class_name",
                "FluxTransformer2DModel",
                ErrorKind::kUnsupported,
                "unet/config.json",
                "\"FluxTransformer2DModel\" is not an architecture this build runs"},
        Refusal{"SDXL",
                "addition_embed_type",
                "text_time",
                ErrorKind::kUnsupported,
                "unet/config.json, \"addition_embed_type\"",
                "\"text_time\" is not supported"},
        Refusal{"BlockType",
                "down_block_types",
                {"AttnDownBlock2D", "DownBlock2D", "DownBlock2D", "DownBlock2D"},
                ErrorKind::kUnsupported,
                "unet/config.json, \"down_block_types\"",
                "\"AttnDownBlock2D\" is not supported, only CrossAttnDownBlock2D and DownBlock2D"},
        Refusal{"UnknownField",
                "frobnicate",
                true,
                ErrorKind::kUnsupported,
                "unet/config.json",
                "has the unknown field \"frobnicate\""},
        Refusal{"WrongType",
                "layers_per_block",
                "two",
                ErrorKind::kInput,
                "unet/config.json",
                "/layers_per_block is not an integer"},
        Refusal{"OutOfRange",
                "layers_per_block",
                -1,
                ErrorKind::kInput,
                "unet/config.json",
                "/layers_per_block is -1, outside [1, 16]"},
        Refusal{"Groups",
                "norm_num_groups",
                33,
                ErrorKind::kInput,
                "unet/config.json, \"norm_num_groups\"",
                "33 does not divide 320 channels"},
        Refusal{"Levels",
                "up_block_types",
                {"UpBlock2D"},
                ErrorKind::kInput,
                "unet/config.json, \"up_block_types\"",
                "has not one entry for each of block_out_channels"}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(VaeConfig, RefusesAShiftFactorAsOfLaterModels) {
  json file = to_json(VaeConfig{});
  file["shift_factor"] = 0.1;
  const core::Error error = core::caught([&] { vae_config(file, "vae/config.json"); });
  EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
  EXPECT_EQ(error.where(), "vae/config.json, \"shift_factor\"");
}

TEST(TextEncoderConfig, RefusesAnotherTextModel) {
  const core::Error error = core::caught([] {
    text_encoder_config({{"model_type", "t5"}}, "text_encoder/config.json");
  });
  EXPECT_EQ(error.problem(), "\"t5\" is not an architecture this build runs");
}

}  // namespace
}  // namespace patina::diffusion
