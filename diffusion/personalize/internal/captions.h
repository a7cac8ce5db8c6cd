// SPDX-License-Identifier: Apache-2.0
// The words that images are trained with.
#pragma once

#include <string>

#include "diffusion/personalize/personalize_options.h"
#include "images/image_list.h"

namespace patina::diffusion {

/// Puts the new token in the place of the first "{}", or the initializer where the method has no
/// token.
std::string fill_caption(std::string caption, const PersonalizeOptions& options);

/// The text file of the image's name, else the options' prompt; filled.
std::string read_caption(const images::ImageEntry& entry, const PersonalizeOptions& options);

}  // namespace patina::diffusion
