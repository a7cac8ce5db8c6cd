// SPDX-License-Identifier: Apache-2.0
// A float is not finite when its exponent bits are all ones; a sum over such tests vectorises.
#include "diffusion/networks/internal/finite.h"

#include <atomic>

#include <ATen/Parallel.h>

namespace patina::diffusion::internal {
namespace {

constexpr std::int64_t kLeastPerThread = 1 << 18;

template <typename Bits>
bool all_finite(const Bits* bits, std::int64_t count, Bits exponent) {
  std::atomic<bool> finite{true};
  at::parallel_for(0, count, kLeastPerThread, [&](std::int64_t begin, std::int64_t end) {
    Bits any = 0;
    for (std::int64_t i = begin; i < end; ++i) {
      any = static_cast<Bits>(any | ((bits[i] & exponent) == exponent ? 1 : 0));
    }
    if (any != 0) finite = false;
  });
  return finite;
}

}  // namespace

bool all_finite_32(const std::uint32_t* bits, std::int64_t count) {
  return all_finite<std::uint32_t>(bits, count, 0x7F800000U);
}

bool all_finite_16(const std::uint16_t* bits, std::int64_t count, std::uint16_t exponent) {
  return all_finite<std::uint16_t>(bits, count, exponent);
}

}  // namespace patina::diffusion::internal
