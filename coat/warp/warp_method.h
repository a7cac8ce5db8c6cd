// SPDX-License-Identifier: Apache-2.0
// The method "warp": every image is bent by one and the same smooth displacement, and a classifier
// tells bent images from others [Wang 2024, DIAGNOSIS], a baseline of [Siren 2025]. Entry points:
// make_key, make_coating.
#pragma once

#include "coat/method/coating.h"
#include "coat/method/key_request.h"
#include "coat/method/method_words.h"
#include "keys/coat_key.h"

namespace patina::coat::warp {

struct WarpOptions {
  int steps = 400;  ///< Training steps of the classifier, at least 1; more tell bends apart better.
  int pairs = 16;   ///< Crops a step, each once clean and once warped, at least 1.
  double learning_rate = 1e-3;  ///< Learning rate of Adam, above 0.
};

MethodWords words();

/// Draws a warp from the seed and trains its classifier on crops of the set. Throws Error{kInput} if
/// no image can be read, Error{kInternal} where the loss is not finite.
keys::CoatKey make_key(const KeyRequest& request, const WarpOptions& options = {});

/// Throws Error{kInput} for a key without a warp or classifier.
Coating make_coating(const keys::CoatKey& key);

}  // namespace patina::coat::warp
