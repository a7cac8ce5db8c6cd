// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <nlohmann/json.hpp>

#include "core/csv.h"
#include "core/error.h"
#include "core/json.h"
#include "core/numbers.h"
#include "report/evidence/evidence.h"

namespace patina::report {
namespace {

using nlohmann::json;

constexpr const char* kNoRadius = "the key has no radius";
constexpr const char* kNotComputable = "cannot be computed from these scores";

/// Writes a number, or null with "<name>_reason" beside it.
void put_number(json& object, const std::string& name, double value, const char* reason) {
  object[name] = core::number_or_null(value);
  if (!std::isfinite(value)) object[name + "_reason"] = reason;
}

void put_interval(json& object,
                  const std::string& name,
                  const stats::Interval& interval,
                  const char* reason) {
  if (std::isfinite(interval.low) && std::isfinite(interval.high)) {
    object[name] = {{"low", interval.low}, {"high", interval.high}};
    return;
  }
  object[name] = nullptr;
  object[name + "_reason"] = reason;
}

json method_json(const keys::MethodRecord& method) {
  json object = {{"name", method.name},
                 {"reader", method.reader},
                 {"title", method.title},
                 {"score", method.score},
                 {"inside", method.inside}};
  put_number(object, "radius_score", method.radius_score, kNoRadius);
  return object;
}

json key_json(const KeyRecord& key) {
  json extractor = {{"precision", key.extractor.precision},
                    {"weights_sha256", key.extractor.weights_sha256}};
  put_number(extractor, "radius", key.extractor.radius, kNoRadius);
  return {{"key_sha256", key.key_sha256},
          {"created", key.created},
          {"method", method_json(key.extractor.method)},
          {"extractor", std::move(extractor)}};
}

json commitment_json(const std::optional<keys::CommitmentRecord>& commitment) {
  if (!commitment) return nullptr;
  return {{"created", commitment->created},
          {"merkle_root", commitment->merkle_root},
          {"file_count", commitment->file_count},
          {"key_matches", commitment->key_matches}};
}

json sample_json(const ScoredSample& sample) {
  if (!std::isfinite(sample.score)) {
    throw core::Error(core::ErrorKind::kInternal,
                      sample.source,
                      "the score is not a finite number",
                      "report it with the image");
  }
  return {{"sha256", sample.sha256},
          {"file", sample.file},
          {"source", sample.source},
          {"width_px", sample.width_px},
          {"height_px", sample.height_px},
          {"score", sample.score}};
}

json acquisition_json(const AcquisitionRecord& record) {
  return {{"service", record.service},
          {"model", record.model},
          {"model_digest", record.model_digest},
          {"identity_grade", record.identity_grade},
          {"began", record.began},
          {"ended", record.ended},
          {"journal_sha256", record.journal_sha256},
          {"planned", record.planned},
          {"requests", record.requests},
          {"outcomes", record.outcomes},
          {"remarks", record.remarks}};
}

json set_json(const SampleSet& set) {
  json object = {{"kind", set.kind},
                 {"location", set.location},
                 {"acquisition", set.acquisition ? acquisition_json(*set.acquisition) : json()},
                 {"samples", json::array()},
                 {"skipped", json::array()}};
  for (const ScoredSample& sample : set.samples) object["samples"].push_back(sample_json(sample));
  for (const SkippedSample& item : set.skipped) {
    object["skipped"].push_back({{"source", item.source}, {"reason", item.reason}});
  }
  return object;
}

json test_json(const stats::NamedTest& test) {
  json object = {{"name", test.name},
                 {"primary", test.primary},
                 {"alternative", test.alternative},
                 {"method", test.method},
                 {"rejected", test.rejected}};
  put_number(object, "statistic", test.statistic, kNotComputable);
  put_number(object, "p_value", test.p_value, kNotComputable);
  put_number(object, "log10_p_value", test.log10_p_value, kNotComputable);
  return object;
}

json effect_json(const stats::EffectSize& effect) {
  json object = json::object();
  put_number(object, "superiority", effect.superiority, kNotComputable);
  put_interval(object, "superiority_interval", effect.superiority_interval, kNotComputable);
  put_number(object, "median_suspect", effect.median_suspect, kNotComputable);
  put_number(object, "median_benign", effect.median_benign, kNotComputable);
  put_number(object, "hodges_lehmann_shift", effect.hodges_lehmann_shift, kNotComputable);
  put_number(object, "share_inside_suspect", effect.share_inside_suspect, kNoRadius);
  put_interval(
      object, "share_inside_suspect_interval", effect.share_inside_suspect_interval, kNoRadius);
  put_number(object, "share_inside_benign", effect.share_inside_benign, kNoRadius);
  put_interval(
      object, "share_inside_benign_interval", effect.share_inside_benign_interval, kNoRadius);
  return object;
}

json options_json(const stats::ComparisonOptions& options) {
  json object = {{"alpha", options.alpha}, {"confidence", options.confidence}};
  put_number(object, "radius_score", options.radius_score, kNoRadius);
  return object;
}

void append_rows(std::string& csv, const char* role, const SampleSet& set) {
  for (const ScoredSample& sample : set.samples) {
    csv += std::string(role) + "," + core::csv_field(sample.source) + "," + sample.sha256 + "," +
           std::to_string(sample.width_px) + "," + std::to_string(sample.height_px) + "," +
           core::seventeen_digits_text(sample.score) + "\r\n";
  }
}

}  // namespace

nlohmann::json to_json(const Evidence& evidence) {
  json tests = json::array();
  for (const stats::NamedTest& test : evidence.comparison.tests) tests.push_back(test_json(test));
  return {{"schema_version", kEvidenceSchemaVersion},
          {"tool", {{"version", evidence.tool_version}, {"revision", evidence.tool_revision}}},
          {"created", evidence.created},
          {"case_name", evidence.case_name},
          {"key", key_json(evidence.key)},
          {"commitment", commitment_json(evidence.commitment)},
          {"options", options_json(evidence.options)},
          {"suspect", set_json(evidence.suspect)},
          {"benign", set_json(evidence.benign)},
          {"key_terms", evidence.key_terms},
          {"protocol", stats::facts_of(evidence.comparison.protocol).name},
          {"null_hypothesis", evidence.null_hypothesis},
          {"tests", std::move(tests)},
          {"effect", effect_json(evidence.comparison.effect)},
          {"smallest_possible_p", evidence.comparison.smallest_possible_p},
          {"verdict",
           {{"decision", stats::to_string(evidence.verdict.decision)},
            {"headline", evidence.verdict.headline},
            {"explanation", evidence.verdict.explanation}}},
          {"notes", evidence.notes},
          {"limits", evidence.limits}};
}

std::string scores_csv(const Evidence& evidence) {
  std::string csv = "role,source,sha256,width,height,score\r\n";
  append_rows(csv, "suspect", evidence.suspect);
  append_rows(csv, "benign", evidence.benign);
  return csv;
}

}  // namespace patina::report
