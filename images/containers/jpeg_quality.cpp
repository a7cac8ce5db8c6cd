// SPDX-License-Identifier: Apache-2.0
// IJG table of quality q: entry = clamp((base*s + 50) / 100, 1, 255) in integers, with s = 5000/q
// below 50 and 200 - 2q from there on [libjpeg, jcparam.c]. The base tables are those of
// [ITU-T T.81, Tables K.1 and K.2], written here in zigzag order.
#include "images/containers/jpeg_quality.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <limits>

namespace patina::images {
namespace {

constexpr QuantTable kLumaBase = {16,  11, 12, 14,  12,  10,  16,  14,  13, 14,  18,  17,  16,
                                  19,  24, 40, 26,  24,  22,  22,  24,  49, 35,  37,  29,  40,
                                  58,  51, 61, 60,  57,  51,  56,  55,  64, 72,  92,  78,  64,
                                  68,  87, 69, 55,  56,  80,  109, 81,  87, 95,  98,  103, 104,
                                  103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99};

constexpr QuantTable kChromaBase = {17, 18, 18, 24, 21, 24, 47, 26, 26, 47, 99, 66, 56, 66, 99, 99,
                                    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
                                    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
                                    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99};

std::int64_t distance(const QuantTable& table, const QuantTable& base, int quality) {
  const int scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const int expected = std::clamp((base[i] * scale + 50) / 100, 1, 255);
    sum += std::abs(expected - static_cast<int>(table[i]));
  }
  return sum;
}

}  // namespace

int estimate_jpeg_quality(const QuantTable& luma, const QuantTable* chroma) {
  int best = 100;
  std::int64_t best_distance = std::numeric_limits<std::int64_t>::max();
  for (int quality = 100; quality >= 1; --quality) {
    std::int64_t sum = distance(luma, kLumaBase, quality);
    if (chroma != nullptr) sum += distance(*chroma, kChromaBase, quality);
    if (sum < best_distance) {
      best_distance = sum;
      best = quality;
    }
  }
  return best;
}

}  // namespace patina::images
