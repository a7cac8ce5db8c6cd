// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes are refused with an Error, or decode to an image that encodes again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "core/error.h"
#include "images/carried_metadata.h"
#include "images/image_io.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace core = patina::core;
  namespace images = patina::images;
  const images::ImageLimits limits{64 * 64, 1 << 16, 1};
  try {
    images::ImageFile file = images::decode_image(
        std::vector<std::uint8_t>(data, data + size), "fuzz", limits);
    images::leave_out_stale(file);
    images::strip_place(file);
    images::encode_image(file);
  } catch (const core::Error& error) {
    const bool expected = error.kind() == core::ErrorKind::kInput ||
                          error.kind() == core::ErrorKind::kUnsupported;
    if (!expected) {
      std::abort();
    }
  }
  return 0;
}
