// SPDX-License-Identifier: Apache-2.0
// The seam between images and numbers: what turns an image into a coating score. The concrete class
// of each method lives in extractors/; analyzer and report's verify know only this.
#pragma once

#include <string>
#include <vector>

#include "images/pixels/image.h"
#include "keys/method_record.h"

namespace patina::keys {

struct CoatKey;

/// Who computed the scores and how, recorded in the evidence.
struct ExtractorInfo {
  MethodRecord method;
  std::string precision;       ///< "float32", "bfloat16" or "float64".
  std::string weights_sha256;  ///< Digest of what scores: tensors, fields and radius.
  double radius = 0.0;         ///< Radius of the key, in the method's own units.
};

/// The record of a key's extractor.
ExtractorInfo describe_extractor(const CoatKey& key,
                                 const MethodRecord& method,
                                 const std::string& precision);

/// Not for use by several threads at once, unless a class says so.
class Extractor {
 public:
  virtual ~Extractor() = default;

  /// Coating score of each image, at least 0; info().method.score says what it is. SMALLER means
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
