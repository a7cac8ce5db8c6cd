// SPDX-License-Identifier: Apache-2.0
// What an audit finds and writes. Its refusals are in audit_inputs_test.cpp.
#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>

#include "images/pixels/image_file.h"
#include "report/bundle/bundle.h"
#include "report/evidence/bundle_layout.h"
#include "tests/analyzer/audit_fixture.h"
#include "tests/core/caught.h"

namespace patina::analyzer {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST_F(AuditTest, FindsEvidenceWhenSuspectScoresAreSmaller) {
  const report::Evidence evidence = audit();
  EXPECT_EQ(evidence.verdict.decision, stats::Decision::kEvidence);
  EXPECT_EQ(evidence.suspect.samples.size(), 12U);
  EXPECT_EQ(evidence.benign.samples.size(), 12U);
  // Completely separated samples: one of C(24,12) orders is as extreme.
  const double log10_orders = (std::lgamma(25) - 2 * std::lgamma(13)) / std::log(10.0);
  EXPECT_NEAR(evidence.comparison.tests.front().log10_p_value, -log10_orders, 1e-9);
}

TEST_F(AuditTest, FindsNoEvidenceWhenBothComeFromOneSource) {
  fill("suspect", 12, {1000, 120});
  fill("benign", 12, {2000, 120});
  EXPECT_EQ(audit().verdict.decision, stats::Decision::kNoEvidence);
}

TEST_F(AuditTest, IsInconclusiveWhenFiveImagesCannotReachAlpha) {
  fill("suspect", 5, {1000, 60});
  fill("benign", 5, {2000, 180});
  const report::Evidence evidence = audit();
  EXPECT_EQ(evidence.verdict.decision, stats::Decision::kInconclusive);
  // 1 / C(10,5) = 1/252.
  EXPECT_THAT(evidence.notes,
              Contains("With 5 suspect and 5 benign images no p-value below 0.0040 is possible and "
                       "alpha is 10⁻⁶; add images."));
}

TEST_F(AuditTest, IsDecidedByTheSignsOfAKeyThatHasAny) {
  extractor_.signs = std::vector<double>(40, 0.5);
  const report::Evidence evidence = audit();
  EXPECT_EQ(evidence.verdict.decision, stats::Decision::kEvidence);
  EXPECT_EQ(evidence.key_terms, std::vector<double>(40, 0.5));
  EXPECT_DOUBLE_EQ(evidence.comparison.tests.front().p_value, std::ldexp(1.0, -40));
  EXPECT_EQ(verification(), "");
}

TEST_F(AuditTest, AsksForTheTermsOfAKeyWithoutSignsOnce) {
  audit();
  EXPECT_EQ(extractor_.times_asked_for_terms, 1);
}

TEST_F(AuditTest, DoesNotTakeAnotherOwnersCoatingForThisOne) {
  // Scores far from the benign ones, as of a coated model, but half of the signs disagree.
  for (int k = 0; k < 40; ++k) extractor_.signs.push_back(k % 2 == 0 ? 0.5 : -0.5);
  const report::Evidence evidence = audit();
  EXPECT_TRUE(stats::test_called(evidence.comparison, stats::kScoresTest).rejected);
  EXPECT_EQ(evidence.verdict.decision, stats::Decision::kNoEvidence);
  EXPECT_THAT(evidence.verdict.headline, HasSubstr("do not follow this key"));
  EXPECT_EQ(verification(), "");
}

TEST_F(AuditTest, SaysWhenAKeyHasTooFewSigns) {
  extractor_.signs = std::vector<double>(10, 0.5);
  EXPECT_THAT(audit().notes,
              Contains("With the 10 signs of this key no p-value below 9.8 × 10⁻⁴ is possible and "
                       "alpha is 10⁻⁶; ask for a larger alpha."));
}

TEST_F(AuditTest, WritesABundleThatVerifies) {
  audit();
  EXPECT_TRUE(report::is_finished_bundle(bundle_));
  EXPECT_TRUE(fs::exists(bundle_ / report::kReportFile));
  EXPECT_EQ(verification(), "");
}

TEST_F(AuditTest, LeavesNoJournalInTheBundle) {
  audit();
  EXPECT_FALSE(fs::exists(bundle_ / ".progress.json"));
}

TEST_F(AuditTest, GivesTheSameEvidenceTwice) {
  audit();
  const std::string first = evidence_text();
  bundle_ = folder_ / "second";
  audit();
  EXPECT_EQ(evidence_text(), first);
}

TEST_F(AuditTest, RecordsWhereTheImagesCameFromAndWhatTheyAre) {
  const report::Evidence evidence = audit();
  EXPECT_EQ(evidence.suspect.kind, "directory");
  EXPECT_EQ(evidence.suspect.location, suspect_.string());
  const report::ScoredSample& sample = evidence.suspect.samples.front();
  EXPECT_EQ(sample.source, "00.png");
  EXPECT_EQ(sample.file, "data/samples/" + sample.sha256 + ".png");
  EXPECT_EQ(sample.width_px, 12);
  EXPECT_EQ(evidence.key.extractor.weights_sha256, std::string(64, 'a'));
}

TEST_F(AuditTest, NamesSamplesAfterTheirRealFormat) {
  put_image(suspect_ / "00.png", {1, 60, 12, images::ImageFormat::kJPEG});
  EXPECT_THAT(audit().suspect.samples.front().file, HasSubstr(".jpg"));
}

TEST_F(AuditTest, SkipsWhatIsNoImageAndSaysWhy) {
  const std::vector<std::uint8_t> jpeg = image_bytes({1, 60, 64, images::ImageFormat::kJPEG});
  put_text(suspect_ / "x.jpg", std::string(jpeg.begin(), jpeg.begin() + 200));
  put_text(suspect_ / "y.png", "just a text");
  const report::Evidence evidence = audit();
  ASSERT_EQ(evidence.suspect.skipped.size(), 2U);
  EXPECT_EQ(evidence.suspect.skipped[0].source, "x.jpg");
  EXPECT_EQ(evidence.suspect.skipped[1].reason, "not a JPEG, PNG, WebP, TIFF or BMP image");
  EXPECT_EQ(evidence.suspect.samples.size(), 12U);
  EXPECT_THAT(evidence.notes, Contains(HasSubstr("2 of 14 suspect files were not tested")));
  EXPECT_EQ(verification(), "");
}

TEST_F(AuditTest, TestsRepeatedImagesOnce) {
  fs::copy(suspect_ / "00.png", suspect_ / "copy.png");
  const report::Evidence evidence = audit();
  EXPECT_EQ(evidence.suspect.samples.size(), 12U);
  ASSERT_EQ(evidence.suspect.skipped.size(), 1U);
  EXPECT_EQ(evidence.suspect.skipped[0].source, "copy.png");
  EXPECT_EQ(evidence.suspect.skipped[0].reason,
            "the same bytes as another file of this set, tested once");
  EXPECT_EQ(extractor_.images_scored, 24);
}

TEST_F(AuditTest, KeepsAFewSharedImagesInBothSetsAndSaysSo) {
  fs::copy(suspect_ / "00.png", benign_ / "shared.png");
  const report::Evidence evidence = audit();
  EXPECT_EQ(evidence.benign.samples.size(), 13U);
  EXPECT_EQ(evidence.benign.samples.back().score, evidence.suspect.samples.front().score);
  EXPECT_THAT(evidence.notes,
              Contains("Suspect and benign share 1 of 12 images; these stay in both samples, "
                       "which can only weaken the evidence."));
  EXPECT_EQ(verification(), "");
}

TEST_F(AuditTest, WarnsWhenTheSetsDifferInSize) {
  fill("benign", 12, {2000, 180, 24});
  EXPECT_THAT(audit().notes,
              Contains(HasSubstr("Comparability: suspect images have a median of "
                                 "0.000144 megapixels, benign images of 0.000576")));
}

TEST_F(AuditTest, WarnsWhenTheSetsDifferInFormat) {
  fill("benign", 12, {2000, 180, 12, images::ImageFormat::kJPEG});
  EXPECT_THAT(audit().notes,
              Contains(HasSubstr("suspect images are .png 100 %, benign images .jpg 100 %")));
}

TEST_F(AuditTest, DoesNotWarnWhenTheSetsAreAlike) {
  EXPECT_THAT(audit().notes, Not(Contains(HasSubstr("Comparability"))));
}

TEST_F(AuditTest, SaysWhenNoCommitmentWasGiven) {
  EXPECT_THAT(audit().notes, Contains(HasSubstr("No commitment was given")));
  key_.commitment = keys::CommitmentRecord{"2023-01-01T00:00:00Z", std::string(64, 'c'), 3, true};
  bundle_ = folder_ / "second";
  EXPECT_THAT(audit().notes, IsEmpty());
}

TEST_F(AuditTest, ReportsProgressOfBothSets) {
  std::vector<std::string> stages;
  observer_.progress = [&stages](const core::Progress& progress) {
    if (progress.done == progress.total) stages.push_back(progress.stage);
    return true;
  };
  audit();
  EXPECT_EQ(stages, (std::vector<std::string>{"scoring suspect images", "scoring benign images"}));
}

TEST(AuditOptions, DefaultsAreValid) { EXPECT_NO_THROW(validate(AuditOptions{})); }

TEST(AuditOptions, RefusesAnAlphaThatIsNoProbability) {
  AuditOptions options;
  options.alpha = 2.0;
  EXPECT_EQ(core::caught_text([&] { validate(options); }),
            "alpha: is 2, a number above 0 and below 1 is required; change it.");
}

}  // namespace
}  // namespace patina::analyzer
