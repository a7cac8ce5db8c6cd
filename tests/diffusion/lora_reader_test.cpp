// SPDX-License-Identifier: Apache-2.0
// LoRA files in every style of names, and what is refused of them.
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
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
using core::ErrorKind;
using ::testing::HasSubstr;
using torch::Tensor;

// ---- Names

struct NameCase {
  const char* name;
  std::string down;
  std::string up;
  std::string weight;
  const char* style;
};
void PrintTo(const NameCase& value, std::ostream* out) { *out << value.name; }

class LoRANames : public LoRATest, public ::testing::WithParamInterface<NameCase> {};

TEST_P(LoRANames, LeadToTheModelsWeight) {
  const NameCase& c = GetParam();
  const Tensor weight = model_.value(c.weight);
  std::vector<std::int64_t> down = weight.sizes().vec();
  std::vector<std::int64_t> up(down.size(), 1);
  up[0] = down[0];
  up[1] = down[0] = 2;
  const LoRA lora = read({{c.down, torch::ones(down)}, {c.up, torch::ones(up)}});
  EXPECT_EQ(lora.style, c.style);
  ASSERT_EQ(lora.unet.size() + lora.text_encoder.size(), 1U);
  const auto& changes = lora.unet.empty() ? lora.text_encoder : lora.unet;
  EXPECT_EQ(changes.begin()->first, c.weight + ".weight");
}

NameCase kohya(const char* name, const std::string& module, const std::string& weight) {
  return {name, module + ".lora_down.weight", module + ".lora_up.weight", weight, "kohya-ss"};
}
NameCase layers(const char* name, const std::string& stem, const std::string& weight) {
  return {name, stem + ".down.weight", stem + ".up.weight", weight, "diffusers layers"};
}
NameCase processor(const char* name, const std::string& stem, const std::string& weight) {
  return {name, stem + ".down.weight", stem + ".up.weight", weight, "diffusers processors"};
}
NameCase peft(const char* name,
              const std::string& module,
              const std::string& adapter,
              const std::string& weight) {
  return {name, module + ".lora_A" + adapter, module + ".lora_B" + adapter, weight, "peft"};
}

const std::string kAttention = "down_blocks.0.attentions.0.transformer_blocks.0.attn1";

INSTANTIATE_TEST_SUITE_P(
    Styles,
    LoRANames,
    ::testing::Values(
        kohya("kohya_linear",
              "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_out_0",
              kOut),
        kohya("kohya_conv", "lora_unet_down_blocks_0_resnets_0_conv1", kConv),
        kohya("kohya_text", "lora_te_text_model_encoder_layers_0_self_attn_q_proj", kText),
        processor("processor", "unet." + kAttention + ".processor.to_q_lora", kQuery),
        processor("processor_out", "unet." + kAttention + ".processor.to_out_lora", kOut),
        processor("processor_without_network", kAttention + ".processor.to_q_lora", kQuery),
        processor("processor_text",
                  "text_encoder.text_model.encoder.layers.0.self_attn.to_q_lora",
                  kText),
        layers("layers", "unet." + kOut + ".lora", kOut),
        layers("layers_text", "text_encoder." + kText + ".lora_linear_layer", kText),
        peft("peft", "unet." + kQuery, ".weight", kQuery),
        peft("peft_conv", "unet." + kConv, ".weight", kConv),
        peft("peft_named_adapter", "unet." + kQuery, ".default.weight", kQuery),
        peft("peft_wrapped", "base_model.model." + kQuery, ".weight", kQuery),
        peft("peft_wrapped_text", "base_model.model." + kText, ".weight", kText),
        peft(
            "peft_twice_wrapped", "unet.base_model.model." + kQuery, ".default_0.weight", kQuery)));

INSTANTIATE_TEST_SUITE_P(
    OriginalLayout,
    LoRANames,
    ::testing::Values(
        kohya("conv_in", "lora_unet_input_blocks_0_0", "conv_in"),
        kohya("time", "lora_unet_time_embed_0", "time_embedding.linear_1"),
        kohya("attention", "lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q", kQuery),
        kohya("resnet", "lora_unet_input_blocks_1_0_in_layers_2", kConv),
        kohya("second_resnet",
              "lora_unet_input_blocks_2_0_out_layers_3",
              "down_blocks.0.resnets.1.conv2"),
        kohya("downsampler", "lora_unet_input_blocks_3_0_op", "down_blocks.0.downsamplers.0.conv"),
        kohya("middle",
              "lora_unet_middle_block_2_emb_layers_1",
              "mid_block.resnets.1.time_emb_proj"),
        kohya("up_resnet",
              "lora_unet_output_blocks_2_0_skip_connection",
              "up_blocks.0.resnets.2.conv_shortcut"),
        kohya("upsampler_without_attention",
              "lora_unet_output_blocks_2_1_conv",
              "up_blocks.0.upsamplers.0.conv"),
        kohya("up_attention",
              "lora_unet_output_blocks_3_1_proj_out",
              "up_blocks.1.attentions.0.proj_out"),
        kohya("upsampler_behind_attention",
              "lora_unet_output_blocks_5_2_conv",
              "up_blocks.1.upsamplers.0.conv"),
        kohya("conv_out", "lora_unet_out_2", "conv_out")));

TEST_F(LoRATest, KernelsOfOnePixelMayBeWrittenAsMatrices) {
  const std::string name = "lora_unet_down_blocks_0_attentions_0_proj_in";
  const LoRA lora = read({{name + ".lora_down.weight", torch::ones({2, 4})},
                          {name + ".lora_up.weight", torch::ones({4, 2})}});
  const LowRank& change = lora.unet.at("down_blocks.0.attentions.0.proj_in.weight");
  EXPECT_EQ(change.delta().sizes().vec(), (std::vector<std::int64_t>{4, 4, 1, 1}));
}

TEST_F(LoRATest, AnyFloatingDtypeIsReadAsFloat32) {
  for (const auto dtype : {torch::kFloat64, torch::kFloat32, torch::kFloat16, torch::kBFloat16}) {
    const LoRA lora = read({{"unet." + kQuery + ".lora_A.weight", torch::ones({2, 5}, dtype)},
                            {"unet." + kQuery + ".lora_B.weight", torch::ones({4, 2}, dtype)}});
    EXPECT_TRUE(torch::equal(lora.unet.at(kQuery + ".weight").down, torch::ones({2, 5})));
  }
}

// ---- Alpha

struct AlphaCase {
  const char* name;
  std::string module;  // of the tensors, without their last parts
  std::optional<float> tensor;
  Metadata metadata;
  double alpha;
};
void PrintTo(const AlphaCase& value, std::ostream* out) { *out << value.name; }

class LoRAAlpha : public LoRATest, public ::testing::WithParamInterface<AlphaCase> {};

TEST_P(LoRAAlpha, IsTheModulesOwnOrDeclaredOrTheRank) {
  const AlphaCase& c = GetParam();
  Tensors tensors = {{c.module + ".lora_A.weight", torch::ones({4, 5})},
                     {c.module + ".lora_B.weight", torch::ones({4, 4})}};
  if (c.tensor) tensors[c.module + ".alpha"] = torch::tensor(*c.tensor);
  EXPECT_DOUBLE_EQ(read(tensors, c.metadata).unet.at(kQuery + ".weight").alpha, c.alpha);
}

Metadata declared(const std::string& json) { return {{"lora_adapter_metadata", json}}; }

INSTANTIATE_TEST_SUITE_P(
    Sources,
    LoRAAlpha,
    ::testing::Values(
        AlphaCase{"nothing", "unet." + kQuery, {}, {}, 4.0},
        AlphaCase{"tensor", "unet." + kQuery, 2.5F, declared(R"({"unet.lora_alpha": 8})"), 2.5},
        AlphaCase{"metadata", "unet." + kQuery, {}, {{"lora_alpha", "6"}}, 6.0},
        AlphaCase{"of_network", "unet." + kQuery, {}, declared(R"({"unet.lora_alpha": 8})"), 8.0},
        AlphaCase{"of_the_other_network",
                  "unet." + kQuery,
                  {},
                  declared(R"({"text_encoder.lora_alpha": 8})"),
                  4.0},
        AlphaCase{"without_network",
                  "base_model.model." + kQuery,
                  {},
                  declared(R"({"lora_alpha": 16, "r": 4})"),
                  16.0},
        AlphaCase{"pattern",
                  "unet." + kQuery,
                  {},
                  declared(R"({"unet.lora_alpha": 8, "unet.alpha_pattern": {"attn1.to_q": 3}})"),
                  3.0},
        AlphaCase{"pattern_of_another",
                  "unet." + kQuery,
                  {},
                  declared(R"({"unet.lora_alpha": 8, "unet.alpha_pattern": {"n1.to_q": 3}})"),
                  8.0},
        AlphaCase{"by_root_of_rank",
                  "unet." + kQuery,
                  {},
                  declared(R"({"unet.lora_alpha": 8, "unet.use_rslora": true})"),
                  16.0}));

TEST_F(LoRATest, PeftsConfigBesideItsFileGivesAlpha) {
  const auto path = write({{"base_model.model." + kQuery + ".lora_A.weight", torch::ones({4, 5})},
                           {"base_model.model." + kQuery + ".lora_B.weight", torch::ones({4, 4})}});
  std::filesystem::rename(path, folder_ / "adapter_model.safetensors");
  core::write_file_atomic(folder_ / "adapter_config.json", std::string(R"({"lora_alpha": 32})"));
  const LoRA lora = read_lora(
      folder_ / "adapter_model.safetensors", model_.unet, model_.text_encoder);
  EXPECT_EQ(lora.unet.at(kQuery + ".weight").alpha, 32.0);
}

// ---- What is refused

struct Refused {
  const char* name;
  std::map<std::string, std::vector<std::int64_t>> shapes;
  Metadata metadata;
  ErrorKind kind;
  const char* sentence;  // after the file's name
};
void PrintTo(const Refused& value, std::ostream* out) { *out << value.name; }

class LoRARefusal : public LoRATest, public ::testing::WithParamInterface<Refused> {};

TEST_P(LoRARefusal, NamesTheModuleAndSaysWhatToDo) {
  const Refused& c = GetParam();
  Tensors tensors;
  for (const auto& [name, shape] : c.shapes) tensors[name] = torch::ones(shape);
  const auto path = write(tensors, c.metadata);
  const core::Error error = caught([&] { read_lora(path, model_.unet, model_.text_encoder); });
  EXPECT_EQ(error.kind(), c.kind);
  EXPECT_EQ(error.what(), path.string() + c.sentence);
}

const std::string kFlat = "lora_unet_down_blocks_0_resnets_0_conv1";
const std::string kA = "unet.conv_in.lora_A.weight";
const std::string kB = "unet.conv_in.lora_B.weight";

INSTANTIATE_TEST_SUITE_P(
    Contents,
    LoRARefusal,
    ::testing::Values(
        Refused{"nothing", {}, {}, ErrorKind::kInput, ": holds no LoRA; give a LoRA's file."},
        Refused{"other_tensors",
                {{kA, {2, 3, 3, 3}}, {kB, {4, 2, 1, 1}}, {"vae.weight", {1}}},
                {},
                ErrorKind::kInput,
                ": holds tensors that belong to no LoRA: \"vae.weight\"; use a plain LoRA."},
        Refused{"no_such_module",
                {{"unet.conv_up.lora_A.weight", {2, 4}}, {"unet.conv_up.lora_B.weight", {4, 2}}},
                {},
                ErrorKind::kInput,
                ": changes modules that the model does not have: \"conv_up\"; use a LoRA made for "
                "this base model."},
        Refused{"up_without_down",
                {{kFlat + ".lora_up.weight", {6, 2, 1, 1}}},
                {},
                ErrorKind::kInput,
                ", module \"down_blocks_0_resnets_0_conv1\": has no down factor; fetch or write "
                "the file again."},
        Refused{"down_without_up",
                {{kA, {2, 3, 3, 3}}},
                {},
                ErrorKind::kInput,
                ", module \"conv_in\": has no up factor; fetch or write the file again."},
        Refused{"ranks",
                {{kA, {2, 3, 3, 3}}, {kB, {4, 3, 1, 1}}},
                {},
                ErrorKind::kInput,
                ", module \"conv_in\": down [2,3,3,3] and up [4,3,1,1] differ in their rank; fetch "
                "or write the file again."},
        Refused{"shapes",
                {{kA, {2, 5, 3, 3}}, {kB, {4, 2, 1, 1}}},
                {},
                ErrorKind::kInput,
                ", module \"conv_in\": down [2,5,3,3] and up [4,2,1,1] do not fit the model's "
                "weight [4,3,3,3]; use a LoRA made for this base model."},
        Refused{"flattened_kernel",
                {{kA, {2, 27}}, {kB, {4, 2}}},
                {},
                ErrorKind::kInput,
                ", module \"conv_in\": down [2,27] and up [4,2] do not fit the model's weight "
                "[4,3,3,3]; use a LoRA made for this base model."},
        Refused{"norm",
                {{"unet.down_blocks.0.resnets.0.norm1.lora_A.weight", {2, 1}},
                 {"unet.down_blocks.0.resnets.0.norm1.lora_B.weight", {4, 2}}},
                {},
                ErrorKind::kInput,
                ", module \"down_blocks.0.resnets.0.norm1\": down [2,1] and up [4,2] cannot change "
                "a weight [4]; use a LoRA of linear and convolution layers."},
        Refused{"alpha_of_two_numbers",
                {{kA, {2, 3, 3, 3}}, {kB, {4, 2, 1, 1}}, {"unet.conv_in.alpha", {2}}},
                {},
                ErrorKind::kInput,
                ", tensor \"unet.conv_in.alpha\": shape [2], an alpha is one finite number; fetch "
                "or write the file again."},
        Refused{
            "twice",
            {{kA, {2, 3, 3, 3}}, {kB, {4, 2, 1, 1}}, {"conv_in.lora_A.weight", {2, 3, 3, 3}}},
            {},
            ErrorKind::kInput,
            ", module \"conv_in\": \"conv_in.lora_A.weight\" and \"unet.conv_in.lora_A.weight\" "
            "are the same factor; fetch or write the file again."},
        Refused{"twice_in_two_styles",
                {{kA, {2, 3, 3, 3}},
                 {kB, {4, 2, 1, 1}},
                 {"lora_unet_input_blocks_0_0.lora_down.weight", {2, 3, 3, 3}},
                 {"lora_unet_input_blocks_0_0.lora_up.weight", {4, 2, 1, 1}}},
                {},
                ErrorKind::kInput,
                ", module \"input_blocks_0_0\": changes \"conv_in.weight\", which another module "
                "does, too; fetch or write the file again."},
        Refused{
            "metadata",
            {{kA, {2, 3, 3, 3}}, {kB, {4, 2, 1, 1}}},
            {{"lora_alpha", "\"four\""}},
            ErrorKind::kInput,
            ", metadata lora_alpha: lora_alpha is \"\"four\"\"; fetch or write the file again."},
        Refused{"regular_expression",
                {{kA, {2, 3, 3, 3}}, {kB, {4, 2, 1, 1}}},
                declared(R"({"unet.alpha_pattern": {"^conv.*": 1}})"),
                ErrorKind::kUnsupported,
                ", metadata lora_adapter_metadata: alpha_pattern \"^conv.*\" is a regular "
                "expression; save the LoRA with whole module names."}));

Refused kin(const char* name, const std::string& tensor, const char* sentence) {
  return {name, {{tensor, {2, 2}}}, {}, ErrorKind::kUnsupported, sentence};
}

INSTANTIATE_TEST_SUITE_P(
    Kin,
    LoRARefusal,
    ::testing::Values(
        kin("loha",
            "lora_unet_conv_in.hada_w1_a",
            ", tensor \"lora_unet_conv_in.hada_w1_a\": belongs to LoHa (LyCORIS), which is not "
            "supported; use a plain LoRA for Stable Diffusion 1.x or 2.x."),
        kin("lokr",
            "lora_unet_conv_in.lokr_w2",
            ", tensor \"lora_unet_conv_in.lokr_w2\": belongs to LoKr (LyCORIS), which is not "
            "supported; use a plain LoRA for Stable Diffusion 1.x or 2.x."),
        kin("dora",
            "lora_unet_conv_in.dora_scale",
            ", tensor \"lora_unet_conv_in.dora_scale\": belongs to DoRA, which is not supported; "
            "use a plain LoRA for Stable Diffusion 1.x or 2.x."),
        kin("tucker",
            "lora_unet_conv_in.lora_mid.weight",
            ", tensor \"lora_unet_conv_in.lora_mid.weight\": belongs to LoCon with Tucker "
            "decomposition (lora_mid), which is not supported; use a plain LoRA for Stable "
            "Diffusion 1.x or 2.x."),
        kin("sdxl",
            "lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight",
            ", tensor \"lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight\": belongs "
            "to a LoRA for Stable Diffusion XL, which is not supported; use a plain LoRA for "
            "Stable Diffusion 1.x or 2.x."),
        kin("transformer",
            "transformer.blocks.0.attn.to_q.lora_A.weight",
            ", tensor \"transformer.blocks.0.attn.to_q.lora_A.weight\": belongs to a LoRA for a "
            "diffusion transformer, which is not supported; use a plain LoRA for Stable Diffusion "
            "1.x or 2.x.")));

TEST_F(LoRATest, ValuesMustBeFinite) {
  Tensor up = torch::ones({4, 2});
  up[1][1] = std::numeric_limits<float>::infinity();
  const core::Error error = caught([&] {
    read({{"unet." + kQuery + ".lora_A.weight", torch::ones({2, 5})},
          {"unet." + kQuery + ".lora_B.weight", up}});
  });
  EXPECT_EQ(error.kind(), ErrorKind::kInput);
  EXPECT_THAT(error.where(), HasSubstr("to_q.lora_B.weight"));
  EXPECT_EQ(error.problem(), "holds a value that is not finite");
}

TEST_F(LoRATest, WholeNumbersAreNoFactors) {
  const core::Error error = caught([&] {
    read({{kA, torch::ones({2, 3, 3, 3}, torch::kInt32)}, {kB, torch::ones({4, 2, 1, 1})}});
  });
  EXPECT_EQ(error.problem(), "dtype I32 is not a floating type");
}

TEST_F(LoRATest, PicklesAreNotOpened) {
  core::write_file_atomic(folder_ / "lora.pt", std::string("PK\x03\x04 archive/data.pkl"));
  const core::Error error = caught(
      [&] { read_lora(folder_ / "lora.pt", model_.unet, model_.text_encoder); });
  EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
  EXPECT_THAT(error.what(), HasSubstr("a zip of pickles; a pickle can run code when it is opened"));
}

}  // namespace
}  // namespace patina::diffusion
