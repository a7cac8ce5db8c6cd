// SPDX-License-Identifier: Apache-2.0
// Textual inversion [Gal 2023]: new tokens with trained embeddings. Reads the learned_embeds
// files of diffusers and the emb_params files of webui (Automatic1111), as safetensors; adds tokens
// to tokenizer and text encoder together; writes learned_embeds. Training them is elsewhere.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <torch/types.h>

#include "diffusion/networks/text_encoder_torch.h"
#include "diffusion/tokens/tokenizer.h"

namespace patina::diffusion {

struct TokenEmbedding {
  std::string token;      ///< "<cat-toy>"
  torch::Tensor vectors;  ///< [n,D] float32; beyond one, the token stands for n ids.
};

/// The tokens of a file, in the order of names. `token` names the one token of a webui file, which
/// carries none. Throws Error{kInput} for other contents or values that are not finite,
/// Error{kUnsupported} for a pickle (.pt, .bin) and for Stable Diffusion XL.
std::vector<TokenEmbedding> read_embeddings(const std::filesystem::path& path,
                                            const std::string& token = {});

/// Adds them in order: each vector gets the tokenizer's next id and the row of that number in the
/// token embedding. Throws Error{kInput}, before either is changed, for a token that exists
/// already, another width, or a tokenizer and text encoder that do not go together.
void add_embeddings(const std::vector<TokenEmbedding>& embeddings,
                    Tokenizer& tokenizer,
                    TextEncoder& text_encoder);

/// A learned_embeds file: by token, [D], or [n,D] beyond one vector, float32. Throws Error{kInput}
/// for no or equal tokens and for values that are not finite.
void write_embeddings(const std::filesystem::path& path,
                      const std::vector<TokenEmbedding>& embeddings);

}  // namespace patina::diffusion
