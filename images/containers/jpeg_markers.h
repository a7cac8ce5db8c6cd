// SPDX-License-Identifier: Apache-2.0
// The marker structure of a JPEG file [ITU-T T.81, Annex B]: what the header says, the metadata
// segments, and whether the file runs to its end marker. libjpeg itself fills up what is missing.
#pragma once

#include "core/byte_reader.h"
#include "images/pixels/image_file.h"

namespace patina::images {

struct JPEGLayout {
  int width_px = 0;
  int height_px = 0;
  int precision_bits = 0;
  int components = 0;
  bool has_frame = false;
  bool complete = false;  ///< The end marker follows the last scan.
  int scans = 0;
  bool multi_picture = false;  ///< An index of further pictures in the file [CIPA DC-007].
  bool trailer = false;        ///< Bytes stand behind the end marker.
  bool c2pa = false;           ///< A store of C2PA manifests [C2PA 1.4, Sec. 11.3.2].
  ImageEncoding encoding;
  ImageMetadata metadata;
};

JPEGLayout scan_jpeg(const core::Bytes& bytes);

}  // namespace patina::images
