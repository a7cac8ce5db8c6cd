// SPDX-License-Identifier: Apache-2.0
#include "evaluate/chain.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "core/rng.h"
#include "evaluate/internal/models.h"
#include "extractors/coat_key.h"
#include "stats/frechet.h"
#include "stats/roc.h"
#include "stats/two_sample.h"

namespace patina::evaluate {

namespace {

using Scores = std::vector<double>;

Scores scores_of(core::Extractor& scorer, const std::vector<core::Image>& images) {
  std::vector<const core::Image*> pointers;
  for (const core::Image& image : images) pointers.push_back(&image);
  return scorer.score(pointers);
}

// What the Frechet distance compares: mean colour and deviation of luminance of 4x4 cells. 64
// numbers, 0 to 255. A stand-in for the features of a large classifier, which cannot be had here;
// it sees layout, palette and amount of detail, not objects.
std::vector<double> layout_of(const core::Image& image) {
  constexpr int kCells = 4;
  const core::Image small = core::resize(image, 32, 32);
  const int cell = small.width_px / kCells;
  std::vector<double> features;
  for (int row = 0; row < kCells; ++row) {
    for (int column = 0; column < kCells; ++column) {
      double sums[3] = {0.0, 0.0, 0.0}, luminance = 0.0, squares = 0.0;
      for (int y = row * cell; y < (row + 1) * cell; ++y) {
        for (int x = column * cell; x < (column + 1) * cell; ++x) {
          const std::uint8_t* pixel = small.bytes.data() + 3 * (static_cast<std::size_t>(y) * 32 +
                                                                static_cast<std::size_t>(x));
          for (int c = 0; c < 3; ++c) sums[c] += pixel[c];
          const double level = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
          luminance += level;
          squares += level * level;
        }
      }
      const double n = cell * cell;
      for (const double sum : sums) features.push_back(sum / n);
      features.push_back(std::sqrt(std::max(0.0, squares / n - luminance / n * luminance / n)));
    }
  }
  return features;
}

double frechet(const std::vector<core::Image>& first, const std::vector<core::Image>& second) {
  stats::FeatureSample a, b;
  for (const core::Image& image : first) a.push_back(layout_of(image));
  for (const core::Image& image : second) b.push_back(layout_of(image));
  return stats::frechet_distance(a, b);
}

Rates rejected(const ChainOptions& options,
               const Scores& suspect,
               const Scores& benign,
               const std::string& what) {
  stats::ResampledKSOptions resampling;
  resampling.repeats = options.repeats;
  resampling.first_size = options.suspect_images;
  resampling.second_size = static_cast<std::int64_t>(benign.size());
  resampling.alphas.assign(std::begin(kChainAlphas), std::end(kChainAlphas));
  resampling.seed = core::Rng(options.seed).fork("resampling " + what).seed();
  return stats::resampled_ks({suspect, benign}, resampling).rejected_fraction;
}

/// Models that carry no coating, shared by all rows of a set and method.
struct Benign {
  Generations reference, reseeded, other, base;
};

Benign benign_models(const ChainOptions& options,
                     std::size_t set,
                     diffusion::PersonalizeMethod method,
                     const core::Observer& observer) {
  Training training;
  training.set = set;
  training.method = method;
  Benign benign;
  benign.reference = generations_of(options, training, observer);
  training.seed = 2;
  benign.reseeded = generations_of(options, training, observer);
  training.set = (set + 1) % options.sets.size();
  training.seed = 1;
  benign.other = generations_of(options, training, observer);
  benign.base = generations_of_base(options, set, observer);
  return benign;
}

ChainRow row_of(const ChainOptions& options,
                const Training& training,
                const CoatedSet& coated,
                const Benign& benign,
                const core::Observer& observer) {
  const Generations suspect = generations_of(options, training, observer);
  const auto scorer = extractors::make_scorer(extractors::read_coat_key(coated.key));
  const Scores suspect_scores = scores_of(*scorer, suspect.images);
  const Scores reference = scores_of(*scorer, benign.reference.images);
  ChainRow row;
  row.set = name_of(options.sets[training.set]);
  row.method = diffusion::to_string(training.method);
  row.coating = training.coating;
  row.share_percent = training.share_percent;
  row.true_positive = rejected(options, suspect_scores, reference, "coated");
  row.false_uncoated =
      rejected(options, scores_of(*scorer, benign.reseeded.images), reference, "uncoated");
  row.false_other =
      rejected(options, scores_of(*scorer, benign.other.images), reference, "other set");
  row.false_base = rejected(options, scores_of(*scorer, benign.base.images), reference, "base");
  row.psnr_db = coated.psnr_db;
  row.ssim = coated.ssim;
  row.delta_e_mean = coated.delta_e_mean;
  row.frechet = frechet(suspect.images, benign.reference.images);
  row.frechet_reseeded = frechet(benign.reseeded.images, benign.reference.images);
  row.loss_coated = suspect.last_loss;
  row.loss_uncoated = benign.reference.last_loss;
  row.auc = stats::roc_area({suspect_scores, reference}).area;
  return row;
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
  core::make_folder(options.output);
  const auto start = std::chrono::steady_clock::now();
  ChainResult result;
  const std::size_t measured = options.measured_sets == 0
                                   ? options.sets.size()
                                   : std::min(options.measured_sets, options.sets.size());
  for (std::size_t set = 0; set < measured; ++set) {
    for (const diffusion::PersonalizeMethod method : options.methods) {
      const Benign benign = benign_models(options, set, method, observer);
      for (const coat::Method coating : options.coatings) {
        const CoatedSet coated = coated_set(options, set, coating, observer);
        for (const int share : options.shares_percent) {
          Training training;
          training.set = set;
          training.method = method;
          training.coated = coated.folder;
          training.coating = coat::to_string(coating);
          training.share_percent = share;
          training.seed = 3;
          result.rows.push_back(row_of(options, training, coated, benign, observer));
        }
      }
    }
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace patina::evaluate
