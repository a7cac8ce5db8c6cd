// SPDX-License-Identifier: Apache-2.0
// The luminance of an image's frame, its centre square, at the resolution that a frame mark is read
// at, and what is left of it when the picture is taken out. No LibTorch.
// Entry points: frame_plane, weighted_residual.
#pragma once

#include <vector>

#include "images/pixels/image.h"

namespace patina::extractors {

/// A square of numbers, row by row.
struct FramePlane {
  int side = 0;
  std::vector<double> values;  ///< [side*side].
};

/// Luminance of the frame, unit range, averaged over the areas of `cells` x `cells` equal cells; of
/// the frame's own pixels where it has fewer a side.
FramePlane frame_plane(const images::Image& image, int cells);

/// r / (v + c^2)^(3/4) with r the plane less its local mean, v the local mean of r^2, and c = 0.01.
/// In noise of variance v the matched filter of a mark of local amplitude m is m / v [Kay 1998,
/// Sec. 4.4]; a mark that was hidden where there is contrast, and then learned, is taken to have m
/// proportional to v^(1/4). So it counts where the picture is calm, and textures and edges hardly
/// drown it.
FramePlane weighted_residual(const FramePlane& plane);

}  // namespace patina::extractors
