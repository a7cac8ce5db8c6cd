// SPDX-License-Identifier: Apache-2.0
#include "evaluate/chain/measure.h"

#include <cmath>

#include "core/rng.h"
#include "evaluate/chain/layout.h"
#include "keys/extractor.h"
#include "stats/protocol.h"
#include "stats/roc.h"

namespace patina::evaluate {

namespace {

using Scores = std::vector<double>;
using Seeds = std::map<std::string, std::uint64_t>;

// Trainings on the same images differ in the run alone.
constexpr int kReferenceRun = 1, kUncoatedRun = 2, kCoatedRun = 3;

std::vector<const images::Image*> pointers_to(const std::vector<images::Image>& images) {
  std::vector<const images::Image*> pointers;
  for (const images::Image& image : images) pointers.push_back(&image);
  return pointers;
}

/// What an audit asks of one model's images.
struct Suspected {
  Scores scores;
  std::vector<std::vector<double>> key_terms;
};

Suspected suspected(keys::Extractor& scorer, const Generations& model) {
  const std::vector<const images::Image*> images = pointers_to(model.images);
  return {scorer.score(images), scorer.key_terms(images)};
}

std::uint64_t resampling_seed(const ChainOptions& options, const std::string& what) {
  return core::Rng(options.seed).fork("resampling " + what).seed();
}

// By the test that decides an audit with the key.
Rates rejected(const ChainOptions& options,
               const Suspected& suspect,
               const Scores& benign,
               const std::string& what) {
  const std::vector<double> alphas(std::begin(kAlphas), std::end(kAlphas));
  return stats::rejected_in_repeats(
      {suspect.scores, suspect.key_terms},
      benign,
      {options.repeats, options.suspect_images, alphas, resampling_seed(options, what)});
}

std::vector<Training> trainings_of(const RowPlan& plan,
                                   const std::vector<std::size_t>& sets,
                                   std::optional<std::string> coating) {
  std::vector<Training> trainings;
  for (const std::size_t set : sets) {
    trainings.push_back({set, plan.method, coating, 100, coating ? kCoatedRun : kUncoatedRun});
  }
  return trainings;
}

/// The models that a row compares.
struct Models {
  Training reference, suspect, uncoated;
  std::vector<Training> others, owners;
};

Models models_of(const RowPlan& plan) {
  Models models;
  models.reference.set = plan.set;
  models.reference.run = kReferenceRun;
  models.suspect = {plan.set, plan.method, plan.coating, plan.share_percent, kCoatedRun};
  models.uncoated = {plan.set, plan.method, std::nullopt, 100, kUncoatedRun};
  models.others = trainings_of(plan, plan.other_sets, std::nullopt);
  models.owners = trainings_of(plan, plan.other_owners, plan.coating);
  return models;
}

/// What models are held against: the set's key, and the scores of a model that is innocent of it.
struct Reference {
  const ChainOptions& options;
  keys::Extractor& scorer;
  Scores scores;
};

Rates measure_rates(const Reference& reference, const Generations& model, const std::string& what) {
  return rejected(reference.options, suspected(reference.scorer, model), reference.scores, what);
}

Rates mean_rates(const Experiment& experiment,
                 const Reference& reference,
                 const std::vector<Training>& trainings,
                 const std::string& what,
                 const core::Observer& observer) {
  std::vector<Rates> all;
  for (const Training& training : trainings) {
    all.push_back(measure_rates(reference,
                                obtain_generations(experiment, training, observer),
                                what + " " + std::to_string(all.size())));
  }
  return mean_of(all);
}

Seeds seeds_of(const ChainOptions& options, const Models& models, std::uint64_t key_seed) {
  Seeds seeds = {{"key", key_seed}};
  std::vector<Training> trainings = {models.reference, models.suspect, models.uncoated};
  trainings.insert(trainings.end(), models.others.begin(), models.others.end());
  trainings.insert(trainings.end(), models.owners.begin(), models.owners.end());
  for (const Training& training : trainings) {
    const std::string model = name_of(options, training);
    seeds["training of " + model] = training_seed(options, training);
    seeds["images of " + model] = images_seed(options, model);
  }
  const std::string base = base_name(options, models.reference.set);
  seeds["images of " + base] = images_seed(options, base);
  for (const char* what : {"coated", "uncoated", "base"}) {
    seeds[std::string("resampling ") + what] = resampling_seed(options, what);
  }
  return seeds;
}

}  // namespace

MeasuredRow measure_row(const Experiment& experiment,
                        const RowPlan& plan,
                        const core::Observer& observer) {
  const Models models = models_of(plan);
  const CoatedSet coated = obtain_coated_set(experiment, {plan.set, plan.coating}, observer);
  const Generations clean = obtain_generations(experiment, models.reference, observer);
  const Generations uncoated = obtain_generations(experiment, models.uncoated, observer);
  const Generations suspect = obtain_generations(experiment, models.suspect, observer);
  const Generations base = obtain_base_generations(experiment, plan.set, observer);

  const auto scorer = experiment.steps.open_scorer(coated.key);
  const Reference reference{experiment.options, *scorer, scorer->score(pointers_to(clean.images))};
  const Suspected coated_model = suspected(*scorer, suspect);
  ChainRow row;
  row.true_positive = rejected(experiment.options, coated_model, reference.scores, "coated");
  row.false_uncoated = measure_rates(reference, uncoated, "uncoated");
  row.false_other = mean_rates(experiment, reference, models.others, "other set", observer);
  row.false_owners = mean_rates(experiment, reference, models.owners, "other owner", observer);
  row.false_base = measure_rates(reference, base, "base");
  row.psnr_db = coated.quality.psnr_db;
  row.ssim = coated.quality.ssim;
  row.delta_e_mean = coated.quality.delta_e_mean;
  row.frechet = layout_distance(suspect.images, uncoated.images);
  row.frechet_reseeded = plan.method == diffusion::PersonalizeMethod::kFull
                             ? layout_distance(uncoated.images, clean.images)
                             : std::nan("");
  row.loss_coated = suspect.last_loss;
  row.loss_uncoated = uncoated.last_loss;
  row.auc = stats::roc_area({coated_model.scores, reference.scores}).area;
  return {row, seeds_of(experiment.options, models, coated.seed)};
}

}  // namespace patina::evaluate
