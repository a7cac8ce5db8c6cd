// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/error.h"
#include "diffusion/personalize/internal/captions.h"
#include "diffusion/personalize/internal/image_set_torch.h"
#include "images/image_io.h"
#include "images/image_list.h"
#include "images/pixels/centre_square.h"
#include "tensors/images_torch.h"

namespace patina::diffusion {

using core::Error;
using core::ErrorKind;
using torch::Tensor;

namespace {

images::Image cut_centre_square(const images::Image& image, int side) {
  const images::Rect rect = images::centre_square(image.width_px, image.height_px);
  std::vector<float> planar(3 * static_cast<std::size_t>(rect.width) *
                            static_cast<std::size_t>(rect.height));
  images::read_unit(image, rect, planar.data());
  images::Image cut = images::make_image(rect.width, rect.height, image.bit_depth);
  images::write_unit(cut, {0, 0, rect.width, rect.height}, planar.data());
  return images::resize(cut, side, side);
}

}  // namespace

ImageSet read_image_set(const PersonalizeOptions& options, int side) {
  ImageSet set;
  std::vector<Tensor> images;
  for (const images::ImageEntry& entry : images::list_images(options.images)) {
    try {
      const images::Image image = images::read_image(entry.path).image;
      if (std::min(image.width_px, image.height_px) < side) {
        set.warnings.push_back(entry.path.string() + " is smaller than the base's " +
                               std::to_string(side) + " pixels and was enlarged");
      }
      images.push_back(tensors::signed_from_image(cut_centre_square(image, side)));
      set.captions.push_back(read_caption(entry, options));
      set.names.push_back(entry.relative.generic_string());
    } catch (const Error& error) {
      set.warnings.push_back(error.what());
    }
  }
  if (images.empty()) {
    throw Error(ErrorKind::kInput,
                options.images.front().string(),
                "no readable image in it",
                "name files or folders with JPEG, PNG, WebP, TIFF or BMP images");
  }
  set.images = torch::cat(images);
  return set;
}

}  // namespace patina::diffusion
