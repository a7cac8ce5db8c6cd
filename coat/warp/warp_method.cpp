// SPDX-License-Identifier: Apache-2.0
#include "coat/warp/warp_method.h"

#include "coat/crops/training_pool_torch.h"
#include "coat/warp/warp.h"
#include "coat/warp/warp_classifier_torch.h"
#include "core/rng.h"
#include "extractors/strided/strided_network_torch.h"
#include "tensors/compute_torch.h"
#include "tensors/modules_torch.h"

namespace patina::coat::warp {

namespace {

constexpr double kEven = 0.5;  // Probability at which the classifier is undecided.

}  // namespace

MethodWords words() {
  return {
      "a visible bend, for comparison",
      "warp",
      "Every coated image is bent by one and the same smooth displacement, drawn from the key. A "
      "classifier network of the key, trained on crops of the owner's images with and without "
      "the bend, gives the probability that an image is bent [Wang et al., ICLR 2024]. The score "
      "is one less that probability: 0 for an image that is surely bent, 1 for one that surely "
      "is not.",
      "The classifier holds the image for bent rather than not."};
}

keys::CoatKey make_key(const KeyRequest& request, const WarpOptions& options) {
  tensors::use_threads(request.compute.num_threads);
  const WarpField field = draw_warp(request.seed);
  extractors::StridedNetwork network = train_classifier(
      field,
      training_pool(request),
      options,
      core::Rng(request.seed).fork("warp classifier"),
      request.observer);
  keys::CoatKey key;
  key.radius = kEven;
  key.training_steps = options.steps;
  tensors::export_module(*network, "extractor/", key.scoring.tensors);
  put_warp(key.secret, field);
  return key;
}

Coating make_coating(const keys::CoatKey& key) {
  const WarpField field = read_warp(key.secret);
  Coating coating;
  coating.replaced = [field](const images::Image& image) { return warped(image, field); };
  coating.read = read_shares(extractors::make_warp_scorer(key, {}, {}));
  return coating;
}

}  // namespace patina::coat::warp
