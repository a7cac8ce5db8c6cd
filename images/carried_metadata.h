// SPDX-License-Identifier: Apache-2.0
// What a picture's metadata may carry on once its pixels are changed and it is published: not the
// place, where its owner wants so, and not what describes or shows the picture as it was.
#pragma once

#include "images/pixels/image_file.h"

namespace patina::images {

/// Takes the place out of every block: the GPS directory of EXIF; coordinates, city, state, country
/// and locations of XMP; those of IPTC captions; text chunks of a PNG named so. Camera makers' own
/// notes and free text (captions, keywords, comments) are not searched.
void strip_place(ImageFile& file);

/// Takes out what shows the former picture (thumbnails of EXIF, Photoshop resources and XMP) and what
/// names parts of its file that are not carried (an extended XMP packet, the video of a motion photo,
/// a gain map), and adds to ImageFile::remarks what an owner might miss.
void leave_out_stale(ImageFile& file);

}  // namespace patina::images
