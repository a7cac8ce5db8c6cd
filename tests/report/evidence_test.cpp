// SPDX-License-Identifier: Apache-2.0
#include "report/evidence/evidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patina::report {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::Not;

stats::ScoreComparison comparison(double p, bool rejected, double smallest) {
  stats::NamedTest companion;
  companion.p_value = 0.9;
  stats::NamedTest primary;
  primary.primary = true;
  primary.name = stats::kScoresTest;
  primary.p_value = p;
  primary.log10_p_value = -11.5;
  primary.rejected = rejected;
  stats::ScoreComparison result;
  result.tests = {primary, companion};
  result.rejected = rejected;
  result.smallest_possible_p = smallest;
  return result;
}

/// Of a key with signs: p-values of their test, which decides, and of the scores'.
stats::ScoreComparison with_signs(double signs_p, double scores_p, double smallest = 1e-14) {
  stats::ScoreComparison result = comparison(signs_p, signs_p < 1e-6, smallest);
  result.protocol = stats::Protocol::kKeySigns;
  result.tests[0].name = stats::kKeySignsTest;
  result.tests[1].name = stats::kScoresTest;
  result.tests[1].p_value = scores_p;
  result.tests[1].rejected = scores_p < 1e-6;
  return result;
}

TEST(Verdict, SpeaksOfTheSignsOfTheKeyWhereItHasAny) {
  const Verdict verdict = make_verdict(with_signs(4.5e-10, 3.2e-12), {}, 30, 300);
  EXPECT_EQ(verdict.decision, stats::Decision::kEvidence);
  EXPECT_EQ(verdict.headline, "Evidence found: the suspect images carry this coating.");
  EXPECT_THAT(verdict.explanation, HasSubstr("30 suspect images follow them"));
  EXPECT_THAT(verdict.explanation, HasSubstr("a share of p = 4.5 × 10⁻¹⁰"));
  EXPECT_THAT(verdict.explanation, HasSubstr("(p = 3.2 × 10⁻¹²)"));
  EXPECT_EQ(make_verdict(with_signs(4.5e-10, 0.2), {}, 30, 300).decision,
            stats::Decision::kEvidence);
}

TEST(Verdict, SaysSoWhenTheImagesDifferButFollowAnotherKey) {
  const Verdict verdict = make_verdict(with_signs(0.07, 3.2e-12), {}, 30, 300);
  EXPECT_EQ(verdict.decision, stats::Decision::kNoEvidence);
  EXPECT_EQ(verdict.headline,
            "No evidence found: the suspect images differ from the benign ones, but do not follow "
            "this key.");
  EXPECT_THAT(verdict.explanation, HasSubstr("a share of p = 0.07"));
  EXPECT_THAT(verdict.explanation, HasSubstr("another owner's coating"));
}

TEST(Verdict, IsNoEvidenceWhenTheSignsAreNotFollowed) {
  const Verdict verdict = make_verdict(with_signs(0.34, 0.2), {}, 30, 300);
  EXPECT_EQ(verdict.decision, stats::Decision::kNoEvidence);
  EXPECT_EQ(verdict.headline, "No evidence found: the suspect images do not follow this key.");
  EXPECT_THAT(verdict.explanation, HasSubstr("p = 0.34"));
}

TEST(Verdict, IsInconclusiveWhenTheSignsAreTooFew) {
  const Verdict verdict = make_verdict(with_signs(0.02, 1e-9, 1e-3), {}, 30, 300);
  EXPECT_EQ(verdict.decision, stats::Decision::kInconclusive);
  EXPECT_EQ(verdict.headline, "Inconclusive: this key has too few signs to reach alpha = 10⁻⁶.");
  EXPECT_THAT(verdict.explanation, HasSubstr("Ask for a larger alpha"));
}

TEST(Verdict, IsEvidenceWhenThePrimaryTestRejects) {
  const Verdict verdict = make_verdict(comparison(3.2e-12, true, 1e-30), {}, 30, 300);
  EXPECT_EQ(verdict.decision, stats::Decision::kEvidence);
  EXPECT_EQ(verdict.headline, "Evidence found: the suspect images carry this coating.");
  EXPECT_THAT(verdict.explanation, HasSubstr("30 suspect images"));
  EXPECT_THAT(verdict.explanation, HasSubstr("300 benign images"));
  EXPECT_THAT(verdict.explanation, HasSubstr("p = 3.2 × 10⁻¹²"));
  EXPECT_THAT(verdict.explanation, HasSubstr("alpha = 10⁻⁶"));
  EXPECT_THAT(verdict.explanation, HasSubstr("the images examined"));
}

TEST(Verdict, IsNoEvidenceWhenTheTestCouldHaveRejected) {
  const Verdict verdict = make_verdict(comparison(0.34, false, 1e-30), {}, 30, 300);
  EXPECT_EQ(verdict.decision, stats::Decision::kNoEvidence);
  EXPECT_THAT(verdict.headline, testing::StartsWith("No evidence found: "));
  EXPECT_THAT(verdict.explanation, HasSubstr("p = 0.34"));
  EXPECT_THAT(verdict.explanation, HasSubstr("does not show that the coated images were not used"));
}

TEST(Verdict, IsInconclusiveWhenTheSizesCannotReachAlpha) {
  const Verdict verdict = make_verdict(comparison(0.004, false, 0.0039), {}, 5, 1);
  EXPECT_EQ(verdict.decision, stats::Decision::kInconclusive);
  EXPECT_EQ(verdict.headline,
            "Inconclusive: 5 suspect images and 1 benign image are too few to reach alpha = 10⁻⁶.");
  EXPECT_THAT(verdict.explanation,
              HasSubstr("smallest possible p-value at these numbers is 0.0039"));
  EXPECT_THAT(verdict.explanation, HasSubstr("Collect more images"));
}

TEST(Verdict, IsInconclusiveWhenTheSmallestPEqualsAlpha) {
  stats::ComparisonOptions options;
  options.alpha = 0.25;
  EXPECT_EQ(make_verdict(comparison(0.25, false, 0.25), options, 2, 2).decision,
            stats::Decision::kInconclusive);
  EXPECT_EQ(make_verdict(comparison(0.25, false, 0.2499), options, 2, 2).decision,
            stats::Decision::kNoEvidence);
}

TEST(Verdict, NeverSpeaksOfProofOrTheft) {
  std::vector<std::string> texts;
  for (const stats::Protocol protocol : {stats::Protocol::kScores, stats::Protocol::kKeySigns}) {
    for (const std::string& limit : standing_limits(protocol)) texts.push_back(limit);
    texts.push_back(deciding_test_text(protocol, 40));
    texts.push_back(stats::facts_of(protocol).null_hypothesis);
  }
  for (const auto& one : {comparison(1e-12, true, 1e-30),
                          comparison(0.3, false, 1e-30),
                          comparison(0.3, false, 0.1),
                          with_signs(1e-12, 1e-12),
                          with_signs(1e-12, 0.1),
                          with_signs(0.1, 0.1)}) {
    const Verdict verdict = make_verdict(one, {}, 30, 300);
    texts.push_back(verdict.headline);
    texts.push_back(verdict.explanation);
  }
  for (const char* word : {"prove", "proof", "stole", "theft", "guilt", "certain"}) {
    EXPECT_THAT(texts, Each(Not(HasSubstr(word))));
  }
}

TEST(DecidingTest, IsExplainedByProtocol) {
  EXPECT_THAT(deciding_test_text(stats::Protocol::kScores, 0), HasSubstr("Kolmogorov-Smirnov"));
  EXPECT_THAT(deciding_test_text(stats::Protocol::kKeySigns, 40), HasSubstr("holds 40 signs"));
}

TEST(Limits, NameWhatTheMethodCannotTell) {
  std::string all;
  for (const std::string& limit : standing_limits(stats::Protocol::kScores)) all += limit + "\n";
  for (const char* topic : {"benign images must be comparable",
                            "compression",
                            "forged",
                            "licence",
                            "who copied",
                            "not to a model",
                            "Finding no evidence"}) {
    EXPECT_THAT(all, HasSubstr(topic));
  }
  EXPECT_THAT(standing_limits(stats::Protocol::kKeySigns).front(), HasSubstr("tries many keys"));
}

}  // namespace
}  // namespace patina::report
