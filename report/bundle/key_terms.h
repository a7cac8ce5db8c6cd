// SPDX-License-Identifier: Apache-2.0
// How far the suspect's images follow the random signs of a key, read from the images of a bundle.
// The audit and its verification share this. Entry point: mean_key_terms.
#pragma once

#include <filesystem>
#include <vector>

#include "core/observer.h"
#include "images/image_io.h"
#include "keys/extractor.h"
#include "report/evidence/evidence.h"

namespace patina::report {

/// Mean of core::Extractor::key_terms() over the samples, in their order, [K]; empty for a method
/// without. Throws Error{kInput} if a sample cannot be read from the bundle.
std::vector<double> mean_key_terms(const std::filesystem::path& bundle,
                                   const SampleSet& set,
                                   keys::Extractor& extractor,
                                   const images::ImageLimits& limits,
                                   const core::Observer& observer);

}  // namespace patina::report
