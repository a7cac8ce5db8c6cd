// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <torch/optim/adam.h>
#include <torch/utils.h>

#include "coat/baselines/warp.h"
#include "coat/baselines/warp_classifier_torch.h"
#include "core/error.h"
#include "core/rng.h"
#include "extractors/frame_key.h"
#include "extractors/strided_network_torch.h"
#include "extractors/tensors_torch.h"

namespace patina::coat::baselines {

namespace {

constexpr double kEven = 0.5;  // Probability at which the classifier is undecided.

}  // namespace

void make_warp_key(extractors::CoatKey& key,
                   const std::vector<core::Image>& images,
                   const WarpTraining& options,
                   const std::function<void(int step, double loss)>& seen) {
  if (images.empty()) {
    throw core::Error(
        core::ErrorKind::kInput, "IMAGES", "none of the images can be read", "check the files");
  }
  const WarpField field = draw_warp(key.seed);
  std::vector<torch::Tensor> clean, bent;
  for (const core::Image& image : images) {
    clean.push_back(extractors::strided_input(image));
    bent.push_back(extractors::strided_input(warped(image, field)));
  }
  extractors::StridedNetwork network(1);
  core::Rng rng = core::Rng(key.seed).fork("warp classifier");
  extractors::initialise_relu_network(*network, rng.fork("weights"));
  torch::optim::Adam optimizer(network->parameters(),
                               torch::optim::AdamOptions(options.learning_rate));
  for (int step = 0; step < options.steps; ++step) {
    std::vector<torch::Tensor> batch;
    for (int i = 0; i < options.pairs; ++i) {
      const std::size_t at = rng.below(images.size());
      batch.push_back(clean[at]);
      batch.push_back(bent[at]);
    }
    const torch::Tensor logits =
        network->forward(torch::cat(batch)).view({options.pairs, 2});  // Clean, warped.
    const torch::Tensor loss =
        torch::softplus(torch::cat({logits.select(1, 0), -logits.select(1, 1)}))
            .mean();  // Cross-entropy.
    if (!std::isfinite(loss.item<double>())) {
      throw core::Error(core::ErrorKind::kInternal,
                        "training",
                        "the loss is not finite at step " + std::to_string(step),
                        "try another --seed");
    }
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    if (seen) seen(step, loss.item<double>());
  }
  key.method = "warp";
  key.radius = kEven;
  key.training_steps = options.steps;
  put_warp(key, field);
  key.tensors["center"] = extractors::blob_of_values({0.0}, {1});
  extractors::export_module(*network, "extractor/", key.tensors);
}

}  // namespace patina::coat::baselines
