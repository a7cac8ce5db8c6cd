// SPDX-License-Identifier: Apache-2.0
// The seam between images and numbers: what turns an image into a coating score. The concrete class
// lives in extractors/ (it needs LibTorch); analyzer and report's verify know only this.
#pragma once

#include <string>
#include <vector>

#include "images/pixels/image.h"

namespace patina::keys {

/// Who computed the scores and how, recorded in the evidence.
struct ExtractorInfo {
  std::string method;          ///< "siren".
  std::string precision;       ///< "float32" or "bfloat16".
  std::string weights_sha256;  ///< Digest of the extractor's tensors, centre and radius.
  double radius = 0.0;         ///< Hypersphere radius, in feature units.
};

class Extractor {
 public:
  virtual ~Extractor() = default;

  /// Coating score of each image: sqrt(||F(x)-c||^2+1)-1 >= 0 [Siren 2025, Sec. 4.4]. SMALLER means
  /// more like a coated image. Deterministic for a given build, precision and thread count.
  virtual std::vector<double> score(const std::vector<const images::Image*>& images) = 0;

  virtual ExtractorInfo info() const = 0;

  /// For methods whose keys are made of signs drawn at random: the terms of each image that
  /// stats::key_signs_test() is about, [N][K], unit free, each with the key's sign in it. Empty for
  /// all other methods.
  virtual std::vector<std::vector<double>> key_terms(
      const std::vector<const images::Image*>& /*images*/) {
    return {};
  }
};

}  // namespace patina::keys
