// SPDX-License-Identifier: Apache-2.0
// Plain loops that the compiler turns into vector code, once for each instruction set.
#include "diffusion/networks/internal/bfloat16_kernels.h"

#include <cmath>
#include <cstring>
#include <vector>

#include <ATen/Parallel.h>

#include "tensors/vector_code.h"

namespace patina::diffusion::internal {

using tensors::bits_as_float;
using tensors::float_as_bits;
using tensors::narrowed;
using tensors::widened;
namespace {

constexpr std::int64_t kBlock = 256;  // positions whose sums are float32 before they become double

// exp to about 2e-6, relative: 2^n by the exponent's bits, 2^f on [-0.5, 0.5] by a polynomial (the
// Taylor coefficients ln(2)^k / k!).
PATINA_INLINE float fast_exp(float x) {
  constexpr float kLog2E = 1.44269504F;
  constexpr float kShift = 12582912.0F;  // 1.5 * 2^23: adding it rounds to a whole number
  const float clamped = x < -87.0F ? -87.0F : (x > 88.0F ? 88.0F : x);
  const float scaled = clamped * kLog2E;
  // Through the bits, so that no optimisation of sums sees that a number is added and taken away.
  const std::uint32_t whole = float_as_bits(scaled + kShift) - float_as_bits(kShift);
  const float f = scaled - static_cast<float>(static_cast<std::int32_t>(whole));
  float p = 1.5403530e-4F;
  p = p * f + 1.3333558e-3F;
  p = p * f + 9.6181291e-3F;
  p = p * f + 5.5504109e-2F;
  p = p * f + 2.4022651e-1F;
  p = p * f + 6.9314718e-1F;
  p = p * f + 1.0F;
  return bits_as_float(float_as_bits(p) + (whole << 23));
}

PATINA_CLONES
void add_sums(const std::uint16_t* x,
              std::int64_t positions,
              std::int64_t channels,
              float* sums,
              float* squares) {
  for (std::int64_t p = 0; p < positions; ++p) {
    const std::uint16_t* row = x + p * channels;
    for (std::int64_t c = 0; c < channels; ++c) {
      const float value = widened(row[c]);
      sums[c] += value;
      squares[c] += value * value;
    }
  }
}

template <bool WithSilu>
PATINA_INLINE void scale_each_row(const std::uint16_t* x,
                                  std::uint16_t* out,
                                  std::int64_t positions,
                                  std::int64_t channels,
                                  const float* scale,
                                  const float* shift) {
  for (std::int64_t p = 0; p < positions; ++p) {
    const std::uint16_t* from = x + p * channels;
    std::uint16_t* to = out + p * channels;
    for (std::int64_t c = 0; c < channels; ++c) {
      const float y = widened(from[c]) * scale[c] + shift[c];
      to[c] = narrowed(WithSilu ? y / (1.0F + fast_exp(-y)) : y);
    }
  }
}

PATINA_CLONES
void scale_rows(const std::uint16_t* x,
                std::uint16_t* out,
                std::int64_t positions,
                std::int64_t channels,
                const float* scale,
                const float* shift) {
  scale_each_row<false>(x, out, positions, channels, scale, shift);
}

PATINA_CLONES
void scale_rows_silu(const std::uint16_t* x,
                     std::uint16_t* out,
                     std::int64_t positions,
                     std::int64_t channels,
                     const float* scale,
                     const float* shift) {
  scale_each_row<true>(x, out, positions, channels, scale, shift);
}

PATINA_CLONES
void normalise_row(const std::uint16_t* x,
                   std::uint16_t* out,
                   std::int64_t width,
                   const float* weight,
                   const float* bias,
                   float eps) {
  float sum = 0.0F;
  for (std::int64_t i = 0; i < width; ++i) sum += widened(x[i]);
  const float mean = sum / static_cast<float>(width);
  float square = 0.0F;
  for (std::int64_t i = 0; i < width; ++i) {
    const float centred = widened(x[i]) - mean;
    square += centred * centred;
  }
  const float scale = 1.0F / std::sqrt(square / static_cast<float>(width) + eps);
  for (std::int64_t i = 0; i < width; ++i) {
    out[i] = narrowed((widened(x[i]) - mean) * scale * weight[i] + bias[i]);
  }
}

// Integers in the order of the values they stand for; a NaN without sign comes last.
PATINA_INLINE std::int16_t ordered(std::uint16_t value) {
  const auto number = static_cast<std::int16_t>(value);
  return static_cast<std::int16_t>(number ^ ((number >> 15) & 0x7FFF));
}

PATINA_CLONES
void exp_row(std::uint16_t* row, std::int64_t width, float scale, float* sum, float* largest) {
  std::int16_t last = ordered(row[0]);
  for (std::int64_t i = 1; i < width; ++i) {
    const std::int16_t next = ordered(row[i]);
    last = next > last ? next : last;
  }
  const float most = widened(
      static_cast<std::uint16_t>(last ^ ((last >> 15) & 0x7FFF)));  // its own inverse
  float total = 0.0F;
  for (std::int64_t i = 0; i < width; ++i) {
    const float power = fast_exp(scale * (widened(row[i]) - most));
    total += power;
    row[i] = narrowed(power);
  }
  *sum = total;
  *largest = scale * most;
}

// Sums of each channel over one image, in double.
struct ChannelSums {
  std::vector<double> sums;
  std::vector<double> squares;
};

ChannelSums channel_sums(const std::uint16_t* image,
                         std::int64_t positions,
                         std::int64_t channels) {
  const std::int64_t blocks = (positions + kBlock - 1) / kBlock;
  const auto width = static_cast<std::size_t>(channels);
  std::vector<float> parts(static_cast<std::size_t>(blocks) * 2 * width, 0.0F);
  at::parallel_for(0, blocks, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) {
      float* part = parts.data() + b * 2 * channels;
      const std::int64_t first = b * kBlock;
      add_sums(image + first * channels,
               std::min(kBlock, positions - first),
               channels,
               part,
               part + channels);
    }
  });
  ChannelSums total = {std::vector<double>(width, 0.0), std::vector<double>(width, 0.0)};
  for (std::int64_t b = 0; b < blocks; ++b) {
    const float* part = parts.data() + b * 2 * channels;
    for (std::size_t c = 0; c < width; ++c) {
      total.sums[c] += static_cast<double>(part[c]);
      total.squares[c] += static_cast<double>(part[width + c]);
    }
  }
  return total;
}

// Per channel, so that norm, weight and bias are x * scale + shift.
struct ScaleShift {
  std::vector<float> scale;
  std::vector<float> shift;
};

ScaleShift scale_and_shift(const ChannelSums& total,
                           const ImageBatch& shape,
                           std::int64_t groups,
                           const Affine& affine) {
  const auto width = static_cast<std::size_t>(shape.channels);
  const auto per_group = static_cast<std::size_t>(shape.channels / groups);
  const double count = static_cast<double>(shape.positions) * static_cast<double>(per_group);
  ScaleShift result = {std::vector<float>(width), std::vector<float>(width)};
  for (std::size_t first = 0; first < width; first += per_group) {
    double sum = 0.0;
    double square = 0.0;
    for (std::size_t c = first; c < first + per_group; ++c) {
      sum += total.sums[c];
      square += total.squares[c];
    }
    const double mean = sum / count;
    const double variance = std::max(0.0, square / count - mean * mean);
    const double rstd = 1.0 / std::sqrt(variance + static_cast<double>(affine.eps));
    for (std::size_t c = first; c < first + per_group; ++c) {
      const double scale = static_cast<double>(affine.weight[c]) * rstd;
      result.scale[c] = static_cast<float>(scale);
      result.shift[c] = static_cast<float>(static_cast<double>(affine.bias[c]) - mean * scale);
    }
  }
  return result;
}

}  // namespace

void group_norm_bfloat16(const std::uint16_t* x,
                         std::uint16_t* out,
                         const ImageBatch& shape,
                         std::int64_t groups,
                         const Affine& affine,
                         bool with_silu) {
  const std::int64_t size = shape.positions * shape.channels;
  const auto apply = with_silu ? scale_rows_silu : scale_rows;
  for (std::int64_t n = 0; n < shape.images; ++n) {
    const std::uint16_t* image = x + n * size;
    const ScaleShift by = scale_and_shift(
        channel_sums(image, shape.positions, shape.channels), shape, groups, affine);
    at::parallel_for(0, shape.positions, kBlock, [&](std::int64_t begin, std::int64_t end) {
      apply(image + begin * shape.channels,
            out + n * size + begin * shape.channels,
            end - begin,
            shape.channels,
            by.scale.data(),
            by.shift.data());
    });
  }
}

void layer_norm_bfloat16(const std::uint16_t* x,
                         std::uint16_t* out,
                         std::int64_t rows,
                         std::int64_t width,
                         const Affine& affine) {
  at::parallel_for(0, rows, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      normalise_row(
          x + row * width, out + row * width, width, affine.weight, affine.bias, affine.eps);
    }
  });
}

void exp_rows_bfloat16(std::uint16_t* scores,
                       std::int64_t rows,
                       std::int64_t width,
                       float scale,
                       float* sums,
                       float* largest) {
  at::parallel_for(0, rows, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      exp_row(scores + row * width, width, scale, sums + row, largest + row);
    }
  });
}

}  // namespace patina::diffusion::internal
