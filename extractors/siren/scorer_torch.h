// SPDX-License-Identifier: Apache-2.0
// Inference of a key's extractor: batches, tiles, bfloat16. Running-statistics networks are folded
// and may be tiled with exactly the result of the whole image; per-image networks always see the
// whole image.
#pragma once

#include <memory>
#include <vector>

#include <torch/types.h>

#include "extractors/scorer_options.h"
#include "extractors/siren/hidden_torch.h"
#include "images/pixels/image.h"
#include "keys/extractor.h"

namespace patina::extractors {

/// Convolutions with their norms folded in, each followed by GELU.
class FoldedStack {
 public:
  FoldedStack() = default;
  FoldedStack(std::vector<ConvNormGelu>& blocks,
              torch::ScalarType dtype,
              const torch::Device& device);
  /// [N,C,H,W] in the stack's dtype, channels-last -> [N,D,H,W].
  torch::Tensor forward(torch::Tensor x) const;
  /// Pixels of context a result depends on, to each side.
  int halo() const { return static_cast<int>(convs_.size()); }

 private:
  std::vector<FoldedConv> convs_;
};

/// Not for use by several threads at once.
class FeatureExtractor {
 public:
  FeatureExtractor(const keys::CoatKey& key, const ScorerOptions& options);
  /// Takes a network in training; its weights are copied.
  FeatureExtractor(HiddenExtractor network,
                   const NetworkNorms& norms,
                   const ScorerOptions& options);

  /// Features of images of any sizes, [N,D] float32 on the CPU. Images of one size share batches.
  torch::Tensor features(const std::vector<const images::Image*>& images);

 private:
  // Each [N,C], before the last linear map; batch_sums() adds over the pixels of `rect`.
  torch::Tensor batch_sums(const std::vector<const images::Image*>& images,
                           const images::Rect& rect);
  torch::Tensor pooled_folded(const std::vector<const images::Image*>& images);
  torch::Tensor pooled_whole(const std::vector<const images::Image*>& images);

  HiddenExtractor network_{nullptr};
  NormMode norm_ = NormMode::kRunning;
  InputNorm input_ = InputNorm::kImageNet;
  ScorerOptions options_;
  torch::Device device_{torch::kCPU};
  torch::ScalarType dtype_ = torch::kFloat32;
  FoldedStack stack_;
};

/// The coating score sqrt(||F(x) - c||^2 + 1) - 1 [Siren 2025, Sec. 4.4] of a key with networks.
/// Throws Error{kInput} for unusable weights, Error{kUnsupported} for a device.
std::unique_ptr<keys::Extractor> make_hypersphere_scorer(const keys::CoatKey& key,
                                                         const keys::MethodRecord& method,
                                                         const ScorerOptions& options);

/// A rectangle of an image with `halo` pixels around it, cut off at the image's edges.
images::Rect with_halo(const images::Rect& rect, int halo, int width_px, int height_px);

/// Covers an image with tiles of at most `max_pixels` (each side a multiple of 16 but at the far
/// edges).
std::vector<images::Rect> tile_rects(int width_px, int height_px, std::uint64_t max_pixels);

}  // namespace patina::extractors
