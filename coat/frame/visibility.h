// SPDX-License-Identifier: Apache-2.0
// What the eye does not find of a frame mark: how strong slow waves may be at each place.
#pragma once

#include <vector>

#include "images/pixels/image.h"

namespace patina::coat::frame {

/// How strong a mark of L = `latents` each place of an image hides from the eye, as root mean square
/// in the unit range, [height*width]: half a level where it is flat and, where it holds detail of the
/// size of a quarter wave, 1/(4L) of the frame, 0.16 of that detail's root mean square, always of the
/// calmest surroundings within a wave. Slopes and finer texture do not hide the waves.
std::vector<float> unseen_plane(const images::Image& image, int latents);

}  // namespace patina::coat::frame
