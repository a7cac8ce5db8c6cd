// SPDX-License-Identifier: Apache-2.0
#include "stats/protocol.h"

#include <array>
#include <cmath>

#include "stats/internal/named_test.h"
#include "stats/internal/special_functions.h"
#include "stats/key_signs.h"
#include "stats/score_comparison.h"
#include "stats/two_sample.h"

namespace patina::stats {

namespace {

constexpr const char* kSameDistribution =
    "The coating scores of the suspect images and of the benign images are independent draws from "
    "the same distribution.";

// The scores against benign ones.

double smallest_p_of_scores(const AuditSizes& sizes) {
  return std::exp(-internal::log_binomial_coefficient(sizes.suspect_images + sizes.benign_images,
                                                      sizes.suspect_images));
}

std::string bound_of_scores(const AuditSizes& sizes) {
  return std::to_string(sizes.suspect_images) + " suspect and " +
         std::to_string(sizes.benign_images) + " benign images";
}

NamedTest test_of_scores(const ScoreSamples& samples) {
  KSOptions options;
  options.alternative = Alternative::kGreater;
  const KSResult result = ks_two_sample({samples.suspect, samples.benign}, options);
  NamedTest test = internal::named(kScoresTest, internal::kSuspectSmaller, result);
  test.method = to_string(result.method);
  return test;
}

std::vector<double> repeats_of_scores(const ImagePool& suspect,
                                      const std::vector<double>& benign_scores,
                                      const RepeatedAuditOptions& options) {
  ResampledKSOptions resampling;
  resampling.repeats = options.repeats;
  resampling.first_size = options.suspect_images;
  resampling.second_size = static_cast<std::int64_t>(benign_scores.size());
  resampling.alphas = options.alphas;
  resampling.seed = options.seed;
  return resampled_ks({suspect.scores, benign_scores}, resampling).rejected_fraction;
}

// The random signs of the key.

double smallest_p_of_signs(const AuditSizes& sizes) {
  return std::ldexp(1.0, -static_cast<int>(sizes.key_signs));
}

std::string bound_of_signs(const AuditSizes& sizes) {
  return "the " + std::to_string(sizes.key_signs) + " signs of this key";
}

NamedTest test_of_signs(const ScoreSamples& samples) {
  NamedTest test = internal::named(kKeySignsTest,
                                   "the suspect images follow the signs of this key",
                                   key_signs_test(samples.key_terms));
  test.method = "exact";
  return test;
}

std::vector<double> repeats_of_signs(const ImagePool& suspect,
                                     const std::vector<double>& /*benign_scores*/,
                                     const RepeatedAuditOptions& options) {
  return resampled_key_signs(
             suspect.key_terms,
             {options.repeats, options.suspect_images, options.alphas, options.seed})
      .rejected_fraction;
}

struct Row {
  Protocol protocol;
  ProtocolFacts facts;
  double (*smallest_p)(const AuditSizes&);
  std::string (*bound)(const AuditSizes&);
  NamedTest (*test)(const ScoreSamples&);
  std::vector<double> (*repeats)(const ImagePool&,
                                 const std::vector<double>&,
                                 const RepeatedAuditOptions&);
};

// In the order of the enumeration.
constexpr std::array<Row, 2> kProtocols = {{
    {Protocol::kScores,
     {"scores",
      kScoresTest,
      kSameDistribution,
      "",
      "and the scores are independent",
      "these numbers of images",
      "add images"},
     smallest_p_of_scores,
     bound_of_scores,
     test_of_scores,
     repeats_of_scores},
    {Protocol::kKeySigns,
     {"key-signs",
      kKeySignsTest,
      "The signs of the key were drawn at random and have nothing to do with the suspect images, "
      "so that every pattern of signs is equally probable.",
      kSameDistribution,
      "",
      "this key",
      "ask for a larger alpha"},
     smallest_p_of_signs,
     bound_of_signs,
     test_of_signs,
     repeats_of_signs},
}};

const Row& row_of(Protocol protocol) { return kProtocols.at(static_cast<std::size_t>(protocol)); }

}  // namespace

const ProtocolFacts& facts_of(Protocol protocol) { return row_of(protocol).facts; }

std::optional<Protocol> protocol_from_name(const std::string& name) {
  for (const Row& row : kProtocols) {
    if (name == row.facts.name) return row.protocol;
  }
  return std::nullopt;
}

Protocol protocol_for(std::size_t key_signs) {
  return key_signs > 0 ? Protocol::kKeySigns : Protocol::kScores;
}

double smallest_possible_p(Protocol protocol, const AuditSizes& sizes) {
  return row_of(protocol).smallest_p(sizes);
}

std::string bound_in_words(Protocol protocol, const AuditSizes& sizes) {
  return row_of(protocol).bound(sizes);
}

NamedTest deciding_test(Protocol protocol, const ScoreSamples& samples) {
  return row_of(protocol).test(samples);
}

const char* to_string(Decision decision) {
  switch (decision) {
    case Decision::kEvidence:
      return "evidence";
    case Decision::kNoEvidence:
      return "no-evidence";
    case Decision::kInconclusive:
      return "inconclusive";
  }
  return "unknown";
}

Decision decide(const ScoreComparison& comparison, double alpha) {
  if (comparison.rejected) return Decision::kEvidence;
  if (comparison.smallest_possible_p >= alpha) return Decision::kInconclusive;
  return Decision::kNoEvidence;
}

std::vector<double> rejected_in_repeats(const ImagePool& suspect,
                                        const std::vector<double>& benign_scores,
                                        const RepeatedAuditOptions& options) {
  const std::size_t key_signs = suspect.key_terms.empty() ? 0 : suspect.key_terms.front().size();
  return row_of(protocol_for(key_signs)).repeats(suspect, benign_scores, options);
}

}  // namespace patina::stats
