// SPDX-License-Identifier: Apache-2.0
// The one place where pixels are BGR: OpenCV's codecs for PNG, WebP and BMP.
#pragma once

#include <string>

#include "core/byte_reader.h"
#include "images/pixels/image_file.h"

namespace patina::images {

/// Decodes pixels (and alpha, if the codec gives four channels) into image, alpha and grey.
/// Throws Error{kInput} if the codec refuses.
void decode_with_opencv(const core::Bytes& bytes, const std::string& where, ImageFile& file);

/// Encodes 8-bit pixels; `option` and `value` as for cv::imencode (0 = none).
core::Bytes encode_with_opencv(const ImageFile& file, int option, int value);

}  // namespace patina::images
