// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <torch/optim/adam.h>
#include <torch/utils.h>

#include "coat/warp/warp.h"
#include "coat/warp/warp_classifier_torch.h"
#include "core/error.h"
#include "core/rng.h"
#include "extractors/frame/frame_key.h"
#include "extractors/strided/strided_network_torch.h"
#include "keys/key_tensors.h"
#include "tensors/modules_torch.h"
#include "transforms/crop_pool_torch.h"

namespace patina::coat::warp {

namespace {

// [1,S,S,2], as grid_sampler wants it with corners at -1 and 1.
torch::Tensor sampling_grid(const WarpField& field) {
  constexpr int kSide = extractors::kStridedSide;
  const WarpPlaces places = warp_places(field, kSide, kSide);
  const auto plane = [](const std::vector<float>& values) {
    return torch::tensor(values).view({1, kSide, kSide}) * (2.0 / (kSide - 1)) - 1.0;
  };
  return torch::stack({plane(places.x), plane(places.y)}, 3);
}

torch::Tensor bent(const torch::Tensor& unit, const torch::Tensor& grid) {
  constexpr std::int64_t kBilinear = 0, kBorder = 1;
  return torch::grid_sampler_2d(
      unit, grid.expand({unit.size(0), -1, -1, -1}), kBilinear, kBorder, true);
}

}  // namespace

extractors::StridedNetwork train_classifier(const WarpField& field,
                                            const transforms::CropPool& pool,
                                            const WarpOptions& options,
                                            core::Rng rng,
                                            const core::Observer& observer) {
  const torch::Tensor grid = sampling_grid(field);
  extractors::StridedNetwork network(1);
  tensors::initialise_kaiming(*network, rng.fork("weights"));
  torch::optim::Adam optimizer(network->parameters(),
                               torch::optim::AdamOptions(options.learning_rate));
  transforms::CropPool::Options crops;
  crops.size_px = extractors::kStridedSide;
  crops.min_zoom = 0.5;
  for (int step = 0; step < options.steps; ++step) {
    const torch::Tensor clean = pool.draw(options.pairs, crops, rng);
    const torch::Tensor of_clean = network->forward(clean).view({-1});
    const torch::Tensor of_warped = network->forward(bent(clean, grid)).view({-1});
    const torch::Tensor loss =  // Cross-entropy.
        torch::softplus(torch::cat({of_clean, -of_warped})).mean();
    if (!std::isfinite(loss.item<double>())) {
      throw core::Error(core::ErrorKind::kInternal,
                        "training",
                        "the loss is not finite at step " + std::to_string(step),
                        "try another --seed");
    }
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    observer.report(
        {"training", step + 1, options.steps, "loss " + std::to_string(loss.item<double>())});
  }
  return network;
}

}  // namespace patina::coat::warp
