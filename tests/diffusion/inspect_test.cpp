// SPDX-License-Identifier: Apache-2.0
// What inspect() tells of files made here and of the tiny golden models.
#include "diffusion/inspect/inspect.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/safetensors.h"
#include "core/secret_box.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"
#include "tests/golden/golden_set.h"

namespace patina::diffusion {
namespace {

using core::caught;
using core::DType;
using core::ErrorKind;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using Tensors = std::map<std::string, core::TensorBlob>;
using Metadata = std::map<std::string, std::string>;

core::TensorBlob zeros(std::vector<std::int64_t> shape, DType dtype = DType::kF32) {
  std::size_t count = 1;
  for (const std::int64_t side : shape) count *= static_cast<std::size_t>(side);
  return {dtype, std::move(shape), std::vector<std::uint8_t>(count * core::size_of(dtype))};
}

core::TensorBlob number(float value) {
  core::TensorBlob blob = zeros({});
  std::memcpy(blob.bytes.data(), &value, sizeof value);
  return blob;
}

/// One line a fact, the kind first.
std::string text_of(const Inspection& inspection) {
  std::string text = inspection.kind + "\n";
  for (const Fact& fact : inspection.facts) text += fact.label + ": " + fact.value + "\n";
  return text;
}

class InspectTest : public ::testing::Test {
 protected:
  std::filesystem::path write(const Tensors& tensors, const Metadata& metadata = {}) const {
    core::write_safetensors(folder_ / "file.safetensors", tensors, metadata);
    return folder_ / "file.safetensors";
  }
  Inspection of(const Tensors& tensors, const Metadata& metadata = {}) const {
    return inspect(write(tensors, metadata));
  }
  Inspection of_lora(const Metadata& metadata) const {
    return of({{"unet.conv_in.lora_A.weight", zeros({4, 3})},
               {"unet.conv_in.lora_B.weight", zeros({8, 4})}},
              metadata);
  }
  core::ScratchFolder folder_;
};

// ---- LoRA

TEST_F(InspectTest, ALoRAIsToldByStyleRankAlphaAndTargets) {
  const std::string attention = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k";
  const std::string text = "lora_te_text_model_encoder_layers_0_mlp_fc1";
  const Inspection found = of({{attention + ".lora_down.weight", zeros({4, 3}, DType::kF16)},
                               {attention + ".lora_up.weight", zeros({2, 4}, DType::kF16)},
                               {attention + ".alpha", number(2.0F)},
                               {text + ".lora_down.weight", zeros({8, 3}, DType::kF16)},
                               {text + ".lora_up.weight", zeros({2, 8}, DType::kF16)},
                               {text + ".alpha", number(2.0F)}});
  EXPECT_EQ(text_of(found),
            "LoRA\n"
            "Style: kohya-ss\n"
            "Supported: yes\n"
            "Rank: 4 (1 module), 8 (1)\n"
            "Alpha: 2 (2 modules)\n"
            "Modules: text_encoder 1, unet 1\n"
            "Targets: cross-attention 1, feed-forward 1\n"
            "Tensors: 6\n"
            "Parameters: 62\n"
            "Dtypes: F16 (4 tensors), F32 (2)\n"
            "Data: 128 bytes\n");
}

TEST_F(InspectTest, HalfPrecisionAlphasAreNumbersToo) {
  core::TensorBlob half = zeros({}, DType::kF16);
  half.bytes = {0x00, 0x41};  // 2.5
  core::TensorBlob brain = zeros({}, DType::kBF16);
  brain.bytes = {0x20, 0x40};  // 2.5
  const Inspection found = of({{"lora_unet_a.lora_down.weight", zeros({4, 3})},
                               {"lora_unet_a.alpha", half},
                               {"lora_unet_b.alpha", brain}});
  EXPECT_THAT(text_of(found), HasSubstr("Alpha: 2.5 (2 modules)\n"));
}

TEST_F(InspectTest, LyCORISTypesAreNamedAsNotSupported) {
  const Inspection found = of({{"lora_unet_conv_in.hada_w1_a", zeros({2, 2})}});
  EXPECT_THAT(text_of(found),
              AllOf(HasSubstr("Style: LoHa (LyCORIS)\n"),
                    HasSubstr("Supported: no, a plain LoRA would be\n")));
  EXPECT_EQ(json::parse(found.json)["supported"], false);
}

TEST_F(InspectTest, KohyasMetadataIsToldInWords) {
  const Inspection found = of_lora(
      {{"ss_sd_model_name", "v1-5-pruned.safetensors"},
       {"ss_learning_rate", "0.0001"},
       {"ss_num_epochs", "10"},
       {"ss_steps", "1500"},
       {"ss_training_comment", "cats"},
       {"ss_training_started_at", "86400.5"},
       {"ss_noise_offset", "None"},
       {"ss_clip_skip", "2"},
       {"ss_dataset_dirs", R"({"10_cat": {"n_repeats": 10, "img_count": 20}})"},
       {"ss_tag_frequency", R"({"10_cat": {"cat": 20, "sofa": 7}, "5_cat": {"sofa": 30}})"},
       {"modelspec.title", "Cats"}});
  EXPECT_THAT(text_of(found),
              HasSubstr("Base model: v1-5-pruned.safetensors\n"
                        "Comment: cats\n"
                        "Epochs: 10\n"
                        "Steps: 1500\n"
                        "Learning rate: 0.0001\n"
                        "Training began: 1970-01-02T00:00:00Z\n"
                        "Training sets: 10_cat (20 images, 10 repeats)\n"
                        "Top tags: sofa 37, cat 20\n"
                        "Title: Cats\n"
                        "Clip skip: 2\n"));
  EXPECT_THAT(text_of(found), Not(HasSubstr("Noise offset")));
  EXPECT_EQ(json::parse(found.json)["top_tags"][0], (json{{"tag", "sofa"}, {"count", 37}}));
}

TEST_F(InspectTest, NewerDatasetDescriptionsAreReadAsWell) {
  const Inspection found = of_lora({{"ss_datasets",
                                     R"([{"tag_frequency": {"a": {"cat": 3}},
                                          "subsets": [{"image_dir": "cats", "img_count": 5,
                                                       "num_repeats": 2}]}])"}});
  EXPECT_THAT(text_of(found),
              AllOf(HasSubstr("Training sets: cats (5 images, 2 repeats)\n"),
                    HasSubstr("Top tags: cat 3\n")));
}

// ---- Hostile text

TEST_F(InspectTest, ForeignTextCannotSteerTheTerminal) {
  const Inspection found = of_lora({{"ss_training_comment",
                                     "a\x1B[2J\r\n\tb \xC2\x9B"
                                     "31m\xE2\x80\xAE"
                                     "c"}});
  EXPECT_THAT(text_of(found), HasSubstr("Comment: a\\u001B[2J b \\u009B31m\\u202Ec\n"));
}

TEST_F(InspectTest, LongTextIsCutAtACharacter) {
  std::string comment;
  while (comment.size() < 5000) comment += "\xE2\x82\xAC";
  const Inspection found = of_lora({{"ss_training_comment", comment}});
  EXPECT_THAT(text_of(found), HasSubstr("Comment: " + comment.substr(0, 498) + "...\n"));
}

struct Malformed {
  const char* key;
  const char* value;
};

class MalformedMetadata : public InspectTest, public ::testing::WithParamInterface<Malformed> {};

TEST_P(MalformedMetadata, IsPassedOver) {
  const Inspection found = of_lora({{GetParam().key, GetParam().value}});
  EXPECT_THAT(text_of(found), Not(AnyOf(HasSubstr("Top tags"), HasSubstr("Training sets"))));
}

INSTANTIATE_TEST_SUITE_P(
    Values,
    MalformedMetadata,
    ::testing::Values(Malformed{"ss_tag_frequency", "{"},
                      Malformed{"ss_tag_frequency", "[1, 2]"},
                      Malformed{"ss_tag_frequency", R"({"a": {"cat": "many"}})"},
                      Malformed{"ss_dataset_dirs", "7"},
                      Malformed{"ss_dataset_dirs", R"({"a": 1})"},
                      Malformed{"ss_datasets", R"("text")"},
                      Malformed{"ss_datasets", R"([null, {"subsets": {"a": 1}}])"}));

// ---- Other files

TEST_F(InspectTest, AnEmbeddingIsToldByItsTokens) {
  EXPECT_EQ(text_of(of({{"<a>", zeros({32})}, {"<b>", zeros({3, 32})}})),
            "textual-inversion embedding\n"
            "Style: diffusers learned_embeds\n"
            "Tokens: <a> (1 vector), <b> (3 vectors)\n"
            "Width: 32\n");
  EXPECT_EQ(text_of(of({{"emb_params", zeros({2, 768})}})),
            "textual-inversion embedding\n"
            "Style: webui (names no token)\n"
            "Tokens: not named (2 vectors)\n"
            "Width: 768\n");
}

TEST_F(InspectTest, OtherSafetensorsFilesAreToldBySizeAndMetadata) {
  EXPECT_EQ(text_of(of({{"a.weight", zeros({2, 3})}, {"b.ids", zeros({4}, DType::kI64)}},
                       {{"note", "x"}})),
            "safetensors file\n"
            "Tensors: 2\n"
            "Parameters: 6\n"
            "Dtypes: F32 (1 tensor), I64 (1)\n"
            "Data: 56 bytes\n"
            "Largest: b.ids [4], a.weight [2,3]\n"
            "Metadata note: x\n");
  EXPECT_EQ(of({{"model.diffusion_model.out.2.weight", zeros({4, 3})}}).kind,
            "single-file checkpoint");
}

// ---- Patina's own

TEST_F(InspectTest, NothingSecretIsToldOfAKey) {
  const json document = {{"kind", "patina-coat-key"},
                         {"method", "siren"},
                         {"format_version", 1},
                         {"seed", "1122334455"},
                         {"message", "abcdefabcdef"}};
  const Inspection found = of({{"generator/secret", zeros({2})}},
                              {{"patina", document.dump()}, {"content_sha256", "998877"}});
  EXPECT_EQ(text_of(found),
            "Patina coat key\n"
            "Method: siren\n"
            "Format version: 1\n"
            "Sealed: no\n");
  EXPECT_EQ(json::parse(found.json),
            (json{{"kind", "Patina coat key"},
                  {"method", "siren"},
                  {"format_version", 1},
                  {"sealed", false}}));
}

TEST_F(InspectTest, NothingIsToldOfADamagedKey) {
  const Inspection found = of({{"center", zeros({2})}}, {{"patina", R"({"seed": "1122)"}});
  EXPECT_EQ(text_of(found), "Patina file\nSealed: no\n");
  EXPECT_THAT(found.json, Not(HasSubstr("1122")));
}

TEST_F(InspectTest, ASealedKeyIsToldAsSuch) {
  core::write_file_atomic(folder_ / "my.key", core::seal({1, 2, 3}, "passphrase"));
  EXPECT_EQ(text_of(inspect(folder_ / "my.key")),
            "sealed Patina file\n"
            "Sealed: yes, with a passphrase\n"
            "Seal version: 1\n");
}

// ---- Refused

struct Pickle {
  const char* file;
  std::string bytes;
  const char* problem;
};
void PrintTo(const Pickle& value, std::ostream* out) { *out << value.file; }

class Pickles : public InspectTest, public ::testing::WithParamInterface<Pickle> {};

TEST_P(Pickles, AreRefusedByKind) {
  const auto path = folder_ / GetParam().file;
  core::write_file_atomic(path, GetParam().bytes);
  const core::Error error = caught([&] { inspect(path); });
  EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
  EXPECT_EQ(error.problem(),
            std::string(GetParam().problem) + "; a pickle can run code when it is opened");
}

INSTANTIATE_TEST_SUITE_P(
    Kinds,
    Pickles,
    ::testing::Values(
        Pickle{"model.ckpt",
               std::string("PK\x03\x04 archive/data.pkl"),
               "is a PyTorch archive, which is a zip of pickles"},
        Pickle{"old.pth",
               std::string("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80", 16),
               "is a row of pickles in PyTorch's old format"},
        Pickle{"hidden.safetensors", std::string("\x80\x04\x95 code"), "is a pickle"},
        Pickle{"style.pt",
               std::string("PK\x03\x04 x/data.pkl string_to_param"),
               "is a PyTorch archive, which is a zip of pickles with an embedding of webui "
               "(string_to_param)"},
        Pickle{"text.bin", std::string("(dp0\n."), "is named like a pickle"}));

TEST_F(InspectTest, ASafetensorsFileMayHaveAPicklesName) {
  std::filesystem::rename(write({{"<a>", zeros({32})}}), folder_ / "e.bin");
  EXPECT_EQ(inspect(folder_ / "e.bin").kind, "textual-inversion embedding");
}

TEST_F(InspectTest, WhatIsMissingOrDamagedIsAnError) {
  EXPECT_EQ(caught([&] { inspect(folder_ / "none"); }).problem(), "does not exist");
  core::write_file_atomic(folder_ / "cut", std::string("abc"));
  EXPECT_EQ(caught([&] { inspect(folder_ / "cut"); }).kind(), ErrorKind::kInput);
  EXPECT_EQ(caught([&] { inspect(folder_.path()); }).problem(), "has no model_index.json");
}

// ---- Model folders

TEST(InspectModel, AFolderIsToldByArchitectureSizesAndScheduler) {
  const auto set = golden::open_golden_set("diffusers");
  if (!set) GTEST_SKIP() << "no golden set \"diffusers\"";
  const Inspection found = inspect(set->path("models/sd21"));
  EXPECT_EQ(found.kind, "model folder");
  EXPECT_THAT(
      text_of(found),
      AllOf(HasSubstr("Pipeline: StableDiffusionPipeline\n"),
            HasSubstr("Prediction: v_prediction (velocity)\n"),
            HasSubstr("UNet: channels 16, 32, 48, heads 2, 4, 6, context 32; "),
            HasSubstr("Text encoder: 3 layers of width 32, vocabulary of 1024; "),
            HasSubstr("Autoencoder: channels 16, 32, 4 latent channels at 1/2 of each side; ")));
  const json exact = json::parse(found.json);
  EXPECT_EQ(exact["prediction_type"], "v_prediction");
  EXPECT_GT(exact["unet"]["parameters"], 100000);
}

TEST(InspectModel, GoldenLoRAsAndEmbeddingsAreKnownAsSuch) {
  const auto set = golden::open_golden_set("diffusers");
  if (!set) GTEST_SKIP() << "no golden set \"diffusers\"";
  const json index = set->index();
  for (const json& entry : index["cases"]) {
    if (entry["kind"] == "LoRA") {
      const Inspection found = inspect(set->path(entry["lora_file"].get<std::string>()));
      EXPECT_EQ(found.kind, "LoRA") << entry["id"];
      EXPECT_EQ(json::parse(found.json)["ranks"][0]["rank"], entry["rank"]) << entry["id"];
    }
    if (entry["kind"] == "textual inversion") {
      for (const std::string file : entry["files"]) {
        EXPECT_EQ(inspect(set->path(file)).kind, "textual-inversion embedding") << file;
      }
    }
  }
}

}  // namespace
}  // namespace patina::diffusion
