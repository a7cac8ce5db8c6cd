// SPDX-License-Identifier: Apache-2.0
#include "report/verify/verify.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "report/bundle/bag.h"
#include "report/bundle/bundle.h"
#include "report/evidence/bundle_layout.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"
#include "tests/report/example_bundle.h"

namespace patina::report {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* kPrimary = "Kolmogorov-Smirnov, one-sided";

std::vector<std::string> names_of(const VerifyResult& result) {
  std::vector<std::string> names;
  for (const Difference& difference : result.differences) names.push_back(difference.what);
  return names;
}

/// A finished bundle to tamper with.
class VerifyBundle : public testing::Test {
 protected:
  VerifyBundle() : evidence_(test::write_payload(scratch_.path())) {
    finish_bundle(scratch_.path(), evidence_);
  }

  VerifyResult verify() { return verify_bundle(scratch_.path(), test::handing_out(extractor_)); }

  /// Names of what differs.
  std::vector<std::string> differing() { return names_of(verify()); }

  std::filesystem::path file(const std::string& name) const { return scratch_ / name; }
  std::string first_sample() const { return evidence_.suspect.samples[0].file; }

  core::ScratchFolder scratch_;
  Evidence evidence_;
  test::BrightnessExtractor extractor_;
};

TEST_F(VerifyBundle, FindsNothingInAnUntouchedBundle) {
  const VerifyResult result = verify();
  EXPECT_THAT(result.differences, IsEmpty());
  EXPECT_EQ(result.files_checked, 27 + 1 + 6);
  EXPECT_EQ(result.scores_recomputed, 27);
  EXPECT_EQ(result.tests_recomputed, 4);
  EXPECT_LT(result.largest_score_difference, 1e-12);
  EXPECT_EQ(evidence_.verdict.decision, stats::Decision::kEvidence);
}

TEST_F(VerifyBundle, LeavesTheScoresAloneWithoutAnExtractor) {
  const VerifyResult result = verify_bundle(scratch_.path(), {});
  EXPECT_THAT(result.differences, IsEmpty());
  EXPECT_EQ(result.scores_recomputed, 0);
  EXPECT_TRUE(result.extractor_intact);
}

/// Fails the test if the extractor is asked for.
const MakeExtractor kNeverAsked = [](const std::filesystem::path& file,
                                     const std::string&) -> std::unique_ptr<keys::Extractor> {
  ADD_FAILURE() << file << " was run";
  return nullptr;
};

TEST_F(VerifyBundle, MakesTheExtractorOfItsOwnFileInThePrecisionOfTheAudit) {
  std::vector<std::string> asked;
  const MakeExtractor make = [&](const std::filesystem::path& file, const std::string& precision) {
    asked.push_back(file.string() + " " + precision);
    return std::make_unique<test::BrightnessExtractor>(extractor_);
  };
  EXPECT_EQ(verify_bundle(scratch_.path(), make).scores_recomputed, 27);
  EXPECT_THAT(asked, ElementsAre(file(kExtractorFile).string() + " float32"));
}

TEST_F(VerifyBundle, NeverRunsAnExtractorThatIsNotItsOwn) {
  core::write_file_atomic(file(kExtractorFile), std::string("weightz"));
  VerifyResult result = verify_bundle(scratch_.path(), kNeverAsked);
  EXPECT_FALSE(result.extractor_intact);
  EXPECT_THAT(names_of(result), ElementsAre(kExtractorFile));
  std::filesystem::remove(file(kExtractorFile));
  result = verify_bundle(scratch_.path(), kNeverAsked);
  EXPECT_FALSE(result.extractor_intact);
  EXPECT_THAT(names_of(result), Contains(kExtractorFile));
}

TEST_F(VerifyBundle, NeverRunsAnExtractorThatNoManifestNames) {
  std::string manifest = core::read_text_file(file(kManifestFile));
  const std::size_t at = manifest.find(kExtractorFile);
  const std::size_t begin = manifest.rfind('\n', at) + 1;
  manifest.erase(begin, manifest.find('\n', at) + 1 - begin);
  core::write_file_atomic(file(kManifestFile), manifest);
  EXPECT_FALSE(verify_bundle(scratch_.path(), kNeverAsked).extractor_intact);
}

TEST_F(VerifyBundle, NeverRunsAnExtractorThatTheManifestNamesTwice) {
  core::write_file_atomic(file(kManifestFile),
                          core::read_text_file(file(kManifestFile)) + std::string(64, 'a') + "  " +
                              kExtractorFile + "\n");
  EXPECT_FALSE(verify_bundle(scratch_.path(), kNeverAsked).extractor_intact);
}

TEST_F(VerifyBundle, NeverRunsAnExtractorThatIsALink) {
  std::filesystem::rename(file(kExtractorFile), scratch_ / "elsewhere");
  std::filesystem::create_symlink(scratch_ / "elsewhere", file(kExtractorFile));
  EXPECT_FALSE(verify_bundle(scratch_.path(), kNeverAsked).extractor_intact);
}

TEST_F(VerifyBundle, RunsItsExtractorWhereAFileWithALikeNameDiffers) {
  core::write_file_atomic(file("data/extractor.safetensors.txt"), std::string("x"));
  const VerifyResult result = verify();
  EXPECT_TRUE(result.extractor_intact);
  EXPECT_EQ(result.scores_recomputed, 27);
  EXPECT_THAT(names_of(result), Contains("data/extractor.safetensors.txt"));
}

TEST_F(VerifyBundle, ReportsProgressAndCanBeCancelled) {
  std::vector<std::string> stages;
  core::Observer observer;
  observer.progress = [&stages](const core::Progress& progress) {
    if (stages.empty() || stages.back() != progress.stage) stages.push_back(progress.stage);
    return stages.size() < 2;
  };
  EXPECT_EQ(core::caught([&] {
              verify_bundle(scratch_.path(), test::handing_out(extractor_), {}, observer);
            }).kind(),
            core::ErrorKind::kCancelled);
  EXPECT_THAT(stages, ElementsAre("digests", "scores"));
}

TEST_F(VerifyBundle, FindsAFlippedByteInASample) {
  test::flip_byte(file(first_sample()));
  const VerifyResult result = verify();
  ASSERT_FALSE(result.differences.empty());
  EXPECT_EQ(result.differences[0].what, first_sample());
  EXPECT_EQ(result.differences[0].claimed, evidence_.suspect.samples[0].sha256);
}

TEST_F(VerifyBundle, FindsAFlippedByteInASampleEvenIfTheManifestFollows) {
  test::flip_byte(file(first_sample()));
  test::reseal(scratch_.path());
  EXPECT_THAT(differing(), Contains(first_sample()));
}

TEST_F(VerifyBundle, FindsATamperedReport) {
  test::flip_byte(file(kReportFile));
  EXPECT_THAT(differing(), ElementsAre(kReportFile));
}

TEST_F(VerifyBundle, FindsATamperedExtractor) {
  core::write_file_atomic(file(kExtractorFile), std::string("weightz"));
  EXPECT_THAT(differing(), ElementsAre(kExtractorFile));
}

TEST_F(VerifyBundle, FindsAnotherExtractor) {
  keys::ExtractorInfo other = extractor_.info();
  other.weights_sha256 = std::string(64, 'f');
  other.radius = 3.9;
  extractor_.set_info(other);
  EXPECT_THAT(differing(), ElementsAre("extractor weights", "extractor radius"));
}

TEST_F(VerifyBundle, FindsWordsThatTheMethodDoesNotSay) {
  keys::ExtractorInfo other = extractor_.info();
  other.method.reader = 2;
  other.method.score = "The score proves it.";
  other.method.inside = "The image is stolen.";
  other.method.radius_score = 3.5;
  extractor_.set_info(other);
  EXPECT_THAT(differing(),
              ElementsAre("reader of the method",
                          "what a score is",
                          "what inside means",
                          "radius of the extractor in score units"));
}

TEST_F(VerifyBundle, FindsAMissingSample) {
  std::filesystem::remove(file(first_sample()));
  const VerifyResult result = verify();
  ASSERT_FALSE(result.differences.empty());
  EXPECT_EQ(result.differences[0].what, first_sample());
  EXPECT_EQ(result.differences[0].found, "missing");
}

TEST_F(VerifyBundle, FindsAMissingSampleEvenIfTheManifestFollows) {
  std::filesystem::remove(file(first_sample()));
  test::reseal(scratch_.path());
  EXPECT_THAT(differing(), Contains(first_sample()));
}

TEST_F(VerifyBundle, FindsMissingTagFiles) {
  for (const char* name : {kScoresFile, kReportFile, kBagInfoFile, kManifestFile}) {
    std::filesystem::remove(file(name));
    EXPECT_THAT(differing(), Contains(name));
  }
}

TEST_F(VerifyBundle, FindsAddedFiles) {
  core::write_file_atomic(file("data/samples/" + std::string(64, '0') + ".png"), std::string("x"));
  core::write_file_atomic(file("remark.txt"), std::string("x"));
  EXPECT_THAT(differing(),
              testing::AllOf(Contains("data/samples/" + std::string(64, '0') + ".png"),
                             Contains("remark.txt"),
                             Contains("Payload-Oxum of bag-info.txt")));
}

TEST_F(VerifyBundle, FindsAnAddedSampleEvenIfTheManifestFollows) {
  const std::string added = "data/samples/" + std::string(64, '0') + ".png";
  core::write_file_atomic(file(added), std::string("x"));
  test::reseal(scratch_.path());
  EXPECT_THAT(differing(), Contains(added));
}

TEST_F(VerifyBundle, NeverFollowsASymbolicLink) {
  const std::filesystem::path sample = file(first_sample());
  std::filesystem::rename(sample, scratch_ / "elsewhere.png");
  std::filesystem::create_symlink(scratch_ / "elsewhere.png", sample);
  const VerifyResult result = verify();
  ASSERT_FALSE(result.differences.empty());
  EXPECT_EQ(result.differences[0].what, first_sample());
  EXPECT_EQ(result.differences[0].found, "a symbolic link or special file");
  EXPECT_EQ(result.scores_recomputed, 26);
}

TEST_F(VerifyBundle, RefusesManifestPathsOutOfTheBundle) {
  for (const char* path : {"../outside.txt", "/etc/passwd", "data/../../x"}) {
    const std::string original = core::read_text_file(file(kManifestFile));
    core::write_file_atomic(file(kManifestFile),
                            original + std::string(64, 'a') + "  " + path + "\n");
    const VerifyResult result = verify();
    const auto named = [](const Difference& one) {
      return one.claimed == "a path inside the bundle";
    };
    EXPECT_EQ(std::count_if(result.differences.begin(), result.differences.end(), named), 1)
        << path;
    core::write_file_atomic(file(kManifestFile), original);
  }
}

TEST_F(VerifyBundle, RefusesSamplePathsOutOfTheBundle) {
  test::edit_evidence(scratch_.path(), [](json& document) {
    document["suspect"]["samples"][0]["file"] = "../../etc/passwd";
  });
  const core::Error error = core::caught([&] { verify(); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kInput);
  EXPECT_THAT(error.what(), HasSubstr("/suspect/samples/0/file"));
}

TEST_F(VerifyBundle, RefusesAnUnfinishedBundle) {
  std::filesystem::remove(file(kTagManifestFile));
  EXPECT_THAT(
      core::caught_text([&] { verify(); }),
      HasSubstr("is not a finished bundle, it has no tagmanifest-sha256.txt; name the folder that "
                "patina audit wrote."));
}

TEST_F(VerifyBundle, RefusesEvidenceThatCannotBeRead) {
  core::write_file_atomic(file(kEvidenceFile), std::string("{"));
  EXPECT_EQ(core::caught([&] { verify(); }).kind(), core::ErrorKind::kInput);
  std::filesystem::remove(file(kEvidenceFile));
  EXPECT_THAT(core::caught_text([&] { verify(); }), HasSubstr("evidence.json: is missing"));
}

struct EditCase {
  const char* name;
  const char* pointer;
  const char* value;
  std::vector<std::string> named;  ///< Each must be among the differences.
};

class EditedEvidence : public VerifyBundle, public testing::WithParamInterface<EditCase> {};

TEST_P(EditedEvidence, IsFoundThoughTheManifestsFollow) {
  test::edit_evidence(scratch_.path(), [](json& document) {
    document.at(json::json_pointer(GetParam().pointer)) = json::parse(GetParam().value);
  });
  test::reseal(scratch_.path());
  const std::vector<std::string> found = differing();
  for (const std::string& name : GetParam().named) EXPECT_THAT(found, Contains(StartsWith(name)));
}

INSTANTIATE_TEST_SUITE_P(
    Table,
    EditedEvidence,
    testing::Values(
        EditCase{"Score",
                 "/suspect/samples/3/score",
                 "1.0",
                 {"scores.csv line 5", "score of data/samples/"}},
        EditCase{"PValue", "/tests/0/p_value", "1e-30", {std::string("p-value of ") + kPrimary}},
        EditCase{"Log10PValue",
                 "/tests/0/log10_p_value",
                 "-30",
                 {std::string("log10 p-value of ") + kPrimary}},
        EditCase{
            "Statistic", "/tests/1/statistic", "0", {"statistic of Kolmogorov-Smirnov, two-sided"}},
        EditCase{
            "Rejected", "/tests/0/rejected", "false", {std::string("decision of ") + kPrimary}},
        EditCase{"TestName",
                 "/tests/1/name",
                 "\"Magic\"",
                 {"name of test Kolmogorov-Smirnov, two-sided"}},
        EditCase{"Alternative",
                 "/tests/0/alternative",
                 "\"any\"",
                 {std::string("alternative of ") + kPrimary}},
        EditCase{"Superiority", "/effect/superiority", "0.5", {"superiority"}},
        EditCase{
            "Interval", "/effect/superiority_interval/low", "0.1", {"lower end of superiority"}},
        EditCase{
            "Share", "/effect/share_inside_suspect", "null", {"share of suspect images inside"}},
        EditCase{"SmallestP", "/smallest_possible_p", "1e-20", {"smallest possible p-value"}},
        EditCase{
            "Alpha", "/options/alpha", "1e-9", {std::string("decision of ") + kPrimary, "verdict"}},
        EditCase{
            "Radius", "/options/radius_score", "1000", {"radius of the key", "share of benign"}},
        EditCase{"Decision", "/verdict/decision", "\"no-evidence\"", {"verdict"}},
        EditCase{"Headline", "/verdict/headline", "\"They stole it.\"", {"verdict headline"}},
        EditCase{"Explanation", "/verdict/explanation", "\"Trust us.\"", {"verdict explanation"}},
        EditCase{"Protocol", "/protocol", "\"key-signs\"", {"protocol", "null hypothesis"}},
        EditCase{"NullHypothesis", "/null_hypothesis", "\"none\"", {"null hypothesis"}},
        EditCase{"Limits", "/limits", "[]", {"limit \"The test compares"}},
        EditCase{"Source", "/suspect/samples/0/source", "\"other.png\"", {"scores.csv line 2"}},
        EditCase{"Size",
                 "/suspect/samples/0/width_px",
                 "800",
                 {"size of data/samples/", "scores.csv line 2"}},
        EditCase{"WeightsDigest", "/key/extractor/weights_sha256", "\"\"", {"extractor weights"}}),
    [](const auto& test) { return test.param.name; });

TEST(VerifyBundleOfAKeyWithSigns, RecomputesTheirTermsFromTheImages) {
  const core::ScratchFolder scratch;
  test::BrightnessExtractor extractor;
  extractor.set_signs(30);
  Evidence evidence = test::write_payload(scratch.path(), {}, extractor);
  ASSERT_EQ(evidence.key_terms.size(), 30U);
  finish_bundle(scratch.path(), evidence);
  const VerifyResult result = verify_bundle(scratch.path(), test::handing_out(extractor));
  EXPECT_THAT(result.differences, IsEmpty());
  EXPECT_EQ(result.tests_recomputed, 5);

  // A forger who also makes the tests follow is found by reading the images again.
  evidence.key_terms[4] *= 2.0;
  test::recompute(evidence);
  finish_bundle(scratch.path(), evidence);
  EXPECT_THAT(verify_bundle(scratch.path(), {}).differences, IsEmpty());
  const std::vector<Difference> found =
      verify_bundle(scratch.path(), test::handing_out(extractor)).differences;
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].what, "term 5 of the key's signs");

  evidence.key_terms.pop_back();
  test::recompute(evidence);
  finish_bundle(scratch.path(), evidence);
  EXPECT_THAT(verify_bundle(scratch.path(), test::handing_out(extractor)).differences[0].what,
              StartsWith("number of the key's signs"));
}

TEST(VerifyBundleOfAKeyWithSigns, NeverFollowsASymbolicLink) {
  const core::ScratchFolder scratch;
  test::BrightnessExtractor extractor;
  extractor.set_signs(30);
  const Evidence evidence = test::write_payload(scratch.path(), {}, extractor);
  finish_bundle(scratch.path(), evidence);
  const std::filesystem::path sample = scratch / evidence.suspect.samples[0].file;
  std::filesystem::rename(sample, scratch / "elsewhere.png");
  std::filesystem::create_symlink(scratch / "elsewhere.png", sample);
  const VerifyResult result = verify_bundle(scratch.path(), test::handing_out(extractor));
  EXPECT_EQ(result.differences[0].found, "a symbolic link or special file");
  EXPECT_EQ(result.scores_recomputed, 26);
  EXPECT_THAT(names_of(result), testing::Not(Contains(HasSubstr("of the key's signs"))));
}

TEST_F(VerifyBundle, FindsSwappedRoles) {
  test::edit_evidence(scratch_.path(),
                      [](json& document) { std::swap(document["suspect"], document["benign"]); });
  test::reseal(scratch_.path());
  const std::vector<std::string> found = differing();
  EXPECT_THAT(found, Contains(std::string("p-value of ") + kPrimary));
  EXPECT_THAT(found, Contains("verdict"));
}

TEST_F(VerifyBundle, FindsALeftOutSample) {
  test::edit_evidence(scratch_.path(),
                      [](json& document) { document["benign"]["samples"].erase(0); });
  test::reseal(scratch_.path());
  EXPECT_THAT(differing(), Contains(evidence_.benign.samples[0].file));
}

TEST_F(VerifyBundle, FindsOnlyByScoringAgainWhatAForgerMadeConsistent) {
  for (ScoredSample& sample : evidence_.suspect.samples) sample.score *= 0.5;
  test::recompute(evidence_);
  finish_bundle(scratch_.path(), evidence_);
  EXPECT_THAT(verify_bundle(scratch_.path(), {}).differences, IsEmpty());
  const std::vector<std::string> found = differing();
  EXPECT_EQ(found.size(), evidence_.suspect.samples.size());
  EXPECT_THAT(found, testing::Each(StartsWith("score of data/samples/")));
}

TEST_F(VerifyBundle, ToleratesDifferencesOfOtherMachines) {
  for (ScoredSample& sample : evidence_.benign.samples) sample.score *= 1.0 + 5e-4;
  test::recompute(evidence_);
  finish_bundle(scratch_.path(), evidence_);
  const VerifyResult result = verify();
  EXPECT_THAT(result.differences, IsEmpty());
  EXPECT_NEAR(result.largest_score_difference, 5e-4, 1e-5);
  VerifyOptions strict;
  strict.score_tolerance = 1e-6;
  EXPECT_EQ(
      verify_bundle(scratch_.path(), test::handing_out(extractor_), strict).differences.size(),
      evidence_.benign.samples.size());
}

TEST_F(VerifyBundle, ReportsImagesBeyondTheLimits) {
  VerifyOptions options;
  options.limits.max_pixels = 10;
  const VerifyResult result = verify_bundle(
      scratch_.path(), test::handing_out(extractor_), options);
  EXPECT_EQ(result.scores_recomputed, 0);
  ASSERT_EQ(result.differences.size(), 27U);
  EXPECT_THAT(result.differences[0].what, StartsWith("image of data/samples/"));
}

}  // namespace
}  // namespace patina::report
