// SPDX-License-Identifier: Apache-2.0
// One way of personalising: which leaves are trained, and what is written of them.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include <torch/types.h>

#include "diffusion/folder/text_to_image_torch.h"
#include "diffusion/personalize/personalize.h"

namespace patina::diffusion {

struct Personalization {
  /// What is trained; each has the shape [...] of its weight or factor.
  std::vector<torch::Tensor> leaves;
  /// Whether captions have to be encoded anew in each step.
  bool trains_context = false;
  /// Whether class images hold the model.
  bool with_prior = false;
  /// Writes the result into the output folder; returns the files.
  std::function<std::vector<std::filesystem::path>(const std::filesystem::path& folder)> write;
};

/// Prepares the model in place. Each takes the text encoder's weights along where the options ask
/// for it.
Personalization prepare_full(TextToImage& model, const PersonalizeOptions& options);
Personalization prepare_dreambooth(TextToImage& model, const PersonalizeOptions& options);
Personalization prepare_lora(TextToImage& model, const PersonalizeOptions& options);
Personalization prepare_textual_inversion(TextToImage& model, const PersonalizeOptions& options);
Personalization prepare_svdiff(TextToImage& model, const PersonalizeOptions& options);
Personalization prepare_custom_diffusion(TextToImage& model, const PersonalizeOptions& options);

/// Adds the token of the options to tokenizer and text encoder, starting from the mean embedding of
/// the initializer's tokens, and makes its row a leaf: returns [1,D] float32.
torch::Tensor add_trained_token(TextToImage& model, const PersonalizeOptions& options);

/// The model as a folder. `added_rows`: rows at the end of the token embedding that are left out.
std::vector<std::filesystem::path> write_whole_model(const TextToImage& model,
                                                     const PersonalizeOptions& options,
                                                     const std::filesystem::path& folder);

}  // namespace patina::diffusion
