// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes are refused with an Error, or give views that lie inside them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "core/error.h"
#include "core/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace core = patina::core;
  try {
    const auto file = core::SafetensorsFile::parse(std::vector<std::uint8_t>(data, data + size),
                                                   "fuzz");
    volatile std::uint8_t sink = 0;
    for (const auto& [name, tensor] : file.tensors()) {
      for (std::size_t i = 0; i < tensor.size_bytes; ++i) {
        sink = tensor.data[i];
      }
    }
    static_cast<void>(sink);
  } catch (const core::Error& error) {
    if (error.kind() != core::ErrorKind::kInput) {
      std::abort();
    }
  }
  return 0;
}
