// SPDX-License-Identifier: Apache-2.0
// Plain loops that the compiler turns into vector code, once for each instruction set.
#include "tensors/internal/adamw_kernel.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/Parallel.h>

#include "tensors/vector_code.h"

namespace patina::tensors::internal {
namespace {

constexpr std::int64_t kChunk = 1 << 14;

template <typename OfChunk>
double sum_over_chunks(std::int64_t count, const OfChunk& of_chunk) {
  const std::int64_t chunks = (count + kChunk - 1) / kChunk;
  std::vector<double> sums(static_cast<std::size_t>(chunks));
  at::parallel_for(0, chunks, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      sums[static_cast<std::size_t>(i)] = of_chunk(i * kChunk,
                                                   std::min(kChunk, count - i * kChunk));
    }
  });
  double sum = 0.0;
  for (const double part : sums) sum += part;
  return sum;
}

PATINA_CLONES
float chunk_of_float32(const float* values, std::int64_t count) {
  float sum = 0.0F;
  for (std::int64_t i = 0; i < count; ++i) sum += values[i] * values[i];
  return sum;
}

PATINA_CLONES
float chunk_of_bfloat16(const std::uint16_t* values, std::int64_t count) {
  float sum = 0.0F;
  for (std::int64_t i = 0; i < count; ++i) {
    const float value = widened(values[i]);
    sum += value * value;
  }
  return sum;
}

PATINA_INLINE float stepped(float gradient,
                            const AdamWArrays& a,
                            std::int64_t i,
                            const AdamWStep& s) {
  const float scaled = gradient * s.gradient_scale;
  const float mean = a.mean[i] + (1.0F - s.beta1) * (scaled - a.mean[i]);
  const float square = a.square[i] + (1.0F - s.beta2) * (scaled * scaled - a.square[i]);
  a.mean[i] = mean;
  a.square[i] = square;
  return a.master[i] * s.keep -
         s.rate_over_correction1 * mean / (std::sqrt(square) * s.one_over_correction2 + s.eps);
}

PATINA_CLONES
void update_float32(const AdamWArrays& a,
                    std::int64_t begin,
                    std::int64_t end,
                    const AdamWStep& s) {
#pragma GCC ivdep
  for (std::int64_t i = begin; i < end; ++i) a.master[i] = stepped(a.gradient32[i], a, i, s);
}

PATINA_CLONES
void update_bfloat16(const AdamWArrays& a,
                     std::int64_t begin,
                     std::int64_t end,
                     const AdamWStep& s) {
#pragma GCC ivdep
  for (std::int64_t i = begin; i < end; ++i) {
    const float next = stepped(widened(a.gradient16[i]), a, i, s);
    a.master[i] = next;
    a.rounded[i] = narrowed(next);
  }
}

PATINA_CLONES
void follow_average(const AdamWArrays& a, std::int64_t begin, std::int64_t end, float part) {
#pragma GCC ivdep
  for (std::int64_t i = begin; i < end; ++i) a.average[i] += part * (a.master[i] - a.average[i]);
}

}  // namespace

double sum_of_squares_float32(const float* values, std::int64_t count) {
  return sum_over_chunks(count, [&](std::int64_t at, std::int64_t size) {
    return static_cast<double>(chunk_of_float32(values + at, size));
  });
}

double sum_of_squares_bfloat16(const std::uint16_t* values, std::int64_t count) {
  return sum_over_chunks(count, [&](std::int64_t at, std::int64_t size) {
    return static_cast<double>(chunk_of_bfloat16(values + at, size));
  });
}

void adamw_update(const AdamWArrays& arrays, std::int64_t count, const AdamWStep& step) {
  at::parallel_for(0, count, kChunk, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t at = begin; at < end; at += kChunk) {
      const std::int64_t last = std::min(at + kChunk, end);
      if (arrays.gradient16 != nullptr) {
        update_bfloat16(arrays, at, last, step);
      } else {
        update_float32(arrays, at, last, step);
      }
      if (arrays.average != nullptr) follow_average(arrays, at, last, step.average_part);
    }
  });
}

}  // namespace patina::tensors::internal
