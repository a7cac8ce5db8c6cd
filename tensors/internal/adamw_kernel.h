// SPDX-License-Identifier: Apache-2.0
// One AdamW step over a block of weights in a single pass through memory.
#pragma once

#include <cstdint>

namespace patina::tensors::internal {

/// Sum of squares, the same for any number of threads.
double sum_of_squares_float32(const float* values, std::int64_t count);
double sum_of_squares_bfloat16(const std::uint16_t* values, std::int64_t count);

/// Arrays of one length. `gradient` and `rounded` are bfloat16 where the network is; else
/// `gradient` is float32 and `rounded` null. `average` may be null.
struct AdamWArrays {
  float* master = nullptr;
  float* mean = nullptr;
  float* square = nullptr;
  float* average = nullptr;
  const float* gradient32 = nullptr;
  const std::uint16_t* gradient16 = nullptr;
  std::uint16_t* rounded = nullptr;
};

struct AdamWStep {
  float gradient_scale = 1.0F;
  float beta1 = 0.9F;
  float beta2 = 0.999F;
  float rate_over_correction1 = 0.0F;
  float one_over_correction2 = 1.0F;  ///< 1 / sqrt(1 - beta2^n)
  float eps = 1e-8F;
  float keep = 1.0F;          ///< 1 - rate * weight decay
  float average_part = 0.0F;  ///< 1 - decay
};

void adamw_update(const AdamWArrays& arrays, std::int64_t count, const AdamWStep& step);

}  // namespace patina::tensors::internal
