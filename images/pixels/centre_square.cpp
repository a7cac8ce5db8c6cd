// SPDX-License-Identifier: Apache-2.0
#include "images/pixels/centre_square.h"

#include <algorithm>

namespace patina::images {

Rect centre_square(int width_px, int height_px) {
  const int side = std::min(width_px, height_px);
  return {(width_px - side) / 2, (height_px - side) / 2, side, side};
}

}  // namespace patina::images
