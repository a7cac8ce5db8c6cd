// SPDX-License-Identifier: Apache-2.0
// Pixels of an ImageFile as the formats store them: rows of one to four interleaved samples.
#pragma once

#include "images/pixels/image_file.h"

namespace patina::images {

/// 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
int stored_channels(const ImageFile& file);

/// Row `y` as width*stored_channels samples. A grey file gets the luminance of its
/// pixels, exact for equal channels.
void gather_row(const ImageFile& file, int y, std::uint16_t* samples);

/// Writes row `y` of image and alpha from samples laid out as `channels` says. Requires: image
/// allocated; alpha allocated if there are two or four channels.
void scatter_row(ImageFile& file, int y, const std::uint16_t* samples, int channels);

/// Image of the size and depth, with alpha if `channels` is even; grey if it is below three.
void allocate(ImageFile& file, const Image& shape, int channels);

}  // namespace patina::images
