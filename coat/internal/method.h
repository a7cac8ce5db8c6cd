// SPDX-License-Identifier: Apache-2.0
// What a key does with one image, whichever method made it.
#pragma once

#include <functional>

#include "coat/coat.h"
#include "coat/siren/coater_torch.h"
#include "extractors/scorer.h"
#include "images/pixels/image.h"
#include "keys/coat_key.h"

namespace patina::coat {

/// Where an image's feature f lies with respect to a key's centre c.
struct Reading {
  double position = 0.0;  ///< <f,c> / <c,c>: about 0 for clean images and 1 for coated ones.
  double score = 0.0;     ///< The coating score, as the key's scorer gives it.
};

struct KeyedCoating {
  /// What is added to an image, in proportion to the strength; empty where `replaced` is not.
  std::function<siren::CoatingPattern(const images::Image&)> pattern;
  /// The coated image itself, where a coating is not added but made in one piece.
  std::function<images::Image(const images::Image&)> replaced;
  std::function<Reading(const images::Image&)> read;
  /// Whether an image's strength is lowered to what brings its feature to the centre. A frame mark
  /// is as strong as the PSNR allows: a model learns from every image.
  bool stops_at_centre = true;
};

/// Throws Error{kInput} for a key without the tensors of its method.
KeyedCoating keyed_coating(const keys::CoatKey& key, const CoatOptions& options);

extractors::ScorerOptions scorer_options(const CoatOptions& options);

}  // namespace patina::coat
