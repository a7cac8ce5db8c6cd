// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/files.h"
#include "images/image_io.h"

namespace patina::coat {

/// One photograph of those that come with the product.
inline images::Image photograph() {
  return images::read_image(core::data_file("photos/owner/clock-00.jpg")).image;
}

}  // namespace patina::coat
