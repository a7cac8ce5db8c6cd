// SPDX-License-Identifier: Apache-2.0
// How the networks of a Siren key compute, as its scoring part says. Without LibTorch.
#pragma once

#include <optional>
#include <string>

#include "keys/coat_key.h"

namespace patina::extractors {

/// How the networks normalise their activations.
enum class NormMode {
  /// Batch norm with running statistics, which folds into the convolutions. Patina's own keys.
  kRunning,
  /// Statistics of the image itself (instance norm): what the public Siren code computes.
  kPerImage,
};

/// How an image enters the networks (extractors/siren/network_input_torch.h).
enum class InputNorm {
  kImageNet,  ///< (unit - mean) / std per channel: what the public Siren code feeds.
  kMscn,      ///< Local mean taken out, divided by local contrast. Patina's own keys.
};

/// "imagenet", "mscn"; none for another name.
const char* to_string(InputNorm input);
std::optional<InputNorm> input_norm_from_name(const std::string& name);

/// Fields "norm_mode" and "input" of a scoring part. Reading throws Error{kInput} where they are
/// missing or unknown.
struct NetworkNorms {
  NormMode norm = NormMode::kRunning;
  InputNorm input = InputNorm::kMscn;
};
NetworkNorms read_norms(const keys::KeyPart& scoring);
void put_norms(keys::KeyPart& scoring, const NetworkNorms& norms);

}  // namespace patina::extractors
