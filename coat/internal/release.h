// SPDX-License-Identifier: Apache-2.0
// One image on its way out: coating, strength that fits the size limit, encoding, quality, scores.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "coat/coat.h"
#include "coat/method/coating.h"
#include "images/image_io.h"
#include "images/image_list.h"

namespace patina::coat {

/// A coated file ready to be written.
struct Release {
  std::vector<std::uint8_t> bytes;
  images::Image pixels;  ///< As a reader of the file will see them.
  double strength = 0.0;
  double size_ratio = 0.0;  ///< To the clean file at the same settings.
  bool fits = false;        ///< Within FileOptions::max_size_ratio.
};

/// The clean file with the encoding and metadata that the options ask for.
images::ImageFile prepare_output(images::ImageFile file, const CoatOptions& options);

/// Where the coated image of an entry goes, relative to the output folder.
std::filesystem::path released_name(const images::ImageEntry& entry, const CoatOptions& options);

/// A clean image with its coating, ready to be written, and what there is to say of it (all but
/// name and digest).
struct CoatedRelease {
  Release release;
  CoatedImage image;
};
CoatedRelease make_release(const images::ImageFile& clean,
                           const Coating& coating,
                           const CoatOptions& options);

}  // namespace patina::coat
