// SPDX-License-Identifier: Apache-2.0
// DIAGNOSIS's coating [Wang 2024; WaNet, Nguyen 2021], a baseline of Siren's: every image of
// a set is bent by one and the same smooth random displacement. Unconditional form: all images,
// strength 2 [Siren 2025, App. C]. No LibTorch. Entry points: draw_warp, warped.
#pragma once

#include <cstdint>
#include <vector>

#include "images/pixels/image.h"
#include "keys/coat_key.h"

namespace patina::coat::warp {

/// Displacements at `points` x `points` control points over the whole image, x and y, of mean
/// absolute value 1.
struct WarpField {
  int points = 0;
  std::vector<double> x, y;
  /// Mean absolute displacement is strength / 2 pixels of an image of 128 pixels a side (the size
  /// of the built-in base), and in proportion for others.
  double strength = 2.0;
};

/// The paper's grid has 128 points for 512 pixels; 32 keep its four pixels a point at 128.
WarpField draw_warp(std::uint64_t seed, int points = 32, double strength = 2.0);

/// Bicubic between control points, bilinear between pixels; places outside are drawn in to the
/// edge.
images::Image warped(const images::Image& image, const WarpField& field);

/// Where pixel (x,y) of a warped image is read, pixels; rows one after the other.
struct WarpPlaces {
  std::vector<float> x, y;
};
WarpPlaces warp_places(const WarpField& field, int width_px, int height_px);

/// "warp/field" [2,points,points] and "warp/strength" of a key's secret part. Throws Error{kInput} where they are
/// missing or do not go together.
WarpField read_warp(const keys::KeyPart& secret);
void put_warp(keys::KeyPart& secret, const WarpField& field);

}  // namespace patina::coat::warp
