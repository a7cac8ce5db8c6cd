// SPDX-License-Identifier: Apache-2.0
// Coat, personalise, generate, score, resample: one row. Entry point: measure_row.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/observer.h"
#include "evaluate/chain/row.h"
#include "evaluate/chain/stages.h"

namespace patina::evaluate {

/// What a row is about. Sets are indices into ChainOptions::sets.
struct RowPlan {
  std::size_t set = 0;
  diffusion::PersonalizeMethod method = diffusion::PersonalizeMethod::kFull;
  std::string coating = "frame";  ///< A row of coat/methods.h.
  int share_percent = 100;
  std::vector<std::size_t> other_sets;    ///< Whose uncoated models are controls.
  std::vector<std::size_t> other_owners;  ///< Whose coated models are, with their own keys.
};

struct MeasuredRow {
  ChainRow row;  ///< The half that comes out.
  std::map<std::string, std::uint64_t> seeds;
};
/// Throws what the experiment's steps throw.
MeasuredRow measure_row(const Experiment& experiment,
                        const RowPlan& plan,
                        const core::Observer& observer);

}  // namespace patina::evaluate
