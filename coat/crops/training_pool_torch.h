// SPDX-License-Identifier: Apache-2.0
// The crops that a key is trained on, drawn from a set of images.
#pragma once

#include <vector>

#include "coat/method/key_request.h"
#include "images/pixels/image.h"
#include "transforms/crop_pool_torch.h"

namespace patina::coat {

/// Windows of the images at their own resolution, bounded in memory however large the set is; whole
/// images where the request is for a preview. Unreadable images are left out; those of `supplement`
/// come on top. Throws Error{kInput} if none is readable.
transforms::CropPool training_pool(const KeyRequest& request,
                                   std::vector<images::Image> supplement = {});

}  // namespace patina::coat
