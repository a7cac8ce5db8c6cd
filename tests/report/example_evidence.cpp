// SPDX-License-Identifier: Apache-2.0
#include "tests/report/example_evidence.h"

#include <cmath>
#include <cstdio>

namespace patina::report::test {
namespace {

/// Spread out like a bell around zero; the golden ratio keeps the values distinct.
double spread(int index) {
  const double unit = std::fmod(0.5 + 0.6180339887498949 * index, 1.0);
  return std::log((unit + 0.01) / (1.01 - unit));
}

SampleSet example_set(int role, int count, double centre, const std::string& prefix) {
  SampleSet set;
  set.kind = "directory";
  set.location = role == 0 ? "/cases/7/suspect" : "/cases/7/benign";
  for (int i = 0; i < count; ++i) {
    ScoredSample sample;
    sample.sha256 = example_digest(role, i);
    sample.file = "data/samples/" + sample.sha256 + ".png";
    sample.source = prefix + "-" + std::to_string(i) + ".png";
    sample.width_px = 64;
    sample.height_px = 48;
    sample.score = std::fabs(centre * (1.0 + 0.2 * spread(i)));
    set.samples.push_back(sample);
  }
  return set;
}

stats::NamedTest example_test(const std::string& name, bool primary, double p, bool rejected) {
  stats::NamedTest test;
  test.name = name;
  test.primary = primary;
  test.alternative = "suspect scores are smaller";
  test.method = "exact";
  test.statistic = 0.93;
  test.p_value = p;
  test.log10_p_value = std::log10(p);
  test.rejected = rejected;
  return test;
}

stats::EffectSize example_effect() {
  stats::EffectSize effect;
  effect.superiority = 0.97;
  effect.superiority_interval = {0.91, 0.99};
  effect.median_suspect = 2.01;
  effect.median_benign = 9.02;
  effect.hodges_lehmann_shift = -6.9;
  effect.share_inside_suspect = 0.9;
  effect.share_inside_suspect_interval = {0.74, 0.97};
  effect.share_inside_benign = 0.0167;
  effect.share_inside_benign_interval = {0.003, 0.089};
  return effect;
}

KeyRecord example_key() {
  KeyRecord key;
  key.key_sha256 = example_digest(7, 1);
  key.created = "2026-01-02T03:04:05Z";
  const keys::MethodRecord method = {"siren",
                                     1,
                                     "Siren coating",
                                     "The score grows with the distance from the centre.",
                                     "The feature lies in the hypersphere.",
                                     3.0};
  key.extractor = {method, "float32", example_digest(7, 2), 3.872983346207417};
  return key;
}

AcquisitionRecord example_acquisition(int images) {
  AcquisitionRecord record;
  record.service = "Stable Diffusion web UI (/sdapi/v1)";
  record.model = "sd15 [6ce0161689]";
  record.model_digest = example_digest(7, 1);
  record.identity_grade = "A";
  record.began = "2026-01-31T12:00:00.000Z";
  record.ended = "2026-01-31T12:30:00.000Z";
  record.journal_sha256 = example_digest(7, 2);
  record.planned = images + 2;
  record.requests = images + 12;
  record.outcomes = {{"image", images}, {"refused", 1}, {"timeout", 1}};
  record.remarks = {"Names and digests are the server's own word."};
  return record;
}

}  // namespace

std::string example_digest(int role, int index) {
  char text[65] = {};
  std::snprintf(text,
                sizeof text,
                "%08x%08x",
                0xA0U + static_cast<unsigned>(role),
                static_cast<unsigned>(index));
  return std::string(text) + std::string(48, 'c');
}

images::Image example_image(int width_px, int height_px, int seed) {
  images::Image image = images::make_image(width_px, height_px);
  std::size_t at = 0;
  for (int y = 0; y < height_px; ++y) {
    for (int x = 0; x < width_px; ++x) {
      image.bytes[at++] = static_cast<std::uint8_t>((x * 255) / width_px);
      image.bytes[at++] = static_cast<std::uint8_t>((y * 255) / height_px);
      image.bytes[at++] = static_cast<std::uint8_t>((seed * 37 + (x / 8 + y / 8) * 40) % 256);
    }
  }
  return image;
}

Evidence example_evidence(const Example& example) {
  const bool found = example.decision == stats::Decision::kEvidence;
  const double p = found ? 3.2e-12 : 0.34;
  Evidence evidence;
  evidence.tool_version = "0.1.0";
  evidence.tool_revision = "0123456789abcdef";
  evidence.created = "2026-03-04T05:06:07Z";
  evidence.case_name = "Case 7";
  evidence.key = example_key();
  evidence.commitment = keys::CommitmentRecord{
      "2026-01-02T03:04:06Z", example_digest(7, 3), 120, true};
  evidence.suspect = example_set(0, example.suspects, found ? 2.0 : 8.7, example.name_prefix);
  if (example.acquired) evidence.suspect.acquisition = example_acquisition(example.suspects);
  evidence.benign = example_set(1, example.benign, 9.0, example.name_prefix);
  evidence.options = {1e-6, 3.0, 0.95};
  evidence.comparison.tests = {example_test("Kolmogorov-Smirnov, one-sided", true, p, found),
                               example_test("Kolmogorov-Smirnov, two-sided", false, 2.0 * p, found),
                               example_test("Mann-Whitney U, one-sided", false, 0.1 * p, found),
                               example_test("Welch t, one-sided", false, 0.5 * p, found)};
  evidence.comparison.effect = example_effect();
  evidence.comparison.rejected = found;
  evidence.comparison.smallest_possible_p = example.decision == stats::Decision::kInconclusive
                                                ? 3.9e-3
                                                : 1.7e-22;
  evidence.null_hypothesis = stats::facts_of(evidence.comparison.protocol).null_hypothesis;
  evidence.verdict = make_verdict(
      evidence.comparison, evidence.options, example.suspects, example.benign);
  evidence.limits = standing_limits(evidence.comparison.protocol);
  return evidence;
}

}  // namespace patina::report::test
