// SPDX-License-Identifier: Apache-2.0
// Tokens of textual inversion against diffusers, and on a text encoder of a few numbers.
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "core/error.h"
#include "core/files.h"
#include "core/safetensors.h"
#include "diffusion/adapters/textual_inversion_torch.h"
#include "diffusion/generate/denoising_torch.h"
#include "tensors/blobs_torch.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"
#include "tests/diffusion/golden_cases.h"
#include "tests/diffusion/tiny_model.h"

namespace patina::diffusion {
namespace {

using core::caught;
using core::ErrorKind;
using ::testing::HasSubstr;
using torch::Tensor;

// ---- Against diffusers

Tensor ids_of(const Tokenizer& tokenizer, const nlohmann::json& prompts) {
  std::vector<Tensor> rows;
  for (const auto& prompt : prompts) {
    rows.push_back(torch::tensor(tokenizer.encode_padded(prompt.get<std::string>()).ids));
  }
  return torch::stack(rows);  // [prompts,S]
}

TEST(TextualInversionGolden, AddedTokensGiveTheReferencesIdsAndHiddenStates) {
  const std::vector<GoldenCase> cases = golden_cases("textual inversion");
  if (cases.empty()) GTEST_SKIP() << "no golden set \"diffusers\"";
  for (const GoldenCase& c : cases) {
    Tokenizer tokenizer = Tokenizer::load(c.model() / "tokenizer");
    TextEncoder encoder = text_encoder_in(c.model());
    for (const std::string file : c.entry().at("files")) {
      const bool webui = file.find("webui") != std::string::npos;
      add_embeddings(read_embeddings(c.path(file), webui ? "<webui>" : ""), tokenizer, encoder);
    }
    const Tensor ids = ids_of(tokenizer, c.entry().at("prompts"));
    c.expect("input_ids", ids);
    const TextEncoding encoding = encoder.forward(ids);
    c.expect("hidden_states_0", encoding.hidden_states[0]);
    c.expect("last_hidden_state", encoding.last_hidden_state);
  }
}

// The denoising loss of a prompt with new tokens; of the whole matrix, training keeps one row's
// step.
void expect_training(const GoldenCase& training, const GoldenCase& files) {
  TextToImage model = load_text_to_image(training.model());
  for (const std::string file : files.entry().at("files")) {
    const bool webui = file.find("webui") != std::string::npos;
    add_embeddings(read_embeddings(files.path(file), webui ? "<webui>" : ""),
                   model.tokenizer,
                   model.text_encoder);
  }
  const WeightHandle& embedding = model.text_encoder.token_embedding();
  model.text_encoder.weights().make_trainable(
      [&](const std::string& name) { return name == embedding->name; });
  const Tensor ids = ids_of(model.tokenizer, training.entry().at("prompts"));
  EXPECT_TRUE(ids.equal(training.at("input_ids")));
  DenoisingBatch batch;
  batch.latents = encode_latents(model, training.at("image"));
  batch.noise = training.at("noise");
  batch.t = training.at("t");
  batch.context = model.text_encoder.context(ids);
  const Denoising denoising = denoise(model, batch);
  denoising.loss.backward();
  training.expect("loss", denoising.loss);
  training.expect("grad_token_embedding", embedding->value.grad());
  const std::int64_t first_new = model.text_encoder.config().vocab_size;
  training.expect("grad_new_row", embedding->value.grad()[first_new]);
}

TEST(TextualInversionGolden, LossReachesTheNewTokensRow) {
  const std::vector<GoldenCase> cases = golden_cases("textual inversion training");
  if (cases.empty()) GTEST_SKIP() << "no golden set \"diffusers\"";
  for (const GoldenCase& training : cases) {
    for (const GoldenCase& files : golden_cases("textual inversion")) {
      if (files.model() == training.model()) expect_training(training, files);
    }
  }
}

TEST(TextualInversionGolden, WrittenTokensAreReadBack) {
  const core::ScratchFolder folder;
  for (const GoldenCase& c : golden_cases("textual inversion")) {
    const auto embeddings = read_embeddings(c.path(c.entry().at("files").at(1)));
    write_embeddings(folder / "out.safetensors", embeddings);
    EXPECT_EQ(core::read_file(folder / "out.safetensors").size() > 0, true);
    const auto again = read_embeddings(folder / "out.safetensors");
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(again[0].token, embeddings[0].token);
    EXPECT_TRUE(torch::equal(again[0].vectors, embeddings[0].vectors));
  }
}

// ---- Files

class EmbeddingFile : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::map<std::string, Tensor>& tensors) const {
    std::map<std::string, core::TensorBlob> blobs;
    for (const auto& [name, tensor] : tensors) blobs[name] = tensors::blob_from_tensor(tensor);
    core::write_safetensors(folder_ / "e.safetensors", blobs, {});
    return folder_ / "e.safetensors";
  }
  core::Error refusal(const std::map<std::string, Tensor>& tensors,
                      const std::string& token = {}) const {
    return caught([&] { read_embeddings(write(tensors), token); });
  }
  core::ScratchFolder folder_;
};

TEST_F(EmbeddingFile, HoldsTokensWithOneOrMoreVectorsInAnyFloatingDtype) {
  const auto found = read_embeddings(
      write({{"<a>", torch::ones({5}, torch::kFloat16)}, {"<b>", torch::zeros({2, 5})}}));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].token, "<a>");
  EXPECT_TRUE(torch::equal(found[0].vectors, torch::ones({1, 5})));
  EXPECT_EQ(found[1].vectors.sizes().vec(), (std::vector<std::int64_t>{2, 5}));
}

TEST_F(EmbeddingFile, OfWebuiTakesTheTokenItIsGiven) {
  const auto path = write({{"emb_params", torch::ones({3, 5})}});
  EXPECT_EQ(read_embeddings(path, "<style>").front().token, "<style>");
  EXPECT_EQ(caught([&] { read_embeddings(path); }).what(),
            path.string() +
                ": does not say which token it stands for; name the token, such as the file's "
                "name.");
}

TEST_F(EmbeddingFile, ThatNamesItsTokensKeepsThem) {
  EXPECT_EQ(read_embeddings(write({{"<a>", torch::ones({5})}}), "<mine>").front().token, "<a>");
}

TEST_F(EmbeddingFile, IsRefusedWhereItHoldsSomethingElse) {
  EXPECT_EQ(refusal({}).problem(), "holds no tensors");
  EXPECT_EQ(refusal({{"<a>", torch::ones({1, 2, 3})}}).problem(),
            "shape [1,2,3], an embedding is a row or a few of them");
  EXPECT_EQ(refusal({{"<a>", torch::ones({5}, torch::kInt64)}}).problem(),
            "dtype I64 is not a floating type");
  EXPECT_EQ(refusal({{"<a>", torch::full({5}, NAN)}}).problem(),
            "holds a value that is not finite");
  EXPECT_EQ(refusal({{"emb_params", torch::ones({5})}, {"x", torch::ones({5})}}, "<a>").problem(),
            "holds other tensors beside emb_params");
}

TEST_F(EmbeddingFile, OfStableDiffusionXLIsNotSupported) {
  const core::Error error = refusal({{"clip_l", torch::ones({2, 5})}});
  EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
  EXPECT_EQ(error.problem(), "is an embedding for Stable Diffusion XL (clip_l, clip_g)");
}

TEST_F(EmbeddingFile, ThatIsAPickleIsNotOpened) {
  const auto path = folder_ / "style.pt";
  core::write_file_atomic(path, std::string("\x80\x02}q\x00X\x0f string_to_param", 23));
  const core::Error error = caught([&] { read_embeddings(path); });
  EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
  EXPECT_EQ(error.problem(),
            "is a pickle with an embedding of webui (string_to_param); a pickle can run code when "
            "it is opened");
}

TEST_F(EmbeddingFile, IsNotWrittenWithoutSoundTokens) {
  const auto path = folder_ / "out.safetensors";
  const TokenEmbedding one = {"<a>", torch::ones({1, 5})};
  EXPECT_EQ(caught([&] { write_embeddings(path, {}); }).problem(), "there is no token to write");
  EXPECT_EQ(caught([&] {
              write_embeddings(path, {one, one});
            }).problem(),
            "is to be written twice");
  EXPECT_EQ(caught([&] {
              write_embeddings(path, {{"<a>", torch::full({1, 5}, NAN)}});
            }).problem(),
            "its embedding holds a value that is not finite");
}

// ---- Tokenizer and text encoder together

class AddedTokens : public ::testing::Test {
 protected:
  AddedTokens() {
    const std::vector<GoldenCase> cases = golden_cases("textual inversion");
    if (cases.empty()) return;
    tokenizer_ = Tokenizer::load(cases.front().model() / "tokenizer");
    encoder_ = text_encoder_in(cases.front().model());
  }
  void SetUp() override {
    if (!encoder_) GTEST_SKIP() << "no golden set \"diffusers\"";
    rows_ = encoder_->token_embedding()->value.size(0);
    width_ = encoder_->config().hidden_size;
  }
  core::Error refusal(const std::vector<TokenEmbedding>& embeddings) {
    return caught([&] { add_embeddings(embeddings, *tokenizer_, *encoder_); });
  }
  void expect_unchanged() {
    EXPECT_EQ(tokenizer_->vocab_size(), static_cast<std::size_t>(rows_));
    EXPECT_EQ(encoder_->token_embedding()->value.size(0), rows_);
  }
  std::optional<Tokenizer> tokenizer_;
  std::optional<TextEncoder> encoder_;
  std::int64_t rows_ = 0;
  std::int64_t width_ = 0;
};

TEST_F(AddedTokens, GetTheRowOfTheirId) {
  const Tensor vectors = torch::rand({2, width_});
  add_embeddings({{"<new>", vectors}}, *tokenizer_, *encoder_);
  const std::vector<std::int64_t> ids = tokenizer_->encode("<new>");
  ASSERT_EQ(ids.size(), 4U) << "bos, two vectors, eos";
  const Tensor table = encoder_->token_embedding()->value;
  EXPECT_TRUE(torch::equal(table[ids[1]], vectors[0]));
  EXPECT_TRUE(torch::equal(table[ids[2]], vectors[1]));
}

TEST_F(AddedTokens, AreRefusedTogetherIfOneDoesNotFit) {
  const TokenEmbedding good = {"<good>", torch::ones({1, width_})};
  EXPECT_EQ(refusal({good, {"<bad>", torch::ones({1, width_ + 1})}}).problem(),
            "its vectors have " + std::to_string(width_ + 1) + " numbers, the text encoder's " +
                std::to_string(width_));
  expect_unchanged();
  EXPECT_THAT(refusal({good, good}).problem(), HasSubstr("already a token of this tokenizer"));
  expect_unchanged();
}

TEST_F(AddedTokens, NeedATokenizerAndATextEncoderOfOneModel) {
  tokenizer_->add_token("<alone>");
  EXPECT_EQ(refusal({{"<new>", torch::ones({1, width_})}}).what(),
            "textual inversion: the tokenizer has " + std::to_string(rows_ + 1) +
                " tokens, the text encoder " + std::to_string(rows_) +
                " embeddings; use tokenizer and text encoder of the same model.");
}

}  // namespace
}  // namespace patina::diffusion
