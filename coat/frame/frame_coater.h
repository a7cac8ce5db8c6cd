// SPDX-License-Identifier: Apache-2.0
// A frame mark on images, and the key that reads it. Entry points: make_frame_key, frame_pattern.
#pragma once

#include <functional>
#include <vector>

#include "coat/frame/frame.h"
#include "coat/pattern/coating_pattern.h"
#include "images/pixels/image.h"
#include "keys/coat_key.h"

namespace patina::coat::siren {

/// The mark of a key of method "frame". Throws Error{kInput} for another key.
FrameMark mark_of(const keys::CoatKey& key);

/// The mark at strength 1, hidden where the image hides it; equal in all three colours.
CoatingPattern frame_pattern(const images::Image& image, const FrameMark& mark);

/// Image `i` of a set; throws core::Error for one that cannot be read, which is then left out.
using ImageAt = std::function<images::Image(std::size_t i)>;

struct FrameKeyOptions {
  int latents = 16;         ///< Latents a side of the models that are to learn the mark.
  std::size_t images = 64;  ///< At most so many of the set are measured on.
  double psnr_db = 38.0;    ///< Of the images as they will be released.
  double nu = 0.1;          ///< Share of coated images outside the sphere [Siren 2025, Eq. 5].
};

/// Draws a mark from `key.seed` and measures on the set where coated images lie: fills centre,
/// radius, method and tensors. Throws Error{kInput} if no image can be measured.
void make_frame_key(keys::CoatKey& key,
                    std::size_t count,
                    const ImageAt& image_at,
                    const FrameKeyOptions& options);

}  // namespace patina::coat::siren
