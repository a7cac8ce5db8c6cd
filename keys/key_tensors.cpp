// SPDX-License-Identifier: Apache-2.0
#include "keys/key_tensors.h"

#include <cstring>

#include "core/error.h"

namespace patina::keys {

using core::Error;
using core::ErrorKind;

core::TensorBlob blob_from_values(const std::vector<double>& values,
                                  const std::vector<std::int64_t>& shape) {
  core::TensorBlob blob{core::DType::kF32, shape, {}};
  blob.bytes.resize(values.size() * sizeof(float));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto value = static_cast<float>(values[i]);
    std::memcpy(blob.bytes.data() + i * sizeof value, &value, sizeof value);
  }
  return blob;
}

std::vector<double> read_values(const KeyPart& part, const std::string& name) {
  const auto found = part.tensors.find(name);
  if (found == part.tensors.end() || found->second.dtype != core::DType::kF32) {
    throw core::Error(core::ErrorKind::kInput,
                      "key",
                      "tensor " + name + " is missing or not F32",
                      "use the key as it was written");
  }
  const std::vector<std::uint8_t>& bytes = found->second.bytes;
  std::vector<double> values(bytes.size() / sizeof(float));
  for (std::size_t i = 0; i < values.size(); ++i) {
    float value = 0.0F;
    std::memcpy(&value, bytes.data() + i * sizeof value, sizeof value);
    values[i] = static_cast<double>(value);
  }
  return values;
}

}  // namespace patina::keys
