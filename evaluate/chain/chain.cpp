// SPDX-License-Identifier: Apache-2.0
#include "evaluate/chain/chain.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/text.h"
#include "evaluate/chain/measure.h"

namespace patina::evaluate {

using nlohmann::json;

namespace {

/// Measured sets beside the given one.
std::vector<std::size_t> other_measured(const ChainOptions& options, std::size_t set) {
  std::vector<std::size_t> others;
  for (std::size_t other = 0; other < count_measured(options); ++other) {
    if (other != set) others.push_back(other);
  }
  return others;
}

std::vector<std::string> names_of(const ChainOptions& options,
                                  const std::vector<std::size_t>& sets) {
  std::vector<std::string> names;
  for (const std::size_t set : sets) names.push_back(recorded_name(options.sets[set]));
  return names;
}

Cell cell_of(const ChainOptions& options, const RowPlan& plan) {
  const bool siren = plan.coating == "siren";
  const bool lora = plan.method == diffusion::PersonalizeMethod::kLoRA;
  const std::string method = diffusion::to_string(plan.method);
  const std::string coating = plan.coating;
  Cell cell;
  cell.name = name_of(options.sets[plan.set]) + "." + method + "." + coating + "." +
              std::to_string(plan.share_percent);
  cell.parameters = {
      {"suite", "chain"},
      {"set", recorded_name(options.sets[plan.set])},
      {"method", method},
      {"coating", coating},
      {"share_percent", plan.share_percent},
      {"other_sets", names_of(options, plan.other_sets)},
      {"other_owners", names_of(options, plan.other_owners)},
      {"base", options.base.lexically_normal().string()},
      {"prompt", options.prompt},
      {"class_prompt", options.class_prompt},
      {"steps", effective_steps(options, plan.method)},
      {"lora_targets", lora ? json(diffusion::to_string(options.lora_targets)) : json()},
      {"coat_steps", siren ? json(effective_coat_steps(options)) : json()},
      {"learnability", siren ? json(options.learnability_weight) : json()},
      {"guidance_scale", options.guidance_scale},
      {"count", options.images},
      {"suspect_images", options.suspect_images},
      {"repeats", options.repeats},
      {"alphas", kAlphas},
      {"seed", std::to_string(options.seed)}};
  return cell;
}

/// Coatings and shares of one set and method.
std::vector<RowPlan> plan_set(const ChainOptions& options,
                              diffusion::PersonalizeMethod method,
                              std::size_t set) {
  RowPlan plan;
  plan.set = set;
  plan.method = method;
  plan.other_owners = other_measured(options, set);
  // A set that is measured alone has its neighbour for a control.
  plan.other_sets = plan.other_owners.empty()
                        ? std::vector<std::size_t>{(set + 1) % options.sets.size()}
                        : plan.other_owners;
  std::vector<RowPlan> plans;
  for (const std::string& coating : options.coatings) {
    for (const int share : options.shares_percent) {
      plan.coating = coating;
      plan.share_percent = share;
      plans.push_back(plan);
    }
  }
  return plans;
}

std::vector<RowPlan> plan_rows(const ChainOptions& options) {
  std::vector<RowPlan> plans;
  for (const diffusion::PersonalizeMethod method : options.methods) {
    for (std::size_t set = 0; set < count_measured(options); ++set) {
      const std::vector<RowPlan> of_set = plan_set(options, method, set);
      plans.insert(plans.end(), of_set.begin(), of_set.end());
    }
  }
  return plans;
}

RowPlan plan_of(const ChainOptions& options, const Cell& cell) {
  const std::vector<RowPlan> plans = plan_rows(options);
  const auto found = std::find_if(plans.begin(), plans.end(), [&](const RowPlan& plan) {
    return cell_of(options, plan).parameters == cell.parameters;
  });
  if (found != plans.end()) return *found;
  throw core::Error(core::ErrorKind::kInternal, cell.name, "is no cell of these options");
}

}  // namespace

std::vector<Cell> plan_chain(const ChainOptions& options) {
  validate(options);
  std::vector<Cell> cells;
  for (const RowPlan& plan : plan_rows(options)) cells.push_back(cell_of(options, plan));
  return cells;
}

CellOutcome run_chain_cell(const Experiment& experiment,
                           const Cell& cell,
                           const core::Observer& observer) {
  claim_folder(experiment.options, experiment.folder);
  const MeasuredRow measured = measure_row(experiment, plan_of(experiment.options, cell), observer);
  CellOutcome outcome;
  outcome.result = result_of(measured.row);
  outcome.seeds = json::object();
  for (const auto& [name, seed] : measured.seeds) {
    outcome.seeds[core::to_utf8(name)] = std::to_string(seed);
  }
  return outcome;
}

}  // namespace patina::evaluate
