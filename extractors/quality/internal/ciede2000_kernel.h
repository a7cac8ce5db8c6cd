// SPDX-License-Identifier: Apache-2.0
// CIEDE2000 over planar images, block by block; no intermediate image exists.
// In an unnamed namespace for the reason given in ciede2000_math.h.
#pragma once

#include "extractors/quality/internal/ciede2000_block.h"
#include "extractors/quality/internal/ciede2000_table.h"

namespace patina::extractors {
namespace {

inline PixelRange block_at(std::int64_t begin, const PixelRange& range) {
  const std::int64_t end = begin + kBlock;
  return {begin, end < range.end ? end : range.end};
}

template <class T>
void map_kernel(const PlanarPair<T>& pair,
                PixelRange range,
                const Ciede2000Options& options,
                T* delta_e) {
  const ColorMatrix<T> matrix = color_matrix<T>(options.scale);
  Block<T> block;
  for (std::int64_t at = range.begin; at < range.end; at += kBlock) {
    const PixelRange part = block_at(at, range);
    lab_block(matrix, pair, part, block);
    squared_loop(static_cast<T>(options.stabiliser), block);
    const int count = static_cast<int>(part.end - part.begin);
    for (int i = 0; i < count; ++i) delta_e[at + i] = square_root(block.squared[i]);
  }
}

template <class T>
double squared_sum_kernel(const PlanarPair<T>& pair,
                          PixelRange range,
                          const Ciede2000Options& options,
                          T* gradient) {
  const ColorMatrix<T> matrix = color_matrix<T>(options.scale);
  const T stabiliser = static_cast<T>(options.stabiliser);
  Block<T> block;
  double sum = 0.0;
  for (std::int64_t at = range.begin; at < range.end; at += kBlock) {
    const PixelRange part = block_at(at, range);
    const int count = static_cast<int>(part.end - part.begin);
    lab_block(matrix, pair, part, block);
    if (gradient == nullptr) {
      squared_loop(stabiliser, block);
    } else {
      gradient_loop(stabiliser, block);
      rgb_gradient_loop(matrix, block);
      for (int c = 0; c < 3; ++c) {
        T* plane = gradient + c * pair.plane_size + at;
        for (int i = 0; i < count; ++i) plane[i] = block.rgb.v[c][i];
      }
    }
    sum += sum_of(block.squared, count);
  }
  return sum;
}

}  // namespace
}  // namespace patina::extractors
