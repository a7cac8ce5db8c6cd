// SPDX-License-Identifier: Apache-2.0
#include "analyzer/audit.h"

#include <set>
#include <string>
#include <utility>

#include "analyzer/internal/audit_checks.h"
#include "analyzer/internal/audit_folder.h"
#include "analyzer/scoring.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/files.h"
#include "core/numbers.h"
#include "core/version.h"
#include "report/bundle/bundle.h"
#include "report/bundle/key_terms.h"
#include "report/evidence/bundle_layout.h"
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

ScoringSink sink_into(report::SampleSet& set, AuditFolder& folder) {
  ScoringSink sink;
  sink.keep = [&folder](const queryers::Sample& sample, images::ImageFormat format) {
    folder.keep_sample(sample, format);
  };
  sink.on_scored = [&set, &folder](const ScoredImage& image) {
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

report::SampleSet score_set(const Run& run, queryers::Suspect& source, const std::string& stage) {
  const queryers::SuspectInfo info = source.info();
  report::SampleSet set;
  set.kind = info.kind;
  set.location = info.location;
  set.acquisition = acquisition_record(info);
  ScoringOptions options;
  options.batch_size = run.options.batch_size;
  options.limits = run.options.limits;
  options.strict = run.options.strict;
  options.stage = stage;
  options.known = run.folder.scores();
  score_images(source, run.extractor, options, sink_into(set, run.folder), run.observer);
  require_enough(set, run.options.min_samples);
  return set;
}

// Whatever stops the scoring, the scores so far are kept.
void score_both(const Run& run,
                queryers::Suspect& suspect,
                queryers::Suspect& benign,
                report::Evidence& evidence) {
  try {
    evidence.suspect = score_set(run, suspect, "scoring suspect images");
    evidence.benign = score_set(run, benign, "scoring benign images");
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
  evidence.null_hypothesis = report::null_hypothesis_text(!evidence.key_terms.empty());
  evidence.limits = report::standing_limits(!evidence.key_terms.empty());
}

report::Evidence describe(const AuditKey& key,
                          const keys::Extractor& extractor,
                          const AuditOptions& options) {
  report::Evidence evidence;
  evidence.tool_version = core::kVersion;
  evidence.tool_revision = core::kRevision;
  evidence.created = core::utc_now();
  evidence.case_name = options.case_name;
  evidence.key = key.record;
  evidence.key.extractor = extractor.info();
  evidence.commitment = key.commitment;
  evidence.options.alpha = options.alpha;
  evidence.options.confidence = options.confidence;
  evidence.options.radius_score = key.record.radius_score;
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

void check_bundle(const std::filesystem::path& bundle,
                  const AuditKey& key,
                  const keys::Extractor& extractor) {
  const report::Evidence evidence = describe(key, extractor, {});
  AuditFolder(bundle, scorer_name(evidence.key, evidence.tool_version));
}

report::Evidence run_audit(queryers::Suspect& suspect,
                           queryers::Suspect& benign,
                           keys::Extractor& extractor,
                           const AuditKey& key,
                           const std::filesystem::path& bundle,
                           const AuditOptions& options,
                           const core::Observer& observer) {
  validate(options);
  require_separate({suspect.info(), benign.info()}, bundle);
  report::Evidence evidence = describe(key, extractor, options);
  AuditFolder folder(bundle, scorer_name(evidence.key, evidence.tool_version));
  folder.begin();
  score_both({extractor, options, observer, folder}, suspect, benign, evidence);
  count_shared(evidence.suspect, evidence.benign);
  observer.say("Scored " + std::to_string(evidence.suspect.samples.size()) + " suspect and " +
               std::to_string(evidence.benign.samples.size()) + " benign images.");
  evidence.key_terms = report::mean_key_terms(
      bundle, evidence.suspect, extractor, options.limits, observer);
  test_scores(evidence);
  evidence.notes = audit_notes(evidence);
  write_bundle(folder, key, evidence);
  return evidence;
}

}  // namespace patina::analyzer
