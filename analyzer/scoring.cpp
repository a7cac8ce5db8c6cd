// SPDX-License-Identifier: Apache-2.0
#include "analyzer/scoring.h"

#include <atomic>
#include <cmath>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "analyzer/internal/decode_ahead.h"
#include "core/error.h"

namespace patina::analyzer {
namespace {

using core::Error;
using core::ErrorKind;

// Reads, hashes and decodes; everything here runs on the decoding thread.
class Producer {
 public:
  Producer(queryers::Suspect& source,
           const ScoringOptions& options,
           const ScoringSink& sink,
           const std::atomic<bool>& wants_terms)
      : source_(source), options_(options), sink_(sink), wants_terms_(wants_terms) {}

  void operator()(const DecodeAhead::Push& push) {
    source_.collect([&](queryers::Sample&& sample) { push(decode(sample)); },
                    [&](queryers::Refusal&& refusal) {
                      DecodedSample item;
                      item.source = std::move(refusal.source);
                      item.problem = std::move(refusal.reason);
                      push(std::move(item));
                    });
  }

 private:
  DecodedSample decode(const queryers::Sample& sample) {
    DecodedSample item;
    item.source = sample.source;
    item.sha256 = sample.sha256;
    if (seen_.count(sample.sha256) > 0) {
      item.repeat = true;
      return item;
    }
    const auto known = options_.known.find(sample.sha256);
    const bool is_known = known != options_.known.end();
    if (is_known) {
      item.format = known->second.format;
      item.width_px = known->second.width_px;
      item.height_px = known->second.height_px;
      item.score = known->second.score;
    }
    if ((!is_known || wants_terms_) && !decode_pixels(sample, item)) return item;
    seen_.insert(sample.sha256);
    if (sink_.keep) sink_.keep(sample, item.format);
    return item;
  }

  // One image that cannot be decoded is a result, so its error becomes `problem`.
  bool decode_pixels(const queryers::Sample& sample, DecodedSample& item) const {
    try {
      images::ImageFile file = images::decode_image(sample.bytes, sample.source, options_.limits);
      item.format = file.encoding.format;
      item.image = std::move(file.image);
    } catch (const Error& error) {
      item.problem = error.problem();
      return false;
    }
    item.width_px = item.image.width_px;
    item.height_px = item.image.height_px;
    return true;
  }

  queryers::Suspect& source_;
  const ScoringOptions& options_;
  const ScoringSink& sink_;
  const std::atomic<bool>& wants_terms_;
  std::set<std::string> seen_;
};

// Items in source order. Only distinct images fill it, known or not, so that batches of a resumed
// run hold the same images as those of an uninterrupted one.
struct Batch {
  std::vector<DecodedSample> items;
  int slots = 0;
  std::int64_t pixels = 0;

  void add(DecodedSample&& item) {
    if (item.problem.empty() && !item.repeat) {
      ++slots;
      pixels += item.pixels();
    }
    items.push_back(std::move(item));
  }
};

class Consumer {
 public:
  Consumer(keys::Extractor& extractor,
           const ScoringOptions& options,
           const ScoringSink& sink,
           std::atomic<bool>& wants_terms)
      : extractor_(extractor), options_(options), sink_(sink), wants_terms_(wants_terms) {}

  void take(Batch& batch) {
    score(batch);
    if (wants_terms_) read_key_terms(batch);
    for (const DecodedSample& item : batch.items) hand_over(item);
    done_ += static_cast<std::int64_t>(batch.items.size());
    batch = Batch{};
    if (sink_.on_batch) sink_.on_batch();
  }

  std::int64_t done() const { return done_; }

 private:
  void score(Batch& batch) {
    std::vector<DecodedSample*> unscored;
    std::vector<const images::Image*> images;
    for (DecodedSample& item : batch.items) {
      if (item.problem.empty() && !item.repeat && !item.score) {
        unscored.push_back(&item);
        images.push_back(&item.image);
      }
    }
    if (images.empty()) return;
    const std::vector<double> scores = extractor_.score(images);
    require_one_each(scores.size(), "scores", images.size());
    for (std::size_t i = 0; i < scores.size(); ++i) {
      require_finite(scores[i], unscored[i]->source);
      unscored[i]->score = scores[i];
    }
  }

  // A method whose keys have no signs gives no terms; it is asked once.
  void read_key_terms(Batch& batch) {
    std::vector<DecodedSample*> items;
    std::vector<const images::Image*> images;
    for (DecodedSample& item : batch.items) {
      if (!item.problem.empty() || item.repeat) continue;
      items.push_back(&item);
      images.push_back(&item.image);
    }
    if (images.empty()) return;
    std::vector<std::vector<double>> terms = extractor_.key_terms(images);
    wants_terms_ = !terms.empty();
    if (terms.empty()) return;
    require_one_each(terms.size(), "lists of terms", images.size());
    for (std::size_t i = 0; i < items.size(); ++i) items[i]->key_terms = std::move(terms[i]);
  }

  static void require_one_each(std::size_t given, const char* what, std::size_t images) {
    if (given == images) return;
    throw Error(ErrorKind::kInternal,
                "extractor",
                "gave " + std::to_string(given) + " " + what + " for " + std::to_string(images) +
                    " images");
  }

  static void require_finite(double score, const std::string& source) {
    if (std::isfinite(score)) return;
    throw Error(ErrorKind::kInput,
                source,
                "its score is not a finite number",
                "check the key with another image, then try --precision float32");
  }

  void hand_over(const DecodedSample& item) {
    if (!item.problem.empty()) {
      skip(item);
      return;
    }
    ScoredImage scored;
    if (item.repeat) {
      scored = first_of_.at(item.sha256);
      scored.source = item.source;
      scored.repeat = true;
    } else {
      scored = {item.source,
                item.sha256,
                item.format,
                item.width_px,
                item.height_px,
                item.score.value(),
                false,
                item.key_terms};
      first_of_.emplace(item.sha256, scored);
    }
    if (sink_.on_scored) sink_.on_scored(scored);
  }

  void skip(const DecodedSample& item) const {
    if (options_.strict) {
      throw Error(ErrorKind::kInput,
                  item.source,
                  item.problem,
                  "mend or remove the file, or run without --strict");
    }
    if (sink_.on_skipped) sink_.on_skipped({item.source, item.problem});
  }

  keys::Extractor& extractor_;
  const ScoringOptions& options_;
  const ScoringSink& sink_;
  std::atomic<bool>& wants_terms_;
  std::map<std::string, ScoredImage> first_of_;
  std::int64_t done_ = 0;
};

}  // namespace

void score_images(queryers::Suspect& source,
                  keys::Extractor& extractor,
                  const ScoringOptions& options,
                  const ScoringSink& sink,
                  const core::Observer& observer) {
  AheadLimits ahead_limits;
  ahead_limits.max_items = static_cast<std::size_t>(options.batch_size);
  // Read by the decoding thread, so that known images are decoded only as long as it is true.
  std::atomic<bool> wants_terms(options.key_terms);
  Producer producer(source, options, sink, wants_terms);
  Consumer consumer(extractor, options, sink, wants_terms);
  const std::int64_t total = source.info().expected_samples;
  observer.report({options.stage, 0, total, {}});

  DecodeAhead ahead([&](const DecodeAhead::Push& push) { producer(push); }, ahead_limits);
  Batch batch;
  while (std::optional<DecodedSample> item = ahead.next()) {
    batch.add(std::move(*item));
    const bool full = batch.slots >= options.batch_size || batch.pixels >= ahead_limits.max_pixels;
    if (!full) continue;
    consumer.take(batch);
    observer.report({options.stage, consumer.done(), total, {}});
  }
  consumer.take(batch);
  observer.report({options.stage, consumer.done(), total, {}});
}

}  // namespace patina::analyzer
