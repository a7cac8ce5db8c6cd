// SPDX-License-Identifier: Apache-2.0
// The experiment behind the claim: a model personalised on coated images betrays it, and models
// that were not do not [Siren 2025, Sec. 5.1]. For each set and way of personalising: coat the set;
// personalise on coated and on uncoated images; generate; score with the set's key; resample. Entry
// points: plan_chain, run_chain_cell, tabulate_chain.
#pragma once

#include <vector>

#include "core/observer.h"
#include "evaluate/cells/cell.h"
#include "evaluate/chain/stages.h"
#include "evaluate/tables/tables.h"

namespace patina::evaluate {

/// A cell for each method, measured set, coating and share, in this order. Throws what validate()
/// throws.
std::vector<Cell> plan_chain(const ChainOptions& options);

/// Requires: a cell of plan_chain() with the experiment's options. Throws what the experiment's steps
/// throw, and as claim_folder() does.
CellOutcome run_chain_cell(const Experiment& experiment,
                           const Cell& cell,
                           const core::Observer& observer = {});

/// chain.md, chain.csv (every rate with its interval) and chain.svg (power by level). Throws
/// Error{kInput} for no record, or one that is not the chain's.
Tables tabulate_chain(const std::vector<CellRecord>& records);

}  // namespace patina::evaluate
