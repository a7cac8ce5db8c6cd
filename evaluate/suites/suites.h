// SPDX-License-Identifier: Apache-2.0
// What `patina evaluate` can measure: one table with a row a suite. A suite turns options into
// cells, runs a cell, and makes tables of finished ones. Entry points: suite_from_name, run_suite.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/observer.h"
#include "evaluate/cells/cell.h"
#include "evaluate/chain/options.h"
#include "evaluate/tables/tables.h"
#include "tensors/compute.h"

namespace patina::evaluate {

struct SuiteOptions {
  std::filesystem::path output;     ///< Folder for tables and all that leads to them.
  ChainOptions chain;               ///< What the suite "chain" measures.
  tensors::ComputeOptions compute;  ///< Where and how.
};

struct Suite {
  const char* name;
  const char* summary;  ///< One line.
  std::vector<Cell> (*plan)(const SuiteOptions& options);
  /// A function that runs any of the planned cells.
  RunCell (*runner)(const SuiteOptions& options);
  Tables (*tabulate)(const std::vector<CellRecord>& records);
};

const std::vector<Suite>& suites();
std::vector<std::string> suite_names();
/// Throws Error{kUsage} listing the names.
const Suite& suite_from_name(const std::string& name);

/// Runs the cells that are not finished in the output folder and writes the tables. Throws
/// Error{kUsage} for options out of range, and what the suite throws.
Tables run_suite(const Suite& suite,
                 const SuiteOptions& options,
                 const core::Observer& observer = {});

/// Writes the tables of those cells that are finished, and computes nothing. Throws Error{kInput} if
/// there is none.
Tables tabulate_suite(const Suite& suite, const SuiteOptions& options);

}  // namespace patina::evaluate
