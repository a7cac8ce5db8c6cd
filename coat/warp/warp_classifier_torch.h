// SPDX-License-Identifier: Apache-2.0
// DIAGNOSIS's binary classifier: does an image carry the warp? Trained on crops of images, each
// once clean and once warped, so that one and the same bend is all they have in common. The paper
// starts from a ResNet-18 of ImageNet; here it is extractors/strided/strided_network_torch.h from
// random weights.
#pragma once

#include "coat/warp/warp.h"
#include "coat/warp/warp_method.h"
#include "core/observer.h"
#include "core/rng.h"
#include "extractors/strided/strided_network_torch.h"
#include "transforms/crop_pool_torch.h"

namespace patina::coat::warp {

/// Throws Error{kInternal} where the loss is not finite.
extractors::StridedNetwork train_classifier(const WarpField& field,
                                            const transforms::CropPool& pool,
                                            const WarpOptions& options,
                                            core::Rng rng,
                                            const core::Observer& observer = {});

}  // namespace patina::coat::warp
