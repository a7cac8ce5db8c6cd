// SPDX-License-Identifier: Apache-2.0
// The one place where pixels are BGR: OpenCV's codecs for PNG, WebP and BMP.
#pragma once

#include <string>

#include "core/image_io.h"
#include "core/internal/byte_reader.h"

namespace patina::core {

/// Decodes pixels (and alpha, if the codec gives four channels) into image, alpha and grey.
/// Throws Error{kInput} if the codec refuses.
void decode_with_opencv(const Bytes& bytes, const std::string& where, ImageFile& file);

/// Encodes 8-bit pixels; `option` and `value` as for cv::imencode (0 = none).
Bytes encode_with_opencv(const ImageFile& file, int option, int value);

}  // namespace patina::core
