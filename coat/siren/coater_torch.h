// SPDX-License-Identifier: Apache-2.0
// Inference of a generator on images of any size. Running-statistics networks are folded and work
// in tiles with enough overlap that the result is that of the whole image; per-image networks see
// the whole image.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/types.h>

#include "coat/method/coating_pattern.h"
#include "coat/siren/pair_torch.h"
#include "extractors/siren/scorer_torch.h"
#include "images/pixels/image.h"
#include "tensors/compute.h"
#include "transforms/jnd_torch.h"

namespace patina::coat::siren {

struct CoaterOptions {
  tensors::ComputeOptions compute;  ///< Device, number format and threads.
  /// Larger images are coated in tiles, with the same result. More pixels a tile take more memory.
  std::uint64_t max_tile_pixels = 1 << 20;
};

/// Not for use by several threads at once.
class Coater {
 public:
  Coater(Pair& pair, const std::string& message_hex, const CoaterOptions& options);

  /// Throws Error{kInput} for an image under 16 px a side.
  CoatingPattern pattern(const images::Image& image);

  /// The same on a batch of equal size, [N,3,H,W] unit float32 -> unit coating at strength 1
  /// [N,3,H,W].
  torch::Tensor coating(const torch::Tensor& unit);

 private:
  // [N,3,H,W] normalised -> the generator's change [N,3,H,W].
  torch::Tensor delta_folded(const torch::Tensor& normalised,
                             const transforms::FrameSides& sides) const;
  // Adds the message to [N,D,H,W] in place.
  void add_message(torch::Tensor& mixed, const transforms::FrameSides& sides) const;
  // [N,3,H,W] unit, the tile that lies at `at` -> its coating [N,3,H,W].
  torch::Tensor tile_coating(const torch::Tensor& unit,
                             const images::Rect& at,
                             const transforms::FrameSides& sides);

  Generator generator_{nullptr};
  extractors::NormMode norm_;
  extractors::InputNorm input_;
  CoatingOptions coating_;
  CoaterOptions options_;
  torch::Device device_;
  torch::ScalarType dtype_;
  torch::Tensor message_;  // [1,B]
  extractors::FoldedStack head_;
  extractors::FoldedConv
      mix_;  // Mixes features and image; the message's constant share is in the bias.
  extractors::FoldedConv final_;
  torch::Tensor
      message_edge_;  // [1,D,3,3]: what the message adds at each kind of border, minus inside.
};

}  // namespace patina::coat::siren
