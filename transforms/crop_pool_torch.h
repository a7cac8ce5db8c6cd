// SPDX-License-Identifier: Apache-2.0
// Random crops of decoded images, as training batches.
#pragma once

#include <vector>

#include <torch/types.h>

#include "core/rng.h"
#include "images/pixels/image.h"

namespace patina::transforms {

/// Decoded images from which training crops are drawn. Const functions may run in several threads
/// at once, each with its own Rng.
class CropPool {
 public:
  explicit CropPool(std::vector<images::Image> images);
  std::size_t size() const { return images_.size(); }

  struct Options {
    int size_px = 64;  ///< Side of the square crops, pixels, at least 1.
    double min_zoom =
        1.0;  ///< Crops of size_px/zoom pixels are resampled to size_px; zoom > 1 enlarges.
    double max_zoom = 1.0;  ///< The zoom is drawn between `min_zoom` and this.
    bool flip = true;       ///< Half of the crops are mirrored.
  };
  /// [n,3,size,size] float32, unit. Images smaller than a crop are enlarged.
  torch::Tensor draw(int n, const Options& options, core::Rng& rng) const;

 private:
  std::vector<images::Image> images_;
};

}  // namespace patina::transforms
