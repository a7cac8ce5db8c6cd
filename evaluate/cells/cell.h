// SPDX-License-Identifier: Apache-2.0
// A suite is a list of cells, each one unit of work that leaves one file. A finished cell is never
// run again, and tables are made from the files alone. Entry points: run_cells, read_finished_cells.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/observer.h"

namespace patina::evaluate {

/// What is to be done.
struct Cell {
  std::string name;  ///< Name in the cell's file name, without "/"; for people.
  /// An object that holds all that the result depends on but machine and build. Cells of other
  /// parameters have other files, whatever their names.
  nlohmann::json parameters;
};

/// What came of it.
struct CellOutcome {
  nlohmann::json seeds;   ///< An object: each seed that was used, as decimal text.
  nlohmann::json result;  ///< An object.
};

/// What its file holds.
struct CellRecord {
  nlohmann::json parameters;
  CellOutcome outcome;
  nlohmann::json machine;  ///< Processor, instruction set, device, precision, threads.
  nlohmann::json tool;     ///< Version and revision of Patina.
  double seconds = 0.0;    ///< Time of the run that finished the cell.
};

/// Where a cell's file lies: FOLDER/cells/NAME-DIGEST.json, the digest that of its parameters.
std::filesystem::path cell_path(const std::filesystem::path& folder, const Cell& cell);

using RunCell = std::function<CellOutcome(const Cell&, const core::Observer&)>;

/// How cells are run, and what their files say of it.
struct CellRunner {
  RunCell run;
  nlohmann::json machine;
};

/// Runs the cells that have no file yet, in order, and writes each one's file when it is done.
/// Returns all records in the order of `cells`. Throws what `run` throws, and as
/// read_finished_cells() does.
std::vector<CellRecord> run_cells(const std::filesystem::path& folder,
                                  const std::vector<Cell>& cells,
                                  const CellRunner& runner,
                                  const core::Observer& observer = {});

/// The records of those cells that are finished, in the order of `cells`. Throws Error{kInput} for
/// a file that is damaged or holds a cell of other parameters, naming those that differ.
std::vector<CellRecord> read_finished_cells(const std::filesystem::path& folder,
                                            const std::vector<Cell>& cells);

}  // namespace patina::evaluate
