// SPDX-License-Identifier: Apache-2.0
// A generator and its extractor, and how they are trained together. Entry points: read_pair,
// coat_batch.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <torch/types.h>

#include "coat/siren/coating_torch.h"
#include "coat/siren/generator_torch.h"
#include "core/rng.h"
#include "extractors/siren/hidden_torch.h"
#include "images/pixels/image.h"
#include "keys/coat_key.h"

namespace patina::coat::siren {

struct Pair {
  Generator generator{nullptr};
  extractors::HiddenExtractor extractor{nullptr};
  CoatingOptions coating;
  extractors::NormMode norm = extractors::NormMode::kRunning;
  extractors::InputNorm input = extractors::InputNorm::kMscn;
  int message_bits = 48;  ///< Leading bits that the warm start taught; the others stay 1.
};

/// Fresh weights from a seed.
Pair make_pair(std::uint64_t seed, const CoatingOptions& coating = {});

/// The warm-started pair that ships with the product (fixtures/siren/pair.safetensors), or another.
Pair read_pair(const std::filesystem::path& path);
void write_pair(const std::filesystem::path& path,
                Pair& pair,
                const std::map<std::string, std::string>& metadata);

/// Shrinks features by `share` in every direction but the given one, [D] (from clean images to
/// those coated with a key's message), so that a distance is spent on what tells this coating from
/// none.
void focus_on_direction(Pair& pair, const torch::Tensor& direction, double share);

/// How a forward pass computes.
struct ComputePolicy {
  torch::ScalarType dtype = torch::kFloat32;
  extractors::ForwardMode mode;
  std::int64_t dither_x = 0;
  std::int64_t dither_y = 0;
};

/// unit [N,3,H,W] float32, message [N or 1, B] -> coated, not clamped; gradients reach the
/// generator. `policy.dither_x/y` place the crops on the dither.
torch::Tensor coat_batch(Pair& pair,
                         const torch::Tensor& unit,
                         const torch::Tensor& message,
                         const ComputePolicy& policy);

/// [n,48] of +-1: `bits` random leading ones, the others +1.
torch::Tensor random_messages(int n, int bits, core::Rng& rng);

/// unit [N,3,H,W] float32 -> features [N,D] float32.
torch::Tensor extract_batch(Pair& pair, const torch::Tensor& unit, const ComputePolicy& policy);

}  // namespace patina::coat::siren
