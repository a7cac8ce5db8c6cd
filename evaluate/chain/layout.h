// SPDX-License-Identifier: Apache-2.0
// How far two collections of images lie apart. A stand-in for the Frechet inception distance, whose
// classifier cannot be had without a download: it sees layout, palette and amount of detail, not
// objects, and its numbers compare with each other alone.
#pragma once

#include <vector>

#include "images/pixels/image.h"

namespace patina::evaluate {

/// Frechet distance between the layouts of two collections, in squared levels of 255. A layout is
/// the mean colour and deviation of luminance of 4x4 cells: 64 numbers, 0 to 255. Throws
/// Error{kInput} for a collection of fewer than two images.
double layout_distance(const std::vector<images::Image>& first,
                       const std::vector<images::Image>& second);

}  // namespace patina::evaluate
