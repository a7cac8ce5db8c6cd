// SPDX-License-Identifier: Apache-2.0
#include "analyzer/audit.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/internal/audit_checks.h"
#include "analyzer/internal/audit_folder.h"
#include "analyzer/scoring.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/files.h"
#include "core/numbers.h"
#include "core/version.h"
#include "report/bundle/bundle.h"
#include "report/evidence/bundle_layout.h"
#include "stats/key_signs.h"
#include "stats/score_comparison.h"

namespace patina::analyzer {
namespace {

using core::Error;
using core::ErrorKind;

void require_fraction(const char* field, double value) {
  if (value > 0.0 && value < 1.0) return;
  throw Error(ErrorKind::kInput,
              field,
              "is " + core::general_text(value) + ", a number above 0 and below 1 is required",
              "change it");
}

void require_between(const char* field, int value, int low, int high) {
  if (value >= low && value <= high) return;
  throw Error(ErrorKind::kInput,
              field,
              "is " + std::to_string(value) + ", a number from " + std::to_string(low) + " to " +
                  std::to_string(high) + " is required",
              "change it");
}

struct ScoredSet {
  report::SampleSet set;
  std::vector<std::vector<double>> key_terms;  ///< One list per sample, where they are asked for.
};

ScoringSink sink_into(ScoredSet& scored, AuditFolder& folder) {
  report::SampleSet& set = scored.set;
  ScoringSink sink;
  sink.keep = [&folder](const queryers::Sample& sample, images::ImageFormat format) {
    folder.keep_sample(sample, format);
  };
  sink.on_scored = [&set, &scored, &folder](const ScoredImage& image) {
    if (image.repeat) {
      set.skipped.push_back(
          {image.source, "the same bytes as another file of this set, tested once"});
      return;
    }
    folder.add(image);
    set.samples.push_back({image.sha256,
                           sample_file(image.sha256, image.format),
                           image.source,
                           image.width_px,
                           image.height_px,
                           image.score});
    scored.key_terms.push_back(image.key_terms);
  };
  sink.on_skipped = [&set](const report::SkippedSample& skipped) {
    set.skipped.push_back(skipped);
  };
  sink.on_batch = [&folder] { folder.save_now_and_then(); };
  return sink;
}

struct Run {
  keys::Extractor& extractor;
  const AuditOptions& options;
  const core::Observer& observer;
  AuditFolder& folder;
};

std::optional<report::AcquisitionRecord> acquisition_record(const queryers::SuspectInfo& info) {
  if (!info.acquisition) return std::nullopt;
  const queryers::Acquisition& from = *info.acquisition;
  report::AcquisitionRecord record;
  record.service = from.service;
  record.model = from.model;
  record.model_digest = from.model_digest;
  record.identity_grade = from.identity_grade;
  record.began = from.began;
  record.ended = from.ended;
  record.journal_sha256 = from.journal_sha256;
  record.planned = static_cast<std::int64_t>(from.planned);
  record.requests = static_cast<std::int64_t>(from.requests);
  for (const auto& [name, count] : from.outcomes) {
    record.outcomes[name] = static_cast<std::int64_t>(count);
  }
  record.remarks = from.remarks;
  return record;
}

ScoredSet score_set(const Run& run, queryers::Suspect& source, ScoringOptions options) {
  const queryers::SuspectInfo info = source.info();
  ScoredSet scored;
  scored.set.kind = info.kind;
  scored.set.location = info.location;
  scored.set.acquisition = acquisition_record(info);
  options.batch_size = run.options.batch_size;
  options.limits = run.options.limits;
  options.strict = run.options.strict;
  options.known = run.folder.scores();
  score_images(source, run.extractor, options, sink_into(scored, run.folder), run.observer);
  require_enough(scored.set, run.options.min_samples);
  return scored;
}

// Whatever stops the scoring, the scores so far are kept.
void score_both(const Run& run, const AuditSources& sources, report::Evidence& evidence) {
  ScoringOptions of_suspect, of_benign;
  of_suspect.stage = "scoring suspect images";
  of_suspect.key_terms = true;
  of_benign.stage = "scoring benign images";
  try {
    ScoredSet suspect = score_set(run, *sources.suspect, of_suspect);
    evidence.suspect = std::move(suspect.set);
    evidence.key_terms = stats::mean_key_terms(suspect.key_terms);
    evidence.benign = score_set(run, *sources.benign, of_benign).set;
    run.folder.save();
  } catch (const Error& error) {
    run.folder.save();
    if (error.kind() != ErrorKind::kCancelled) throw;
    std::throw_with_nested(Error(
        ErrorKind::kCancelled,
        run.folder.path().string(),
        "interrupted, " + std::to_string(run.folder.scores().size()) + " scores are kept there",
        "run the same command again to go on"));
  }
}

void test_scores(report::Evidence& evidence) {
  stats::ScoreSamples scores;
  scores.key_terms = evidence.key_terms;
  for (const auto& sample : evidence.suspect.samples) scores.suspect.push_back(sample.score);
  for (const auto& sample : evidence.benign.samples) scores.benign.push_back(sample.score);
  evidence.comparison = stats::compare_scores(scores, evidence.options);
  evidence.verdict = report::make_verdict(evidence.comparison,
                                          evidence.options,
                                          static_cast<std::int64_t>(scores.suspect.size()),
                                          static_cast<std::int64_t>(scores.benign.size()));
  const stats::Protocol protocol = evidence.comparison.protocol;
  evidence.null_hypothesis = stats::facts_of(protocol).null_hypothesis;
  evidence.limits = report::standing_limits(protocol);
}

report::KeyRecord key_record(const AuditInput& input) {
  report::KeyRecord record = input.key.record;
  record.extractor = input.extractor.info();
  return record;
}

report::Evidence describe(const AuditInput& input, const AuditOptions& options) {
  report::Evidence evidence;
  evidence.tool_version = core::kVersion;
  evidence.tool_revision = core::kRevision;
  evidence.created = core::utc_now();
  evidence.case_name = options.case_name;
  evidence.key = key_record(input);
  evidence.commitment = input.key.commitment;
  evidence.options.alpha = options.alpha;
  evidence.options.confidence = options.confidence;
  evidence.options.radius_score = evidence.key.extractor.method.radius_score;
  return evidence;
}

void write_bundle(const AuditFolder& folder,
                  const AuditKey& key,
                  const report::Evidence& evidence) {
  std::set<std::string> files;
  for (const auto& sample : evidence.suspect.samples) files.insert(sample.file);
  for (const auto& sample : evidence.benign.samples) files.insert(sample.file);
  folder.keep_only(files);
  key.write_extractor(folder.path() / report::kExtractorFile);
  folder.finish(evidence);
}

}  // namespace

void validate(const AuditOptions& options) {
  require_fraction("alpha", options.alpha);
  require_fraction("confidence", options.confidence);
  require_between("min_samples", options.min_samples, 1, 1'000'000);
  require_between("batch_size", options.batch_size, 1, 1024);
}

report::Evidence run_audit(const AuditInput& input,
                           const AuditOptions& options,
                           const core::Observer& observer) {
  validate(options);
  AuditFolder folder(input.bundle, scorer_name(key_record(input), core::kVersion));
  const AuditSources sources = input.open_sources();
  require_separate({sources.suspect->info(), sources.benign->info()}, input.bundle);
  report::Evidence evidence = describe(input, options);
  folder.begin();
  score_both({input.extractor, options, observer, folder}, sources, evidence);
  require_few_shared(evidence.suspect, evidence.benign);
  observer.say("Scored " + std::to_string(evidence.suspect.samples.size()) + " suspect and " +
               std::to_string(evidence.benign.samples.size()) + " benign images.");
  test_scores(evidence);
  evidence.notes = audit_notes(evidence);
  write_bundle(folder, input.key, evidence);
  return evidence;
}

}  // namespace patina::analyzer
