// SPDX-License-Identifier: Apache-2.0
#include "images/pixels/image_file.h"

#include <algorithm>
#include <cctype>

namespace patina::images {
namespace {

struct FormatName {
  ImageFormat format;
  const char* name;
  const char* extension;
};
constexpr FormatName kNames[] = {{ImageFormat::kJPEG, "jpeg", ".jpg"},
                                 {ImageFormat::kPNG, "png", ".png"},
                                 {ImageFormat::kWebP, "webp", ".webp"},
                                 {ImageFormat::kTIFF, "tiff", ".tif"},
                                 {ImageFormat::kBMP, "bmp", ".bmp"}};

const FormatName& entry_of(ImageFormat format) { return kNames[static_cast<std::size_t>(format)]; }

}  // namespace

const char* to_string(ImageFormat format) { return entry_of(format).name; }

const char* file_extension(ImageFormat format) { return entry_of(format).extension; }

std::optional<ImageFormat> format_from_name(const std::string& name) {
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  if (lower == "jpg" || lower == "jpe") return ImageFormat::kJPEG;
  if (lower == "tif") return ImageFormat::kTIFF;
  for (const FormatName& entry : kNames) {
    if (lower == entry.name) return entry.format;
  }
  return std::nullopt;
}

}  // namespace patina::images
