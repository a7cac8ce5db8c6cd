// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as an image whose texts, EXIF and ending are read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "images/metadata.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace images = patina::images;
  using images::ImageFormat;
  const std::vector<std::uint8_t> bytes(data, data + size);
  for (const ImageFormat format :
       {ImageFormat::kPNG, ImageFormat::kJPEG, ImageFormat::kWebP, ImageFormat::kTIFF}) {
    images::ImageHeader header;
    header.format = format;
    const nlohmann::json facts = images::read_image_metadata(bytes, header);
    (void)facts.dump();  // throws for text that is not UTF-8
  }
  images::parse_infotext(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
