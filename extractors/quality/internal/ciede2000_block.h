// SPDX-License-Identifier: Apache-2.0
// CIEDE2000 over a block of 256 pixels: loops that stay in the first-level cache and vectorise. A
// block is always computed whole, its tail filled with black, so that a pixel's result does not
// depend on where a range begins. In an unnamed namespace for the reason given in ciede2000_math.h.
#pragma once

#include "extractors/quality/internal/ciede2000_gradient.h"

namespace patina::extractors {
namespace {

constexpr int kBlock = 256;

/// Values of one block, one row per channel.
template <class T>
struct alignas(64) Planes {
  T v[3][kBlock];
};

template <class T>
struct Block {
  Planes<T> lab1;
  Planes<T> lab2;   // gradient_loop() replaces it by dF/dLab.
  Planes<T> rgb;    // Encoded input, then dF/d(encoded coated).
  Planes<T> gamma;  // d(linear)/d(encoded) of the coated image.
  Planes<T> curve;  // f'(X), f'(Y), f'(Z) of the coated image.
  alignas(64) T squared[kBlock];
};

template <class T>
void load(const T* image, std::int64_t plane_size, PixelRange range, Planes<T>& out) {
  const int count = static_cast<int>(range.end - range.begin);
  for (int c = 0; c < 3; ++c) {
    const T* plane = image + c * plane_size + range.begin;
    for (int i = 0; i < count; ++i) out.v[c][i] = plane[i];
    for (int i = count; i < kBlock; ++i) out.v[c][i] = T(0);
  }
}

template <class T>
void lab_loop(const ColorMatrix<T>& m, Block<T>& block, Planes<T>& lab) {
  const ColorMatrix<T> matrix = m;
  for (int c = 0; c < 3; ++c) {
    for (int i = 0; i < kBlock; ++i) {
      const Jet<T> light = linear_light(block.rgb.v[c][i]);
      block.rgb.v[c][i] = light.value;
      block.gamma.v[c][i] = light.slope;
    }
  }
  for (int i = 0; i < kBlock; ++i) {
    const LabPixel<T> p = lab_of(matrix, block.rgb.v[0][i], block.rgb.v[1][i], block.rgb.v[2][i]);
    lab.v[0][i] = p.l;
    lab.v[1][i] = p.a;
    lab.v[2][i] = p.b;
    block.curve.v[0][i] = p.x_slope;
    block.curve.v[1][i] = p.y_slope;
    block.curve.v[2][i] = p.z_slope;
  }
}

template <class T>
void squared_loop(T stabiliser, Block<T>& block) {
  for (int i = 0; i < kBlock; ++i) {
    const ColorPoint<T> p1{block.lab1.v[0][i], block.lab1.v[1][i], block.lab1.v[2][i]};
    const ColorPoint<T> p2{block.lab2.v[0][i], block.lab2.v[1][i], block.lab2.v[2][i]};
    block.squared[i] = squared_difference(difference_of(p1, p2, stabiliser));
  }
}

template <class T>
void gradient_loop(T stabiliser, Block<T>& block) {
  for (int i = 0; i < kBlock; ++i) {
    const ColorPoint<T> p1{block.lab1.v[0][i], block.lab1.v[1][i], block.lab1.v[2][i]};
    const ColorPoint<T> p2{block.lab2.v[0][i], block.lab2.v[1][i], block.lab2.v[2][i]};
    const Difference<T> d = difference_of(p1, p2, stabiliser);
    const ColorPoint<T> g = gradient_of(d, p1, p2);
    block.squared[i] = squared_difference(d);
    block.lab2.v[0][i] = g.l;
    block.lab2.v[1][i] = g.a;
    block.lab2.v[2][i] = g.b;
  }
}

template <class T>
void rgb_gradient_loop(const ColorMatrix<T>& m, Block<T>& block) {
  const ColorMatrix<T> matrix = m;
  for (int i = 0; i < kBlock; ++i) {
    const T a = T(500) * block.lab2.v[1][i];
    const T b = T(200) * block.lab2.v[2][i];
    const T x = block.curve.v[0][i] * a;
    const T y = block.curve.v[1][i] * (T(116) * block.lab2.v[0][i] - a + b);
    const T z = -block.curve.v[2][i] * b;
    for (int c = 0; c < 3; ++c) {
      block.rgb.v[c][i] = block.gamma.v[c][i] *
                          (matrix.x[c] * x + matrix.y[c] * y + matrix.z[c] * z);
    }
  }
}

/// Both images to CIELAB; leaves the derivatives of the coated one in the block.
template <class T>
void lab_block(const ColorMatrix<T>& matrix,
               const PlanarPair<T>& pair,
               PixelRange range,
               Block<T>& block) {
  load(pair.clean, pair.plane_size, range, block.rgb);
  lab_loop(matrix, block, block.lab1);
  load(pair.coated, pair.plane_size, range, block.rgb);
  lab_loop(matrix, block, block.lab2);
}

/// Sum over the first `count` values, in an order that does not depend on the instruction set.
template <class T>
double sum_of(const T* values, int count) {
  double lanes[8] = {};
  int i = 0;
  for (; i + 8 <= count; i += 8) {
    for (int j = 0; j < 8; ++j) lanes[j] += static_cast<double>(values[i + j]);
  }
  for (; i < count; ++i) lanes[i % 8] += static_cast<double>(values[i]);
  return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) +
         ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
}

}  // namespace
}  // namespace patina::extractors
