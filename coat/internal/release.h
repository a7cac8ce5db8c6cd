// SPDX-License-Identifier: Apache-2.0
// One image on its way out: coating, strength that fits the size limit, encoding, quality, scores.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "coat/coat.h"
#include "coat/siren/coater_torch.h"
#include "core/extractor.h"
#include "core/image_io.h"

namespace patina::coat {

/// A coated file ready to be written.
struct Release {
  std::vector<std::uint8_t> bytes;
  core::Image pixels;  ///< As a reader of the file will see them.
  double strength = 0.0;
  double size_ratio = 0.0;
};

/// The largest strength, at most `options.strength`, at which the coated file is at most
/// `options.max_size_ratio` times the original's bytes at the same format and quality. Tries a
/// handful of strengths; the coating fades rather than the limit breaks.
Release fit_release(const core::ImageFile& clean,
                    const siren::CoatingPattern& pattern,
                    const CoatOptions& options);

/// The clean file with the encoding and metadata that the options ask for.
core::ImageFile prepare_output(core::ImageFile file, const CoatOptions& options);

/// Where the coated image of an entry goes, relative to the output folder.
std::filesystem::path released_name(const core::ImageEntry& entry, const CoatOptions& options);

/// Both scores of one image and its quality.
CoatedImage describe_release(const core::Image& clean,
                             const Release& release,
                             core::Extractor& scorer);

}  // namespace patina::coat
