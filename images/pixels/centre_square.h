// SPDX-License-Identifier: Apache-2.0
// The middle of an image, as a frame mark and a square model see it.
#pragma once

#include "images/pixels/image.h"

namespace patina::images {

/// The largest square in the middle of an image; an odd rest leaves its smaller half before it.
Rect centre_square(int width_px, int height_px);

}  // namespace patina::images
