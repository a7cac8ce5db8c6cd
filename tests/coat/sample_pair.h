// SPDX-License-Identifier: Apache-2.0
// Small deterministic inputs for the coating tests.
#pragma once

#include "coat/siren/pair_torch.h"
#include "tests/images/sample_image.h"

namespace patina::coat {

inline constexpr const char* kSampleMessage = "0123456789ab";

using images::sample_image;

/// Untrained, but of the shipped pair's form.
inline siren::Pair sample_pair(std::uint64_t seed = 3) {
  return siren::make_pair(seed, {1.5, 1.0, 3.0, 0.04});
}

}  // namespace patina::coat
