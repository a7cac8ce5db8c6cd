// SPDX-License-Identifier: Apache-2.0
// The method "frame": a mark locked to the centre square of every image of a set, which models
// personalised on the set learn. Entry points: make_key, make_coating.
#pragma once

#include <vector>

#include "coat/frame/frame.h"
#include "coat/method/coating.h"
#include "coat/method/key_request.h"
#include "coat/method/method_words.h"
#include "core/options.h"
#include "images/pixels/image.h"
#include "keys/coat_key.h"

namespace patina::coat::frame {

struct FrameOptions {
  /// Latents along a side of the models that are to learn the mark, [8, 256]: 16 for the built-in
  /// base, 64 for Stable Diffusion at 512 pixels (where nothing was measured). Larger marks are
  /// finer.
  int latents = 16;
};
std::vector<core::OptionField> describe(FrameOptions& options);

MethodWords words();

/// Draws a mark from the seed and measures on the set where coated images lie: centre, radius and
/// tensors. Throws Error{kInput} if no image can be measured.
keys::CoatKey make_key(const KeyRequest& request, const FrameOptions& options);

/// Throws Error{kInput} for a key without a frame mark.
Coating make_coating(const keys::CoatKey& key);

/// Radius of the range about `center` that holds the statistics of coated images but a share `nu`,
/// counted from below. `statistics` are not empty. A statistic varies by 1 over keys, whatever the
/// image, so that no radius is smaller.
double coated_radius(std::vector<double> statistics, double center, double nu);

/// The mark of a key. Throws Error{kInput} for another key.
FrameMark read_mark(const keys::KeyPart& scoring);

/// The mark at strength 1, hidden where the image hides it; equal in all three colours.
CoatingPattern frame_pattern(const images::Image& image, const FrameMark& mark);
/// The same by unseen_plane(), which the standard strength reaches.
CoatingPattern unseen_pattern(const images::Image& image, const FrameMark& mark);

}  // namespace patina::coat::frame
