// SPDX-License-Identifier: Apache-2.0
// The protocol of an audit: which test decides, under which null hypothesis, and what its p-value
// says. Everything that depends on the protocol is asked here, so that a further protocol is a
// further row of protocol.cpp. Entry points: protocol_for, facts_of, decide.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace patina::stats {

struct NamedTest;
struct ScoreComparison;
struct ScoreSamples;

enum class Protocol {
  /// The suspect's coating scores are smaller than benign ones: one-sided Kolmogorov-Smirnov test
  /// [Siren 2025, Eq. 8].
  kScores,
  /// The suspect's images follow the random signs of the key (key_signs.h). It needs no benign
  /// images and no independence, and a model of another owner's coated images fails it.
  kKeySigns,
};

/// Names of the tests that can be primary.
inline constexpr const char* kScoresTest = "Kolmogorov-Smirnov, one-sided";
inline constexpr const char* kKeySignsTest = "Signs of the key, randomisation";

/// What words and tables say of a protocol.
struct ProtocolFacts {
  const char* name;             ///< "scores", "key-signs".
  const char* test;             ///< Name of the test that decides, see NamedTest.
  const char* null_hypothesis;  ///< Sentence.
  /// Sentence: what the companion tests assume instead; empty where it is the same.
  const char* null_hypothesis_of_companions;
  /// Condition, besides H0, under which alpha bounds the false-positive rate, as an addition to "If
  /// H0 is true"; empty where there is none.
  const char* further_condition;
  const char* bounded_by;  ///< What sets the smallest possible p-value: "this key".
  const char* remedy;      ///< What to do where that is too large: "add images".
};
const ProtocolFacts& facts_of(Protocol protocol);

/// By ProtocolFacts::name; none for another name.
std::optional<Protocol> protocol_from_name(const std::string& name);

/// The protocol of an audit with a key that has this many random signs, 0 = none.
Protocol protocol_for(std::size_t key_signs);

/// What an audit has to decide with.
struct AuditSizes {
  std::int64_t suspect_images = 0;
  std::int64_t benign_images = 0;
  std::int64_t key_signs = 0;
};
/// Smallest p-value that the deciding test can give, (0,1].
double smallest_possible_p(Protocol protocol, const AuditSizes& sizes);
/// What sets it, in words: "5 suspect and 5 benign images", "the 10 signs of this key".
std::string bound_in_words(Protocol protocol, const AuditSizes& sizes);

/// The test that decides; `primary` and `rejected` are left to the caller.
NamedTest deciding_test(Protocol protocol, const ScoreSamples& samples);

enum class Decision {
  kEvidence,      ///< H0 rejected.
  kNoEvidence,    ///< H0 not rejected although the sizes could have rejected it.
  kInconclusive,  ///< These sizes cannot reach alpha.
};
const char* to_string(Decision decision);  ///< "evidence", "no-evidence", "inconclusive".

/// What an audit concludes at level alpha, (0,1). The test rejects where p < alpha, so a smallest
/// possible p-value equal to alpha is inconclusive.
Decision decide(const ScoreComparison& comparison, double alpha);

/// One suspect's images, of which each repeat draws some.
struct ImagePool {
  std::vector<double> scores;                  ///< One per image.
  std::vector<std::vector<double>> key_terms;  ///< [images][K]; empty for a key without signs.
};
struct RepeatedAuditOptions {
  std::int64_t repeats = 10'000;     ///< Audits, at least 1. More narrow the interval of a rate.
  std::int64_t suspect_images = 30;  ///< Drawn in each repeat.
  /// Levels of significance whose rates are counted; (0, 1).
  std::vector<double> alphas = {1e-3, 1e-6, 1e-9};
  std::uint64_t seed = 0;  ///< Seed of the draws.
};
/// Share of repeats in which the deciding test rejects, one per alpha: resampled_ks() against all
/// benign scores, or resampled_key_signs(). Throws Error{kInput} as these do.
std::vector<double> rejected_in_repeats(const ImagePool& suspect,
                                        const std::vector<double>& benign_scores,
                                        const RepeatedAuditOptions& options);

}  // namespace patina::stats
