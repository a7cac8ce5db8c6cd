// SPDX-License-Identifier: Apache-2.0
// The images of a run as its base sees them.
#pragma once

#include <string>
#include <vector>

#include <torch/types.h>

#include "diffusion/personalize/personalize_options.h"

namespace patina::diffusion {

struct ImageSet {
  torch::Tensor images;               ///< [N,3,S,S] float32 in [-1,1].
  std::vector<std::string> captions;  ///< [N]
  std::vector<std::string> names;     ///< [N], relative to the files and folders given.
  std::vector<std::string> warnings;  ///< Images that could not be read, or were enlarged.
};

/// The centre square of each image at `side` pixels, in the order of the names. Throws Error{kInput}
/// if none can be read.
ImageSet read_image_set(const PersonalizeOptions& options, int side);

}  // namespace patina::diffusion
