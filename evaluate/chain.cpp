// SPDX-License-Identifier: Apache-2.0
#include "evaluate/chain.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

#include <nlohmann/json.hpp>

#include "coat/methods.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/rng.h"
#include "evaluate/internal/models.h"
#include "evaluate/layout.h"
#include "images/pixels/image.h"
#include "keys/coat_key.h"
#include "stats/protocol.h"
#include "stats/roc.h"

namespace patina::evaluate {

namespace {

using Scores = std::vector<double>;

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

// By the test that decides an audit with the key.
Rates rejected(const ChainOptions& options,
               const Suspected& suspect,
               const Scores& benign,
               const std::string& what) {
  const std::vector<double> alphas(std::begin(kChainAlphas), std::end(kChainAlphas));
  const std::uint64_t seed = core::Rng(options.seed).fork("resampling " + what).seed();
  return stats::rejected_in_repeats({suspect.scores, suspect.key_terms},
                                    benign,
                                    {options.repeats, options.suspect_images, alphas, seed});
}

std::size_t measured_count(const ChainOptions& options) {
  return options.measured_sets == 0 ? options.sets.size()
                                    : std::min(options.measured_sets, options.sets.size());
}

/// Sets beside the given one whose models are trained anyway; the next one where there is none.
std::vector<std::size_t> other_sets(const ChainOptions& options, std::size_t set) {
  std::vector<std::size_t> others;
  for (std::size_t other = 0; other < measured_count(options); ++other) {
    if (other != set) others.push_back(other);
  }
  if (others.empty()) others.push_back((set + 1) % options.sets.size());
  return others;
}

/// Models that carry no coating, shared by all rows of a set and method.
struct Benign {
  Generations reference, uncoated, base;
  std::vector<Generations> others;
};

Benign benign_models(const ChainOptions& options,
                     std::size_t set,
                     diffusion::PersonalizeMethod method,
                     const core::Observer& observer) {
  Training training;
  training.set = set;
  Benign benign;
  benign.reference = generations_of(options, training, observer);
  training.method = method;
  training.seed = 2;
  benign.uncoated = generations_of(options, training, observer);
  for (const std::size_t other : other_sets(options, set)) {
    training.set = other;
    benign.others.push_back(generations_of(options, training, observer));
  }
  benign.base = generations_of_base(options, set, observer);
  return benign;
}

Rates mean_of(const std::vector<Rates>& all) {
  if (all.empty()) return {};
  Rates mean(all.front().size(), 0.0);
  for (const Rates& rates : all) {
    for (std::size_t i = 0; i < mean.size(); ++i) {
      mean[i] += rates[i] / static_cast<double>(all.size());
    }
  }
  return mean;
}

Training coated_training(const ChainOptions& options,
                         std::size_t set,
                         diffusion::PersonalizeMethod method,
                         const std::string& coating,
                         int share,
                         const core::Observer& observer) {
  Training training;
  training.set = set;
  training.method = method;
  training.coated = coated_set(options, set, coating, observer).folder;
  training.coating = coating;
  training.share_percent = share;
  training.seed = 3;
  return training;
}

ChainRow row_of(const ChainOptions& options,
                const Training& training,
                const CoatedSet& coated,
                const Benign& benign,
                const std::vector<Generations>& owners,
                const core::Observer& observer) {
  const Generations suspect = generations_of(options, training, observer);
  const auto scorer = coat::make_scorer(coat::open_key(coated.key));
  const Suspected coated_model = suspected(*scorer, suspect);
  const Scores reference = scorer->score(pointers_to(benign.reference.images));
  const auto rates = [&](const Generations& model, const std::string& what) {
    return rejected(options, suspected(*scorer, model), reference, what);
  };
  const auto mean_rates = [&](const std::vector<Generations>& models, const std::string& what) {
    std::vector<Rates> all;
    for (const Generations& model : models) {
      all.push_back(rates(model, what + " " + std::to_string(all.size())));
    }
    return mean_of(all);
  };
  ChainRow row;
  row.set = name_of(options.sets[training.set]);
  row.method = diffusion::to_string(training.method);
  row.coating = training.coating;
  row.share_percent = training.share_percent;
  row.true_positive = rejected(options, coated_model, reference, "coated");
  row.false_uncoated = rates(benign.uncoated, "uncoated");
  row.false_other = mean_rates(benign.others, "other set");
  row.false_owners = mean_rates(owners, "other owner");
  row.false_base = rates(benign.base, "base");
  row.psnr_db = coated.psnr_db;
  row.ssim = coated.ssim;
  row.delta_e_mean = coated.delta_e_mean;
  row.frechet = layout_distance(suspect.images, benign.uncoated.images);
  row.frechet_reseeded = training.method == diffusion::PersonalizeMethod::kFull
                             ? layout_distance(benign.uncoated.images, benign.reference.images)
                             : std::nan("");
  row.loss_coated = suspect.last_loss;
  row.loss_uncoated = benign.uncoated.last_loss;
  row.auc = stats::roc_area({coated_model.scores, reference}).area;
  return row;
}

// What changes the models or their images; sets, methods, coatings and shares only add to them.
std::string settings_of(const ChainOptions& options) {
  std::string base = options.base.lexically_normal().string();
  while (base.size() > 1 && base.back() == '/') base.pop_back();
  nlohmann::json settings = {
      {"base", base},
      {"prompt", options.prompt},
      {"steps", options.steps ? nlohmann::json(*options.steps) : nlohmann::json("the method's")},
      {"count", options.images},
      {"lora_targets", diffusion::to_string(options.lora_targets)},
      {"guidance_scale", options.guidance_scale},
      {"seed", std::to_string(options.seed)}};
  // Left out where not given, so that folders from before there were these go on.
  if (options.coat_steps) settings["coat_steps"] = *options.coat_steps;
  if (options.learnability_weight > 0.0) settings["learnability"] = options.learnability_weight;
  return core::dump_json(settings);
}

void claim_folder(const ChainOptions& options) {
  core::make_folder(options.output);
  const std::filesystem::path record = options.output / "settings.json";
  const std::string settings = settings_of(options);
  if (!std::filesystem::exists(record)) {
    core::write_file_atomic(record, settings);
    return;
  }
  if (core::read_text_file(record) == settings) return;
  throw core::Error(core::ErrorKind::kUsage,
                    options.output.string(),
                    "holds models made with other settings (settings.json)",
                    "choose another -o folder, or the settings of before");
}

void require_sets(const ChainOptions& options) {
  std::set<std::string> names;
  for (const std::filesystem::path& set : options.sets) {
    if (!names.insert(name_of(set)).second) {
      throw core::Error(core::ErrorKind::kUsage,
                        "--sets " + set.string(),
                        "another set has this name",
                        "rename one of the folders");
    }
  }
}

}  // namespace

void validate(const ChainOptions& options) {
  const auto require = [](bool holds, const char* flag, const std::string& what) {
    if (!holds) {
      throw core::Error(core::ErrorKind::kUsage, flag, what, "see patina evaluate --help");
    }
  };
  require(!options.output.empty(), "--output", "not given");
  require(options.sets.size() >= 2, "--sets", "fewer than two folders: one is the other's control");
  require(!options.methods.empty(), "--methods", "none given");
  require(!options.coatings.empty(), "--coatings", "none given");
  require(options.images >= 20 && options.images <= 10'000, "--count", "is outside 20 to 10000");
  require(options.suspect_images >= 5 && options.suspect_images <= options.images,
          "--suspect-images",
          "is outside 5 to --count");
  require(options.repeats >= 1, "--repeats", "is below 1");
  for (const int share : options.shares_percent) {
    require(share >= 1 && share <= 100, "--shares", std::to_string(share) + " is outside 1 to 100");
  }
  require_sets(options);
}

ChainResult run_chain(const ChainOptions& options, const core::Observer& observer) {
  validate(options);
  claim_folder(options);
  const auto start = std::chrono::steady_clock::now();
  ChainResult result;
  const std::size_t measured = measured_count(options);
  const auto coated_models_of_others =
      [&](std::size_t set, diffusion::PersonalizeMethod method, const std::string& coating) {
        std::vector<Generations> models;
        for (std::size_t other = 0; other < measured; ++other) {
          if (other == set) continue;
          models.push_back(generations_of(
              options, coated_training(options, other, method, coating, 100, observer), observer));
        }
        return models;
      };
  for (const diffusion::PersonalizeMethod method : options.methods) {
    for (std::size_t set = 0; set < measured; ++set) {
      const Benign benign = benign_models(options, set, method, observer);
      for (const std::string& coating : options.coatings) {
        const CoatedSet coated = coated_set(options, set, coating, observer);
        const std::vector<Generations> owners = coated_models_of_others(set, method, coating);
        for (const int share : options.shares_percent) {
          const Training training = coated_training(options, set, method, coating, share, observer);
          result.rows.push_back(row_of(options, training, coated, benign, owners, observer));
        }
      }
    }
  }
  result.seconds = core::seconds_since(start);
  return result;
}

}  // namespace patina::evaluate
