// SPDX-License-Identifier: Apache-2.0
// Images of a class as a base model makes them: what prior preservation holds a model to
// [Ruiz 2023, Sec. 3.3], and what fills up a set that is too small to train on. No LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/observer.h"
#include "images/pixels/image.h"
#include "tensors/compute.h"

namespace patina::diffusion {

struct ClassImageOptions {
  std::filesystem::path base;   ///< Model folder in the diffusers layout.
  std::string prompt;           ///< The class.
  int count = 64;               ///< At least 0.
  int steps = 20;               ///< Steps of DPM-Solver++ 2M, [1, T]. More: finer and slower.
  double guidance_scale = 3.0;  ///< 1 = the prompt alone. Larger: closer to it and less varied.
  std::uint64_t seed = 1;       ///< Image i starts from seed + i.
  /// Images generated at once, [1, 64]. Larger: faster, and more memory. Part of what the images
  /// are: sums over a batch may round differently.
  int batch = 16;
  tensors::ComputeOptions compute;  ///< Device, number format and threads.
};

/// `count` images of the base's own size. Throws what Generator and its generate() throw.
std::vector<images::Image> generate_class_images(const ClassImageOptions& options,
                                                 const core::Observer& observer = {});

}  // namespace patina::diffusion
