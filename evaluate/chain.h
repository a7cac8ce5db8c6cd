// SPDX-License-Identifier: Apache-2.0
// The experiment behind the claim: a model personalised on coated images betrays it, and models
// that were not do not [Siren 2025, Sec. 5.1]. For each set and way of personalising: coat the set;
// personalise on coated and on uncoated images; generate; score with the set's key; resample.
// Everything lies in the output folder and is not made twice, so that an interrupted run goes on.
// Entry point: run_chain.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "coat/coat.h"
#include "core/observer.h"
#include "diffusion/personalize/personalize.h"
#include "tensors/compute.h"

namespace patina::evaluate {

struct ChainOptions {
  // What is measured.
  std::filesystem::path base;               ///< Model folder.
  std::vector<std::filesystem::path> sets;  ///< Folders of images, one an owner; at least two.
  std::filesystem::path output;
  std::vector<diffusion::PersonalizeMethod> methods = {diffusion::PersonalizeMethod::kFull};
  std::vector<std::string> coatings = {"frame"};  ///< Rows of coat/methods.h.
  std::vector<int> shares_percent = {100};  ///< Coated images among those trained on, [1, 100].
  std::size_t measured_sets = 0;            ///< The first so many are coated; 0 = all.
  std::optional<int> steps;                 ///< Of personalisation; else the method's.
  int images = 300;                         ///< Generated a model, [20, 10000].
  int suspect_images = 30;                  ///< Drawn of them at a time [Siren 2025, Sec. 5.1].
  int repeats = 10'000;                     ///< Draws.
  double guidance_scale = 3.0;
  std::optional<int> coat_steps;     ///< Of Siren's training; else the coating's.
  double learnability_weight = 0.0;  ///< Of Siren's learnability term, as in coat::CoatOptions.
  /// Caption of the images trained on and prompt of those generated; {} is the set's name.
  std::string prompt = "a painting by {}";
  diffusion::LoRATargets lora_targets = diffusion::LoRATargets::kTransformer;
  std::uint64_t seed = 1;
  // How.
  tensors::ComputeOptions compute;
};
void validate(const ChainOptions& options);

/// The levels that rates are given for.
inline constexpr double kChainAlphas[] = {1e-3, 1e-6, 1e-9, 1e-12};

/// Share of draws rejected at each of kChainAlphas.
using Rates = std::vector<double>;

struct ChainRow {
  std::string set, method, coating;
  int share_percent = 100;
  // All against one reference, a model fully fine-tuned on the uncoated set: an auditor does not
  // know how a suspect was personalised.
  Rates true_positive;   ///< Model of the coated set.
  Rates false_uncoated;  ///< A model of the uncoated set by this method, other seed.
  Rates false_other;     ///< Models of the other sets, uncoated; mean over models.
  Rates false_owners;    ///< Models of the other sets, coated with their owners' keys; mean, or
                         ///< empty where no other set is measured.
  Rates false_base;      ///< The base itself.
  double psnr_db = 0.0, ssim = 0.0, delta_e_mean = 0.0;  ///< Of the coating.
  double frechet = 0.0;  ///< Between generations after coated and uncoated training.
  /// Between those of two uncoated trainings, what chance does; NaN but for full fine-tuning.
  double frechet_reseeded = 0.0;
  double loss_coated = 0.0, loss_uncoated = 0.0;  ///< Last tenth of the steps.
  double auc = 0.5;  ///< P(score after coated training < score after uncoated training).
};

struct ChainResult {
  std::vector<ChainRow> rows;
  double seconds = 0.0;
};

/// Throws Error{kUsage} for options out of range, or an output folder made with other settings, and
/// what its parts throw.
ChainResult run_chain(const ChainOptions& options, const core::Observer& observer = {});

/// Rates over the rows of one method, coating and share.
struct ChainSummary {
  std::string method, coating;
  int share_percent = 100;
  int sets = 0;
  Rates true_positive;   ///< Mean over sets.
  Rates false_positive;  ///< Mean over sets and all kinds of models without this coating.
  Rates worst;           ///< The largest of a row and kind.
  double psnr_db = 0.0, delta_e_mean = 0.0;
};
std::vector<ChainSummary> summarise(const ChainResult& result);

/// chain.md, chain.csv and chain.svg (power by level) in the folder. Returns the Markdown.
std::string write_tables(const ChainOptions& options, const ChainResult& result);

}  // namespace patina::evaluate
