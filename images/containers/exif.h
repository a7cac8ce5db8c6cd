// SPDX-License-Identifier: Apache-2.0
// What an EXIF block says about the way its picture stands [Exif 2.32].
#pragma once

#include "core/byte_reader.h"

namespace patina::images {

/// 1..8 as in the orientation tag; 1 if the block does not say or is damaged.
int exif_orientation(const core::Bytes& exif);

/// Sets the orientation tag, where there is one, to 1. With `transposed`, the recorded width and
/// height trade places too.
void set_upright(core::Bytes& exif, bool transposed);

/// The same in an XMP packet, whose tiff:Orientation some programs prefer; nothing else is touched.
void set_upright_xmp(core::Bytes& xmp);

/// Removes the GPS directory from an EXIF block in place of the pointer to it; other tags stay.
void strip_gps(core::Bytes& exif);

/// Takes out the thumbnail and its directory.
void remove_thumbnail(core::Bytes& exif);

struct Resolution {
  double dpi_x = 0.0;
  double dpi_y = 0.0;
};

/// From XResolution, YResolution and ResolutionUnit of the first directory; zero where not stated.
Resolution tiff_resolution(const core::Bytes& block);

}  // namespace patina::images
