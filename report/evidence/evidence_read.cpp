// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <string>

#include "core/json_reader.h"
#include "core/outcome.h"
#include "keys/extractor.h"
#include "report/evidence/bundle_layout.h"
#include "report/evidence/evidence.h"

namespace patina::report {
namespace {

using core::JsonField;

constexpr std::size_t kMostShortText = 4096;
constexpr std::size_t kMostLongText = 65536;
constexpr std::size_t kMostSamples = 1'000'000;
constexpr std::size_t kMostKeyTerms = 1 << 20;
constexpr std::size_t kMostTests = 64;
constexpr std::size_t kMostRemarks = 1000;
constexpr std::int64_t kLargestSide = 1 << 20;
constexpr std::int64_t kMostFiles = std::int64_t{1} << 53;
constexpr std::size_t kDigestDigits = 64;

/// The reason beside a null says why for people; it carries no value.
void check_reason(const JsonField& object, const char* name) {
  const std::string reason = std::string(name) + "_reason";
  if (object.has(reason.c_str())) object.member(reason.c_str()).text(kMostShortText);
}

double nullable(const JsonField& object, const char* name) {
  check_reason(object, name);
  return object.member(name).number_or_nan();
}

/// "2026-01-31T12:00:00Z".
std::string timestamp(const JsonField& field) {
  const std::string text = field.text(kMostShortText);
  const std::string form = "0000-00-00T00:00:00Z";
  bool matches = text.size() == form.size();
  for (std::size_t i = 0; matches && i < form.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    matches = form[i] == '0' ? digit : text[i] == form[i];
  }
  if (!matches) field.fail("is not a UTC time like 2026-01-31T12:00:00Z");
  return text;
}

/// Time of a key or commitment, which may be unknown.
std::string timestamp_or_empty(const JsonField& field) {
  return field.text(kMostShortText).empty() ? std::string() : timestamp(field);
}

keys::MethodRecord read_method(const JsonField& field) {
  constexpr std::int64_t kMostReaders = 1'000'000;
  field.expect_only(
      {"name", "reader", "title", "score", "inside", "radius_score", "radius_score_reason"});
  keys::MethodRecord method;
  method.name = field.member("name").text(kMostShortText);
  method.reader = static_cast<int>(field.member("reader").integer(1, kMostReaders));
  method.title = field.member("title").text(kMostShortText);
  method.score = field.member("score").text(kMostLongText);
  method.inside = field.member("inside").text(kMostLongText);
  method.radius_score = nullable(field, "radius_score");
  return method;
}

keys::ExtractorInfo read_extractor(const JsonField& field) {
  field.expect_only({"precision", "weights_sha256", "radius", "radius_reason"});
  keys::ExtractorInfo info;
  info.precision = field.member("precision").text(kMostShortText);
  info.weights_sha256 = field.member("weights_sha256").hex(kDigestDigits, true);
  info.radius = nullable(field, "radius");
  return info;
}

KeyRecord read_key(const JsonField& field) {
  field.expect_only({"key_sha256", "created", "method", "extractor"});
  KeyRecord key;
  key.key_sha256 = field.member("key_sha256").hex(kDigestDigits, true);
  key.created = timestamp_or_empty(field.member("created"));
  key.extractor = read_extractor(field.member("extractor"));
  key.extractor.method = read_method(field.member("method"));
  return key;
}

std::optional<keys::CommitmentRecord> read_commitment(const JsonField& field) {
  if (field.is_null()) return std::nullopt;
  field.expect_only({"created", "merkle_root", "file_count", "key_matches"});
  keys::CommitmentRecord commitment;
  commitment.created = timestamp_or_empty(field.member("created"));
  commitment.merkle_root = field.member("merkle_root").hex(kDigestDigits, false);
  commitment.file_count = field.member("file_count").integer(0, kMostFiles);
  commitment.key_matches = field.member("key_matches").boolean();
  return commitment;
}

stats::ComparisonOptions read_options(const JsonField& field) {
  field.expect_only({"alpha", "confidence", "radius_score", "radius_score_reason"});
  stats::ComparisonOptions options;
  options.alpha = field.member("alpha").number(0.0, 1.0);
  options.confidence = field.member("confidence").number(0.0, 1.0);
  options.radius_score = nullable(field, "radius_score");
  return options;
}

/// "data/samples/<sha256>.<ext>" and nothing else, so that no sample points out of the bundle.
std::string sample_file(const JsonField& field, const std::string& sha256) {
  const std::string file = field.text(kMostShortText);
  const std::string stem = std::string(kSamplesFolder) + "/" + sha256 + ".";
  const std::string extension = file.substr(0, stem.size()) == stem ? file.substr(stem.size()) : "";
  const bool plain = extension.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") ==
                     std::string::npos;
  if (extension.empty() || extension.size() > 8 || !plain) {
    field.fail("is not " + std::string(kSamplesFolder) + "/<sha256>.<extension> of its digest");
  }
  return file;
}

ScoredSample read_sample(const JsonField& field) {
  field.expect_only({"sha256", "file", "source", "width_px", "height_px", "score"});
  ScoredSample sample;
  sample.sha256 = field.member("sha256").hex(kDigestDigits, false);
  sample.file = sample_file(field.member("file"), sample.sha256);
  sample.source = field.member("source").text(kMostLongText);
  sample.width_px = static_cast<int>(field.member("width_px").integer(1, kLargestSide));
  sample.height_px = static_cast<int>(field.member("height_px").integer(1, kLargestSide));
  sample.score = field.member("score").finite();
  return sample;
}

AcquisitionRecord read_acquisition(const JsonField& field) {
  field.expect_only({"service",
                     "model",
                     "model_digest",
                     "identity_grade",
                     "began",
                     "ended",
                     "journal_sha256",
                     "planned",
                     "requests",
                     "outcomes",
                     "remarks"});
  AcquisitionRecord record;
  record.service = field.member("service").text(kMostShortText);
  record.model = field.member("model").text(kMostShortText);
  record.model_digest = field.member("model_digest").text(kMostShortText);
  record.identity_grade = field.member("identity_grade").text(1);
  record.began = field.member("began").text(kMostShortText);
  record.ended = field.member("ended").text(kMostShortText);
  record.journal_sha256 = field.member("journal_sha256").hex(kDigestDigits, false);
  record.planned = field.member("planned").integer(0, INT64_MAX);
  record.requests = field.member("requests").integer(0, INT64_MAX);
  const JsonField outcomes = field.member("outcomes");
  outcomes.expect_only(core::outcome_names());
  for (const char* name : core::outcome_names()) {
    if (outcomes.has(name)) record.outcomes[name] = outcomes.member(name).integer(0, INT64_MAX);
  }
  for (const JsonField& remark : field.member("remarks").elements(kMostRemarks)) {
    record.remarks.push_back(remark.text(kMostLongText));
  }
  return record;
}

SampleSet read_set(const JsonField& field) {
  field.expect_only({"kind", "location", "acquisition", "samples", "skipped"});
  SampleSet set;
  set.kind = field.member("kind").text(kMostShortText);
  set.location = field.member("location").text(kMostLongText);
  const JsonField acquisition = field.member("acquisition");
  if (!acquisition.is_null()) set.acquisition = read_acquisition(acquisition);
  for (const JsonField& sample : field.member("samples").elements(kMostSamples)) {
    set.samples.push_back(read_sample(sample));
  }
  for (const JsonField& item : field.member("skipped").elements(kMostSamples)) {
    item.expect_only({"source", "reason"});
    set.skipped.push_back(
        {item.member("source").text(kMostLongText), item.member("reason").text(kMostLongText)});
  }
  return set;
}

stats::NamedTest read_test(const JsonField& field) {
  field.expect_only({"name",
                     "primary",
                     "alternative",
                     "method",
                     "rejected",
                     "statistic",
                     "statistic_reason",
                     "p_value",
                     "p_value_reason",
                     "log10_p_value",
                     "log10_p_value_reason"});
  stats::NamedTest test;
  test.name = field.member("name").text(kMostShortText);
  test.primary = field.member("primary").boolean();
  test.alternative = field.member("alternative").text(kMostShortText);
  test.method = field.member("method").text(kMostShortText);
  test.statistic = nullable(field, "statistic");
  test.p_value = nullable(field, "p_value");
  test.log10_p_value = nullable(field, "log10_p_value");
  test.rejected = field.member("rejected").boolean();
  return test;
}

stats::Interval read_interval(const JsonField& object, const char* name) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  check_reason(object, name);
  const JsonField field = object.member(name);
  if (field.is_null()) return {kNan, kNan};
  field.expect_only({"low", "high"});
  return {field.member("low").finite(), field.member("high").finite()};
}

stats::EffectSize read_effect(const JsonField& field) {
  field.expect_only({"superiority",
                     "superiority_reason",
                     "superiority_interval",
                     "superiority_interval_reason",
                     "median_suspect",
                     "median_suspect_reason",
                     "median_benign",
                     "median_benign_reason",
                     "hodges_lehmann_shift",
                     "hodges_lehmann_shift_reason",
                     "share_inside_suspect",
                     "share_inside_suspect_reason",
                     "share_inside_suspect_interval",
                     "share_inside_suspect_interval_reason",
                     "share_inside_benign",
                     "share_inside_benign_reason",
                     "share_inside_benign_interval",
                     "share_inside_benign_interval_reason"});
  stats::EffectSize effect;
  effect.superiority = nullable(field, "superiority");
  effect.superiority_interval = read_interval(field, "superiority_interval");
  effect.median_suspect = nullable(field, "median_suspect");
  effect.median_benign = nullable(field, "median_benign");
  effect.hodges_lehmann_shift = nullable(field, "hodges_lehmann_shift");
  effect.share_inside_suspect = nullable(field, "share_inside_suspect");
  effect.share_inside_suspect_interval = read_interval(field, "share_inside_suspect_interval");
  effect.share_inside_benign = nullable(field, "share_inside_benign");
  effect.share_inside_benign_interval = read_interval(field, "share_inside_benign_interval");
  return effect;
}

stats::ScoreComparison read_comparison(const JsonField& document) {
  stats::ScoreComparison comparison;
  const JsonField tests = document.member("tests");
  int primaries = 0;
  for (const JsonField& test : tests.elements(kMostTests)) {
    comparison.tests.push_back(read_test(test));
    if (!comparison.tests.back().primary) continue;
    ++primaries;
    comparison.rejected = comparison.tests.back().rejected;
  }
  if (primaries != 1)
    tests.fail("has " + std::to_string(primaries) + " primary tests, it must be one");
  const JsonField protocol = document.member("protocol");
  const auto known = stats::protocol_from_name(protocol.text(kMostShortText));
  if (!known) protocol.fail("is no known protocol", "use a newer Patina");
  comparison.protocol = *known;
  comparison.effect = read_effect(document.member("effect"));
  comparison.smallest_possible_p = document.member("smallest_possible_p").number(0.0, 1.0);
  return comparison;
}

Verdict read_verdict(const JsonField& field) {
  field.expect_only({"decision", "headline", "explanation"});
  Verdict verdict;
  const JsonField decision = field.member("decision");
  const std::string name = decision.text(kMostShortText);
  bool known = false;
  for (const stats::Decision one :
       {stats::Decision::kEvidence, stats::Decision::kNoEvidence, stats::Decision::kInconclusive}) {
    if (name != to_string(one)) continue;
    verdict.decision = one;
    known = true;
  }
  if (!known) decision.fail("is none of evidence, no-evidence and inconclusive");
  verdict.headline = field.member("headline").text(kMostShortText);
  verdict.explanation = field.member("explanation").text(kMostLongText);
  return verdict;
}

std::vector<std::string> read_texts(const JsonField& field) {
  std::vector<std::string> texts;
  for (const JsonField& text : field.elements(kMostRemarks))
    texts.push_back(text.text(kMostLongText));
  return texts;
}

void expect_known_version(const JsonField& document) {
  const JsonField version = document.member("schema_version");
  const std::int64_t found = version.integer(0, 1'000'000);
  if (found != kEvidenceSchemaVersion) {
    version.fail("is " + std::to_string(found) + ", this build reads " +
                     std::to_string(kEvidenceSchemaVersion),
                 "use the version of patina that wrote the file or a newer one");
  }
}

}  // namespace

Evidence evidence_from_json(const nlohmann::json& json, const std::string& where) {
  const JsonField document(json, where, "use a file written by patina audit");
  expect_known_version(document);
  document.expect_only({"schema_version",
                        "tool",
                        "created",
                        "case_name",
                        "key",
                        "commitment",
                        "options",
                        "suspect",
                        "benign",
                        "key_terms",
                        "protocol",
                        "null_hypothesis",
                        "tests",
                        "effect",
                        "smallest_possible_p",
                        "verdict",
                        "notes",
                        "limits"});
  Evidence evidence;
  const JsonField tool = document.member("tool");
  tool.expect_only({"version", "revision"});
  evidence.tool_version = tool.member("version").text(kMostShortText);
  evidence.tool_revision = tool.member("revision").text(kMostShortText);
  evidence.created = timestamp(document.member("created"));
  evidence.case_name = document.member("case_name").text(kMostShortText);
  evidence.key = read_key(document.member("key"));
  evidence.commitment = read_commitment(document.member("commitment"));
  evidence.options = read_options(document.member("options"));
  evidence.suspect = read_set(document.member("suspect"));
  evidence.benign = read_set(document.member("benign"));
  evidence.null_hypothesis = document.member("null_hypothesis").text(kMostLongText);
  for (const JsonField& term : document.member("key_terms").elements(kMostKeyTerms)) {
    evidence.key_terms.push_back(term.finite());
  }
  evidence.comparison = read_comparison(document);
  evidence.verdict = read_verdict(document.member("verdict"));
  evidence.notes = read_texts(document.member("notes"));
  evidence.limits = read_texts(document.member("limits"));
  return evidence;
}

}  // namespace patina::report
