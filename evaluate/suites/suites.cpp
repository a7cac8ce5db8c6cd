// SPDX-License-Identifier: Apache-2.0
#include "evaluate/suites/suites.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/text.h"
#include "evaluate/chain/chain.h"
#include "tensors/machine.h"

namespace patina::evaluate {

namespace {

std::vector<Cell> plan_chain_suite(const SuiteOptions& options) {
  return plan_chain(options.chain);
}

RunCell chain_runner(const SuiteOptions& options) {
  const Experiment experiment{
      options.chain, options.output, make_chain_steps(options.chain, options.compute)};
  return [experiment](const Cell& cell, const core::Observer& observer) {
    return run_chain_cell(experiment, cell, observer);
  };
}

nlohmann::json machine_record(const tensors::ComputeOptions& compute) {
  const tensors::Machine machine = tensors::describe_machine(compute);
  return {{"processor", machine.processor},
          {"instruction_set", machine.instruction_set},
          {"device", machine.device},
          {"precision", machine.precision},
          {"threads", machine.threads}};
}

std::vector<Cell> plan_suite(const Suite& suite, const SuiteOptions& options) {
  if (options.output.empty()) {
    throw core::Error(core::ErrorKind::kUsage, "--output", "not given", "name a folder");
  }
  return suite.plan(options);
}

Tables tabulate_into(const std::filesystem::path& folder,
                     const Suite& suite,
                     const std::vector<CellRecord>& records) {
  Tables tables = suite.tabulate(records);
  write_tables(folder, tables);
  return tables;
}

}  // namespace

const std::vector<Suite>& suites() {
  static const std::vector<Suite> kSuites = {
      {"chain", "from coating to verdict", plan_chain_suite, chain_runner, tabulate_chain}};
  return kSuites;
}

std::vector<std::string> suite_names() {
  std::vector<std::string> names;
  for (const Suite& suite : suites()) names.emplace_back(suite.name);
  return names;
}

const Suite& suite_from_name(const std::string& name) {
  for (const Suite& suite : suites()) {
    if (name == suite.name) return suite;
  }
  throw core::Error(core::ErrorKind::kUsage,
                    "--suite " + core::in_quotes(name),
                    "unknown suite",
                    "use " + core::join(suite_names()));
}

Tables run_suite(const Suite& suite, const SuiteOptions& options, const core::Observer& observer) {
  const std::vector<Cell> cells = plan_suite(suite, options);
  const CellRunner runner{suite.runner(options), machine_record(options.compute)};
  return tabulate_into(options.output, suite, run_cells(options.output, cells, runner, observer));
}

Tables tabulate_suite(const Suite& suite, const SuiteOptions& options) {
  const std::vector<Cell> cells = plan_suite(suite, options);
  return tabulate_into(options.output, suite, read_finished_cells(options.output, cells));
}

}  // namespace patina::evaluate
