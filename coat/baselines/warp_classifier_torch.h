// SPDX-License-Identifier: Apache-2.0
// DIAGNOSIS's binary classifier: does an image carry the warp? Trained on the clean and the warped
// copies of the owner's own images. The paper starts from a ResNet-18 of ImageNet; here it is
// extractors/strided_network_torch.h from random weights.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/image.h"
#include "extractors/coat_key.h"

namespace patina::coat::baselines {

struct WarpTraining {
  int steps = 300;
  int pairs = 16;  ///< Images a step, each once clean and once warped.
  double learning_rate = 1e-3;
};

/// Draws a warp from `key.seed`, trains its classifier on the images and fills method, radius and
/// tensors. Throws Error{kInput} without images, Error{kInternal} where the loss is not finite.
void make_warp_key(extractors::CoatKey& key,
                   const std::vector<core::Image>& images,
                   const WarpTraining& options = {},
                   const std::function<void(int step, double loss)>& seen = {});

}  // namespace patina::coat::baselines
