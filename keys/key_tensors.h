// SPDX-License-Identifier: Apache-2.0
// Tensors of a key as plain numbers, for methods without a network.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "keys/coat_key.h"

namespace patina::keys {

/// Values as a tensor of a key, float32.
core::TensorBlob blob_from_values(const std::vector<double>& values,
                                  const std::vector<std::int64_t>& shape);

/// A tensor of a key as values. Throws Error{kInput} if it is missing or not F32.
std::vector<double> read_values(const KeyPart& part, const std::string& name);

}  // namespace patina::keys
