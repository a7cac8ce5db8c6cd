// SPDX-License-Identifier: Apache-2.0
#include "stats/protocol.h"

#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include "stats/key_signs.h"
#include "stats/score_comparison.h"
#include "stats/two_sample.h"
#include "tests/core/caught.h"
#include "tests/stats/samples.h"

namespace patina::stats {
namespace {

constexpr Protocol kProtocols[] = {Protocol::kScores, Protocol::kKeySigns};

TEST(Protocol, IsFoundByItsName) {
  std::set<std::string> names;
  for (const Protocol protocol : kProtocols) {
    const std::string name = facts_of(protocol).name;
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_EQ(protocol_from_name(name), protocol);
  }
  EXPECT_EQ(protocol_from_name(""), std::nullopt);
  EXPECT_EQ(protocol_from_name("Scores"), std::nullopt);
}

TEST(Protocol, IsThatOfTheSignsForAKeyWithAny) {
  EXPECT_EQ(protocol_for(0), Protocol::kScores);
  EXPECT_EQ(protocol_for(1), Protocol::kKeySigns);
}

TEST(Protocol, NamesTheTestThatDecides) {
  const ScoreSamples samples = {{1, 2, 3}, {4, 5, 6, 7}, {0.5, 0.5}};
  for (const Protocol protocol : kProtocols) {
    EXPECT_EQ(deciding_test(protocol, samples).name, facts_of(protocol).test);
  }
}

TEST(Protocol, TellsTheHypothesisOfCompanionsOnlyWhereItIsAnother) {
  EXPECT_STREQ(facts_of(Protocol::kScores).null_hypothesis_of_companions, "");
  EXPECT_STREQ(facts_of(Protocol::kKeySigns).null_hypothesis_of_companions,
               facts_of(Protocol::kScores).null_hypothesis);
  EXPECT_STRNE(facts_of(Protocol::kKeySigns).null_hypothesis,
               facts_of(Protocol::kScores).null_hypothesis);
}

TEST(Protocol, DecidesByThatTestAlone) {
  // Complete separation of the scores, p = 1/35, while one of two signs disagrees.
  const ScoreSamples samples = {{1, 2, 3}, {4, 5, 6, 7}, {0.5, -0.5}};
  EXPECT_NEAR(deciding_test(Protocol::kScores, samples).p_value, 1.0 / 35.0, 1e-15);
  // Sums of random signs: 1, 0, 0, -1; three of four are at least 0.
  EXPECT_EQ(deciding_test(Protocol::kKeySigns, samples).p_value, 0.75);
}

TEST(SmallestPossibleP, IsThatOfCompleteSeparationForScores) {
  EXPECT_NEAR(smallest_possible_p(Protocol::kScores, {3, 4, 9}), 1.0 / 35.0, 1e-15);
  EXPECT_EQ(bound_in_words(Protocol::kScores, {3, 4, 9}), "3 suspect and 4 benign images");
}

TEST(SmallestPossibleP, IsThatOfAllSignsForKeysWithSigns) {
  EXPECT_EQ(smallest_possible_p(Protocol::kKeySigns, {3, 4, 9}), 1.0 / 512.0);
  EXPECT_EQ(bound_in_words(Protocol::kKeySigns, {3, 4, 9}), "the 9 signs of this key");
}

ScoreComparison outcome(bool rejected, double smallest) {
  ScoreComparison comparison;
  comparison.rejected = rejected;
  comparison.smallest_possible_p = smallest;
  return comparison;
}

TEST(Decide, IsEvidenceWhereTheTestRejects) {
  EXPECT_EQ(decide(outcome(true, 1e-30), 1e-6), Decision::kEvidence);
}

TEST(Decide, IsNoEvidenceOnlyWhereTheTestCouldHaveRejected) {
  EXPECT_EQ(decide(outcome(false, 0.2499), 0.25), Decision::kNoEvidence);
  // The test rejects below alpha, so a smallest p equal to alpha cannot reject.
  EXPECT_EQ(decide(outcome(false, 0.25), 0.25), Decision::kInconclusive);
  EXPECT_EQ(decide(outcome(false, 0.5), 0.25), Decision::kInconclusive);
}

TEST(Decision, HasANameForMachines) {
  EXPECT_STREQ(to_string(Decision::kEvidence), "evidence");
  EXPECT_STREQ(to_string(Decision::kNoEvidence), "no-evidence");
  EXPECT_STREQ(to_string(Decision::kInconclusive), "inconclusive");
}

TEST(RepeatedAudits, RejectByTheScoresOfAKeyWithoutSigns) {
  // Every draw of 10 of 20 lies below all 20 benign scores: p = 1/C(30,10) = 1/30045015.
  const std::vector<double> benign = ramp(20, 100.0);
  const RepeatedAuditOptions options = {50, 10, {1e-7, 1e-8}, 3};
  const std::vector<double> expected = {1.0, 0.0};
  EXPECT_EQ(rejected_in_repeats({ramp(20, 0.0), {}}, benign, options), expected);
}

TEST(RepeatedAudits, RejectByTheSignsOfAKeyWithAny) {
  // The scores say nothing, and every image follows all 20 signs: p = 2^-20, about 9.5e-7.
  const std::vector<std::vector<double>> terms(20, std::vector<double>(20, 0.5));
  const RepeatedAuditOptions options = {50, 10, {1e-6, 9e-7}, 3};
  const std::vector<double> expected = {1.0, 0.0};
  EXPECT_EQ(rejected_in_repeats({ramp(20, 0.0), terms}, ramp(20, 0.0), options), expected);
}

TEST(RepeatedAudits, RefuseToDrawMoreImagesThanThereAre) {
  const RepeatedAuditOptions options = {50, 30, {1e-6}, 3};
  EXPECT_EQ(core::caught([&] {
              rejected_in_repeats({ramp(20, 0.0), {}}, ramp(20, 0.0), options);
            }).kind(),
            core::ErrorKind::kInput);
}

}  // namespace
}  // namespace patina::stats
