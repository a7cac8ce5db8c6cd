// SPDX-License-Identifier: Apache-2.0
// Makes the frame mark that extractors/frame/frame.h reads: cosines of signs drawn from the key's seed,
// locked to the centre square of every image of the set, hidden where the image hides it [Chou & Li
// 1995]. Being one function of the place, it is the first thing that a network which sees the
// set's latents learns, whatever the images show.
#pragma once

#include <cstdint>
#include <vector>

#include "extractors/frame/frame.h"
#include "images/pixels/image.h"

namespace patina::coat::frame {

/// The mark of one key.
struct FrameMark {
  std::vector<extractors::FrameIndex> index;
  std::vector<double> amplitudes;  ///< Signed; their scale does not matter.
};

/// Where cosines lie and how strong they are, without signs: the part that all keys share.
struct FrameSpectrum {
  std::vector<extractors::FrameIndex> index;
  std::vector<double> magnitudes;
};

/// The cosines that a model learns best, for a frame of L = `latents` latents a side. Half waves u
/// across and v down the frame, all of magnitude 1:
///   u = 0:              L - 1 <= v <= 3L - 3, v != 2L
///   u = 2, 4, ... < L:  |v - (2L - 1)| <= round(0.625 L exp(-(u - 2) / (0.4 L)))
/// They are slow across and go up and down about once a latent (2L half waves) down the frame, so
/// that a network on the latents sees a shift of some channels that hardly changes along a row,
/// which is what comes back the strongest in measurements of the built-in base, L = 16, with 103
/// cosines (docs/experiments.md). v = 2L is left out because all images of that base have it.
/// Stable Diffusion at 512 pixels has L = 64.
FrameSpectrum learnable_spectrum(int latents);

/// Signs drawn from a seed.
FrameMark draw_mark(const FrameSpectrum& spectrum, std::uint64_t seed);

/// The mark of root mean square 1 over the frame at the pixels of `rect`, continued beyond the
/// frame; row by row.
std::vector<float> mark_plane(const FrameMark& mark,
                              const images::Rect& frame,
                              const images::Rect& rect);

/// How much each pixel of an image hides, unit range: Chou and Li's luminance and contrast masking
/// of cells of 1/32 of the frame (4 pixels at least), interpolated. [height*width].
std::vector<float> hiding_plane(const images::Image& image);

/// L of learnable_spectrum(), from the fastest cosine of a mark.
int latents_of(const FrameMark& mark);

}  // namespace patina::coat::frame
