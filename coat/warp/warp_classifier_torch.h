// SPDX-License-Identifier: Apache-2.0
// DIAGNOSIS's binary classifier: does an image carry the warp? Trained on crops of images, each
// once clean and once warped, so that one and the same bend is all they have in common. The paper
// starts from a ResNet-18 of ImageNet; here it is extractors/strided/strided_network_torch.h from random
// weights.
#pragma once

#include <cstdint>
#include <functional>

#include "coat/siren/pair_torch.h"
#include "keys/coat_key.h"
#include "transforms/crop_pool_torch.h"

namespace patina::coat::baselines {

struct WarpTraining {
  int steps = 400;
  int pairs = 16;  ///< Crops a step, each once clean and once warped.
  double learning_rate = 1e-3;
};

/// Draws a warp from `key.seed`, trains its classifier on crops of the pool and fills method,
/// radius and tensors. Throws Error{kInternal} where the loss is not finite.
void make_warp_key(keys::CoatKey& key,
                   const transforms::CropPool& pool,
                   const WarpTraining& options = {},
                   const std::function<void(int step, double loss)>& seen = {});

}  // namespace patina::coat::baselines
