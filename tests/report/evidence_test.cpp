// SPDX-License-Identifier: Apache-2.0
#include "report/evidence.h"

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
  primary.p_value = p;
  primary.log10_p_value = -11.5;
  primary.rejected = rejected;
  stats::ScoreComparison result;
  result.tests = {primary, companion};
  result.rejected = rejected;
  result.smallest_possible_p = smallest;
  return result;
}

/// Of a key with signs: p-values of the two primary tests.
stats::ScoreComparison with_signs(double scores_p, double signs_p) {
  stats::ScoreComparison result = comparison(scores_p, scores_p < 1e-6, 1e-14);
  stats::NamedTest signs;
  signs.primary = true;
  signs.p_value = signs_p;
  signs.rejected = signs_p < 1e-6;
  result.tests.insert(result.tests.begin() + 1, signs);
  result.rejected = result.rejected && signs.rejected;
  return result;
}

TEST(Verdict, NeedsTheSignsOfTheKeyWhereItHasAny) {
  const Verdict verdict = make_verdict(with_signs(3.2e-12, 4.5e-10), {}, 30, 300);
  EXPECT_EQ(verdict.decision, Decision::kEvidence);
  EXPECT_THAT(verdict.explanation, HasSubstr("p = 3.2 × 10⁻¹²"));
  EXPECT_THAT(verdict.explanation, HasSubstr("of all keys, a share of 4.5 × 10⁻¹⁰"));
}

TEST(Verdict, SaysSoWhenTheImagesDifferButFollowAnotherKey) {
  const Verdict verdict = make_verdict(with_signs(3.2e-12, 0.07), {}, 30, 300);
  EXPECT_EQ(verdict.decision, Decision::kNoEvidence);
  EXPECT_EQ(verdict.headline,
            "No evidence found: the suspect images differ from the benign ones, but do not follow "
            "this key.");
  EXPECT_THAT(verdict.explanation, HasSubstr("a share of 0.07"));
  EXPECT_THAT(verdict.explanation, HasSubstr("another owner's coating"));
}

TEST(Verdict, IsNoEvidenceWhenOnlyTheSignsAgree) {
  const Verdict verdict = make_verdict(with_signs(0.34, 1e-9), {}, 30, 300);
  EXPECT_EQ(verdict.decision, Decision::kNoEvidence);
  EXPECT_THAT(verdict.headline, HasSubstr("were not told apart"));
  EXPECT_THAT(verdict.explanation, HasSubstr("p = 0.34"));
}

TEST(Verdict, IsEvidenceWhenThePrimaryTestRejects) {
  const Verdict verdict = make_verdict(comparison(3.2e-12, true, 1e-30), {}, 30, 300);
  EXPECT_EQ(verdict.decision, Decision::kEvidence);
  EXPECT_EQ(verdict.headline, "Evidence found: the suspect images carry this coating.");
  EXPECT_THAT(verdict.explanation, HasSubstr("30 suspect images"));
  EXPECT_THAT(verdict.explanation, HasSubstr("300 benign images"));
  EXPECT_THAT(verdict.explanation, HasSubstr("p = 3.2 × 10⁻¹²"));
  EXPECT_THAT(verdict.explanation, HasSubstr("alpha = 10⁻⁶"));
  EXPECT_THAT(verdict.explanation, HasSubstr("the images examined"));
}

TEST(Verdict, IsNoEvidenceWhenTheTestCouldHaveRejected) {
  const Verdict verdict = make_verdict(comparison(0.34, false, 1e-30), {}, 30, 300);
  EXPECT_EQ(verdict.decision, Decision::kNoEvidence);
  EXPECT_THAT(verdict.headline, testing::StartsWith("No evidence found: "));
  EXPECT_THAT(verdict.explanation, HasSubstr("p = 0.34"));
  EXPECT_THAT(verdict.explanation, HasSubstr("does not show that the coated images were not used"));
}

TEST(Verdict, IsInconclusiveWhenTheSizesCannotReachAlpha) {
  const Verdict verdict = make_verdict(comparison(0.004, false, 0.0039), {}, 5, 1);
  EXPECT_EQ(verdict.decision, Decision::kInconclusive);
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
            Decision::kInconclusive);
  EXPECT_EQ(make_verdict(comparison(0.25, false, 0.2499), options, 2, 2).decision,
            Decision::kNoEvidence);
}

TEST(Verdict, NeverSpeaksOfProofOrTheft) {
  std::vector<std::string> texts = standing_limits(true);
  texts.push_back(null_hypothesis_text(true));
  texts.push_back(null_hypothesis_text(false));
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

TEST(Decision, HasANameForMachines) {
  EXPECT_STREQ(to_string(Decision::kEvidence), "evidence");
  EXPECT_STREQ(to_string(Decision::kNoEvidence), "no-evidence");
  EXPECT_STREQ(to_string(Decision::kInconclusive), "inconclusive");
}

TEST(Limits, NameWhatTheMethodCannotTell) {
  std::string all;
  for (const std::string& limit : standing_limits(false)) all += limit + "\n";
  for (const char* topic : {"benign images must be comparable",
                            "compression",
                            "forged",
                            "licence",
                            "who copied",
                            "not to a model",
                            "Finding no evidence"}) {
    EXPECT_THAT(all, HasSubstr(topic));
  }
  EXPECT_THAT(null_hypothesis_text(false), HasSubstr("the same distribution"));
  EXPECT_EQ(standing_limits(true).size(), standing_limits(false).size() + 1);
  EXPECT_THAT(standing_limits(true).back(), HasSubstr("tries many keys"));
  EXPECT_THAT(null_hypothesis_text(true), HasSubstr("only if both are rejected"));
}

}  // namespace
}  // namespace patina::report
