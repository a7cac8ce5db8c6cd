// SPDX-License-Identifier: Apache-2.0
#include "images/pixels/image_file.h"

#include "core/names.h"
#include "core/text.h"

namespace patina::images {
namespace {

struct FormatName {
  ImageFormat value;
  const char* name;
  const char* extension;
};
constexpr FormatName kNames[] = {{ImageFormat::kJPEG, "jpeg", ".jpg"},
                                 {ImageFormat::kPNG, "png", ".png"},
                                 {ImageFormat::kWebP, "webp", ".webp"},
                                 {ImageFormat::kTIFF, "tiff", ".tif"},
                                 {ImageFormat::kBMP, "bmp", ".bmp"}};

}  // namespace

const char* to_string(ImageFormat format) { return core::name_of(kNames, format); }

const char* file_extension(ImageFormat format) { return core::row_of(kNames, format).extension; }

std::optional<ImageFormat> format_from_name(const std::string& name) {
  const std::string lower = core::lower_ascii(name);
  if (lower == "jpg" || lower == "jpe") return ImageFormat::kJPEG;
  if (lower == "tif") return ImageFormat::kTIFF;
  return core::find_value(kNames, lower);
}

}  // namespace patina::images
