// SPDX-License-Identifier: Apache-2.0
// What a key does with one image, whichever method made it.
#pragma once

#include <functional>
#include <memory>

#include "coat/method/coating_pattern.h"
#include "images/pixels/image.h"
#include "keys/extractor.h"

namespace patina::coat {

/// Where an image lies with respect to a key's centre c, f being its feature.
struct Reading {
  double position = 0.0;  ///< <f,c> / <c,c>: about 0 for clean images and 1 for coated ones.
  double score = 0.0;     ///< The coating score, as the key's scorer gives it.
};

/// The functions may not be called by several threads at once.
struct Coating {
  /// What is added to an image, in proportion to the strength; empty where `replaced` is not.
  std::function<CoatingPattern(const images::Image&)> pattern;
  /// The same, held at the standard strength to what each place of the image hides from the eye; empty
  /// for methods that do not know.
  std::function<CoatingPattern(const images::Image&)> unseen_pattern;
  /// The coated image itself, where a coating is not added but made in one piece.
  std::function<images::Image(const images::Image&)> replaced;
  std::function<Reading(const images::Image&)> read;
  /// Whether an image's strength is lowered to what brings its feature to the centre. A frame mark
  /// is as strong as the fidelity allows, since a model learns from every image.
  bool stops_at_centre = true;
};

/// Reads by a scorer whose scores are shares: 1/2 is chance and 0 what the key says.
std::function<Reading(const images::Image&)> read_shares(
    const std::shared_ptr<keys::Extractor>& scorer);

/// The strength of a coating lies between these shares of the standard one where it adapts to the
/// image.
inline constexpr double kFaintestShare = 0.4, kStrongestShare = 2.5;

}  // namespace patina::coat
