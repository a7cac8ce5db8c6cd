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

/// Cosines that are slow across the frame and down it go up and down about once a latent, which is
/// 2 `latents` half waves: the slower across, the wider the band. u = 0: v from `latents` - 1 to 3
/// `latents` - 3, but for 2 `latents`, a line that all images of the built-in base have. u = 2, 4
/// ... below `latents`: v within 0.625 `latents` exp(-(u - 2) / (0.4 `latents`)) of 2 `latents`
/// - 1. To a network on the latents such a cosine is a shift of some channels that changes slowly
/// along a row: of all cosines of equal strength in the training images these come back the
/// strongest, and a LoRA, whose tokens know their row well and their column hardly, learns those of
/// u = 0 and 2. For 16 latents there are 103. docs/experiments.md has the measurements, which are
/// of the built-in base (16); Stable Diffusion has 64 at 512 pixels.
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

}  // namespace patina::coat::frame
