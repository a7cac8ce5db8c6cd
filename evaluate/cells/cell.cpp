// SPDX-License-Identifier: Apache-2.0
#include "evaluate/cells/cell.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/version.h"

namespace patina::evaluate {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

[[noreturn]] void refuse(const fs::path& path, const std::string& what) {
  throw core::Error(core::ErrorKind::kInput,
                    path.string(),
                    what,
                    "move the file away, or choose another output folder");
}

std::string value_text(const json& object, const std::string& name) {
  if (!object.contains(name)) return "not given";
  const json& value = object.at(name);
  return value.is_number() ? value.dump() : core::in_quotes(value.dump());
}

/// "count is 48 there and 300 here; ..."
std::string name_differences(const json& kept, const json& wanted) {
  json all = kept;
  all.update(wanted);
  std::string text;
  for (const auto& [name, ignored] : all.items()) {
    const std::string there = value_text(kept, name), here = value_text(wanted, name);
    if (there == here) continue;
    text += (text.empty() ? "" : "; ") + name + " is " + there + " there and " + here + " here";
  }
  return text;
}

const json& require_object(const json& record, const char* name, const fs::path& path) {
  if (!record.is_object() || !record.contains(name) || !record.at(name).is_object()) {
    refuse(path, std::string("is no finished cell: it lacks ") + name);
  }
  return record.at(name);
}

std::optional<CellRecord> read_cell(const fs::path& folder, const Cell& cell) {
  const fs::path path = cell_path(folder, cell);
  if (!fs::exists(path)) return std::nullopt;
  const json kept = core::parse_json(core::read_text_file(path), path.string());
  CellRecord record;
  record.parameters = require_object(kept, "parameters", path);
  record.outcome.seeds = require_object(kept, "seeds", path);
  record.outcome.result = require_object(kept, "result", path);
  record.machine = require_object(kept, "machine", path);
  record.tool = require_object(kept, "tool", path);
  if (!kept.contains("seconds") || !kept.at("seconds").is_number()) {
    refuse(path, "is no finished cell: it lacks seconds");
  }
  record.seconds = kept.at("seconds").get<double>();
  if (record.parameters != cell.parameters) {
    refuse(path,
           "holds a cell of other parameters: " +
               name_differences(record.parameters, cell.parameters));
  }
  return record;
}

void write_cell(const fs::path& path, const CellRecord& record) {
  core::make_folder(path.parent_path());
  core::write_file_atomic(path,
                          core::dump_json({{"parameters", record.parameters},
                                           {"seeds", record.outcome.seeds},
                                           {"result", record.outcome.result},
                                           {"machine", record.machine},
                                           {"tool", record.tool},
                                           {"seconds", record.seconds}}));
}

CellRecord run_cell(const Cell& cell, const CellRunner& runner, const core::Observer& observer) {
  const auto start = std::chrono::steady_clock::now();
  CellRecord record;
  record.parameters = cell.parameters;
  record.outcome = runner.run(cell, observer);
  record.machine = runner.machine;
  record.tool = {{"version", core::kVersion}, {"revision", core::kRevision}};
  record.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return record;
}

}  // namespace

fs::path cell_path(const fs::path& folder, const Cell& cell) {
  constexpr std::size_t kDigits = 12;
  const std::string digest = core::to_hex(core::sha256(core::dump_json(cell.parameters)));
  return folder / "cells" / (cell.name + "-" + digest.substr(0, kDigits) + ".json");
}

std::vector<CellRecord> run_cells(const fs::path& folder,
                                  const std::vector<Cell>& cells,
                                  const CellRunner& runner,
                                  const core::Observer& observer) {
  std::vector<CellRecord> records;
  for (const Cell& cell : cells) {
    std::optional<CellRecord> record = read_cell(folder, cell);
    if (!record) {
      record = run_cell(cell, runner, observer);
      write_cell(cell_path(folder, cell), *record);
    }
    records.push_back(std::move(*record));
  }
  return records;
}

std::vector<CellRecord> read_finished_cells(const fs::path& folder,
                                            const std::vector<Cell>& cells) {
  std::vector<CellRecord> records;
  for (const Cell& cell : cells) {
    if (std::optional<CellRecord> record = read_cell(folder, cell)) {
      records.push_back(std::move(*record));
    }
  }
  return records;
}

}  // namespace patina::evaluate
