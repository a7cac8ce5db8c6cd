// SPDX-License-Identifier: Apache-2.0
// samples.png: what a personalised model makes, at a glance.
#pragma once

#include <filesystem>

#include "core/observer.h"
#include "diffusion/personalize/personalize.h"

namespace patina::diffusion {

/// Generates options.samples.count images, above 0, writes them in rows of eight, or fewer where
/// there are fewer, and returns the path. Throws what Generator throws, Error{kDisk}.
std::filesystem::path write_contact_sheet(const PersonalizedModel& model,
                                          const PersonalizeOptions& options,
                                          const core::Observer& observer);

}  // namespace patina::diffusion
