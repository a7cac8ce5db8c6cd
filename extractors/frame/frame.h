// SPDX-License-Identifier: Apache-2.0
// Reads the frame mark, the part of a coating that an autoencoder lets through and a personalised
// model learns (docs/experiments.md): a sum of cosines that is locked to an image's frame, its
// centre square, and is the same in every image of a set. Cosine k has u half waves across the
// frame and v down it, u even, so that a mirrored image carries the same mark.
//
// The statistic is that of a random direction [Sablayrolles 2020, radioactive data]: with z the
// features of an image and w the key's weights,
//   s = sqrt(K) <z,w> / (|z| |w|).
// For any image whatever, s has mean 0 and variance 1 over keys, since their signs are drawn at
// random. Entry points: frame_features, frame_statistic. No LibTorch.
#pragma once

#include <array>
#include <vector>

#include "extractors/frame/frame_plane.h"
#include "images/pixels/image.h"

namespace patina::extractors {

/// Half waves across (u, even) and down (v) the frame.
using FrameIndex = std::array<int, 2>;

/// Coefficients of the plane's orthonormal DCT-II, divided by its side, so that those of a pattern
/// do not depend on resolution. [K]. Requires indices below the side.
std::vector<double> frame_coefficients(const FramePlane& plane,
                                       const std::vector<FrameIndex>& index);

/// Coefficient k times rho^0.8, rho = sqrt(u^2 + v^2): the weighted residuals of natural images
/// fall off like this in the band that is used, measured on generated paintings.
std::vector<double> whitened(const std::vector<double>& coefficients,
                             const std::vector<FrameIndex>& index);

/// z: whitened coefficients of the weighted residual of the frame, read on a grid of at least two
/// cells a half wave, a power of two. [K]. Throws Error{kInput} for an image whose frame has no
/// more pixels a side than the highest index.
std::vector<double> frame_features(const images::Image& image,
                                   const std::vector<FrameIndex>& index);

/// s; 0 for an image without any contrast in the band. `z` and `weights` have one length.
double frame_statistic(const std::vector<double>& z, const std::vector<double>& weights);

/// sqrt(K) z_k a_k / (|z| |a|), which sum to the statistic of weights `a`; zeros for an image
/// without any contrast in the band.
std::vector<double> frame_terms(const std::vector<double>& z, const std::vector<double>& a);

/// What a key reads with.
struct FrameReader {
  std::vector<FrameIndex> index;
  std::vector<double> weights;  ///< Whitened amplitudes of the mark, with the key's random signs.

  double statistic(const images::Image& image) const;
  /// One term for each sign of the key [K].
  std::vector<double> key_terms(const images::Image& image) const;
};

/// The reader of a mark of these signed amplitudes [K].
FrameReader frame_reader(const std::vector<FrameIndex>& index,
                         const std::vector<double>& amplitudes);

}  // namespace patina::extractors
