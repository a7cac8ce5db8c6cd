// SPDX-License-Identifier: Apache-2.0
#include "core/error.h"
#include "core/safetensors.h"
#include "diffusion/adapters/textual_inversion_torch.h"
#include "diffusion/files/pickles.h"
#include "diffusion/files/wording.h"
#include "tensors/blobs_torch.h"

namespace patina::diffusion {

using core::Error;
using core::ErrorKind;
using torch::Tensor;

namespace {

constexpr const char* kWebuiTensor = "emb_params";

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw Error(ErrorKind::kInput, where, what, "use an embedding trained for Stable Diffusion");
}

// [n,D] float32 in memory of its own.
Tensor read_vectors(const core::SafetensorsFile& file, const std::string& name) {
  const core::TensorView& view = file.at(name);
  const std::string where = file.where() + ", tensor " + core::in_quotes(name);
  const bool is_rows = (view.shape.size() == 1 || view.shape.size() == 2) && view.size_bytes > 0;
  if (!is_rows) {
    refuse(
        where,
        "shape " + internal::shape_text(view.shape) + ", an embedding is a row or a few of them");
  }
  const Tensor stored = tensors::tensor_over(file, view);
  if (!stored.is_floating_point()) {
    refuse(where, std::string("dtype ") + core::to_string(view.dtype) + " is not a floating type");
  }
  const Tensor vectors = stored.to(torch::kFloat32, /*non_blocking=*/false, /*copy=*/true);
  if (!torch::isfinite(vectors).all().item<bool>()) {
    refuse(where, "holds a value that is not finite");
  }
  return vectors.view({-1, view.shape.back()});
}

void require_embedding_file(const core::SafetensorsFile& file) {
  if (file.contains("clip_l") || file.contains("clip_g")) {
    throw Error(ErrorKind::kUnsupported,
                file.where(),
                "is an embedding for Stable Diffusion XL (clip_l, clip_g)",
                "use one for Stable Diffusion 1.x or 2.x");
  }
  for (const auto& [name, view] : file.tensors()) {
    if (name.rfind("string_to_param", 0) == 0) {
      throw Error(ErrorKind::kUnsupported,
                  file.where(),
                  "is a converted pickle of webui (string_to_param)",
                  "keep its tensor alone, under the name emb_params");
    }
  }
  if (file.tensors().empty()) refuse(file.where(), "holds no tensors");
  if (file.contains(kWebuiTensor) && file.tensors().size() > 1) {
    refuse(file.where(), "holds other tensors beside emb_params");
  }
}

}  // namespace

std::vector<TokenEmbedding> read_embeddings(const std::filesystem::path& path,
                                            const std::string& token) {
  internal::refuse_pickle(path);
  const auto file = core::SafetensorsFile::open(path);
  require_embedding_file(file);
  if (file.contains(kWebuiTensor) && token.empty()) {
    throw Error(ErrorKind::kInput,
                file.where(),
                "does not say which token it stands for",
                "name the token, such as the file's name");
  }
  std::vector<TokenEmbedding> embeddings;
  for (const auto& [name, view] : file.tensors()) {
    embeddings.push_back({name == kWebuiTensor ? token : name, read_vectors(file, name)});
  }
  return embeddings;
}

void add_embeddings(const std::vector<TokenEmbedding>& embeddings,
                    Tokenizer& tokenizer,
                    TextEncoder& text_encoder) {
  if (embeddings.empty()) return;
  const std::int64_t rows = text_encoder.token_embedding()->value.size(0);
  if (static_cast<std::int64_t>(tokenizer.vocab_size()) != rows) {
    throw Error(ErrorKind::kInput,
                "textual inversion",
                "the tokenizer has " + std::to_string(tokenizer.vocab_size()) +
                    " tokens, the text encoder " + std::to_string(rows) + " embeddings",
                "use tokenizer and text encoder of the same model");
  }
  Tokenizer extended = tokenizer;
  std::vector<Tensor> added;
  for (const TokenEmbedding& embedding : embeddings) {
    extended.add_token(embedding.token, static_cast<std::size_t>(embedding.vectors.size(0)));
    if (embedding.vectors.size(1) != text_encoder.config().hidden_size) {
      throw Error(ErrorKind::kInput,
                  "token " + core::in_quotes(embedding.token),
                  "its vectors have " + std::to_string(embedding.vectors.size(1)) +
                      " numbers, the text encoder's " +
                      std::to_string(text_encoder.config().hidden_size),
                  "use an embedding trained for this base model");
    }
    added.push_back(embedding.vectors);
  }
  text_encoder.add_embeddings(torch::cat(added, 0));
  tokenizer = std::move(extended);
}

void write_embeddings(const std::filesystem::path& path,
                      const std::vector<TokenEmbedding>& embeddings) {
  if (embeddings.empty()) {
    throw Error(ErrorKind::kInput, path.string(), "there is no token to write", "train one first");
  }
  std::map<std::string, core::TensorBlob> tensors;
  for (const TokenEmbedding& embedding : embeddings) {
    const std::string where = "token " + core::in_quotes(embedding.token);
    Tensor vectors = embedding.vectors.detach().to(torch::kCPU, torch::kFloat32);
    if (!torch::isfinite(vectors).all().item<bool>()) {
      throw Error(ErrorKind::kInput,
                  where,
                  "its embedding holds a value that is not finite",
                  "the training diverged; lower the learning rate");
    }
    if (vectors.size(0) == 1) vectors = vectors[0];
    if (!tensors.emplace(embedding.token, tensors::blob_from_tensor(vectors)).second) {
      throw Error(ErrorKind::kInput, where, "is to be written twice", "name the tokens apart");
    }
  }
  core::write_safetensors(path, tensors, {{"format", "pt"}});
}

}  // namespace patina::diffusion
