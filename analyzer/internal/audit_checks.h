// SPDX-License-Identifier: Apache-2.0
// What stands between two sources and a fair test: refusals before and after collection, repeated
// and shared images, and warnings where the two sets are not alike in ways that alone move scores.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "queryers/suspect.h"
#include "report/evidence/evidence.h"

namespace patina::analyzer {

struct Sources {
  queryers::SuspectInfo suspect;
  queryers::SuspectInfo benign;
};

/// Throws Error{kInput} if both are one folder, one lies inside the other or the bundle inside
/// either.
void require_separate(const Sources& sources, const std::filesystem::path& bundle);

/// Throws Error{kInput} if the set has fewer than `min_samples` samples.
void require_enough(const report::SampleSet& set, int min_samples);

/// Throws Error{kInput} if more than half of the smaller set's images (by digest) are in both.
void require_few_shared(const report::SampleSet& suspect, const report::SampleSet& benign);

/// Everything a reader should know before trusting the numbers, one sentence each.
std::vector<std::string> audit_notes(const report::Evidence& evidence);

}  // namespace patina::analyzer
