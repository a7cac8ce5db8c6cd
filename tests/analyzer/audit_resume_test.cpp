// SPDX-License-Identifier: Apache-2.0
// An audit that was stopped goes on, and ends as if it had not been.
#include <gmock/gmock.h>

#include "core/error.h"
#include "core/files.h"
#include "report/bundle/bundle.h"
#include "tests/analyzer/audit_fixture.h"
#include "tests/core/caught.h"

namespace patina::analyzer {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class AuditResume : public AuditTest {
 protected:
  // Stops in the middle of the benign images: 3 of 4 batches are scored.
  void interrupt() {
    observer_ = cancel_after(20);
    EXPECT_EQ(core::caught_text([this] { audit(); }),
              bundle_.string() +
                  ": interrupted, 20 scores are kept there; run the same command again to go on.");
    observer_ = {};
    extractor_.images_scored = 0;
  }
};

TEST_F(AuditResume, GivesTheEvidenceOfAnUninterruptedRun) {
  interrupt();
  EXPECT_FALSE(report::is_finished_bundle(bundle_));
  audit();
  const std::string resumed = evidence_text();
  EXPECT_EQ(extractor_.images_scored, 24 - 20);
  EXPECT_EQ(verification(), "");
  bundle_ = folder_ / "uninterrupted";
  audit();
  EXPECT_EQ(resumed, evidence_text());
}

TEST_F(AuditResume, GivesTheTermsOfTheKeyOfAnUninterruptedRun) {
  for (int k = 0; k < 30; ++k) extractor_.signs.push_back(0.1 * (k % 7));
  extractor_.terms_by_score = true;
  interrupt();
  audit();
  const std::string resumed = evidence_text();
  EXPECT_EQ(extractor_.images_scored, 24 - 20);
  EXPECT_EQ(verification(), "");
  bundle_ = folder_ / "uninterrupted";
  audit();
  EXPECT_EQ(resumed, evidence_text());
}

TEST_F(AuditResume, RemovesWhatKilledWritesLeft) {
  interrupt();
  const fs::path left = bundle_ / "..progress.json.patina-tmp-999999999-1";
  put_text(left, "{");
  audit();
  EXPECT_FALSE(fs::exists(left));
  EXPECT_EQ(verification(), "");
}

TEST_F(AuditResume, GoesOnAfterARunThatWasKilledInItsFirstWrite) {
  put_text(bundle_ / "..progress.json.patina-tmp-999999999-1", "{");
  audit();
  EXPECT_EQ(verification(), "");
}

TEST_F(AuditResume, RemovesNothingFromAFolderThatIsNotItsOwn) {
  const fs::path others = bundle_ / "deeper/.thesis.tex.patina-tmp-999999999-1";
  put_text(others, "years of work");
  EXPECT_THAT(core::caught_text([this] { audit(); }), HasSubstr("\"deeper\" among them"));
  EXPECT_TRUE(fs::exists(others));
}

TEST_F(AuditResume, WritesNothingBeforeTheSourcesAreFoundUsable) {
  interrupt();
  const fs::path left = bundle_ / "..progress.json.patina-tmp-999999999-1";
  put_text(left, "{");
  benign_ = suspect_;
  EXPECT_THAT(core::caught_text([this] { audit(); }), HasSubstr("are the same folder"));
  EXPECT_TRUE(fs::exists(left));
}

TEST_F(AuditResume, KeepsTheCompositionOfBatches) {
  audit();
  const std::vector<std::size_t> whole = extractor_.batch_sizes;
  bundle_ = folder_ / "second";
  extractor_.batch_sizes.clear();
  extractor_.images_scored = 0;
  interrupt();
  audit();
  EXPECT_EQ(extractor_.batch_sizes, whole);
}

TEST_F(AuditResume, IsACancellationNotAFailure) {
  observer_ = cancel_after(20);
  const core::Error error = core::caught([this] { audit(); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kCancelled);
}

TEST_F(AuditResume, MendsASampleThatIsNotWhatItsNameSays) {
  interrupt();
  const fs::path sample = fs::directory_iterator(bundle_ / "data/samples")->path();
  const auto size = fs::file_size(sample);
  put_text(sample, std::string(size, 'x'));
  audit();
  EXPECT_EQ(verification(), "");
}

TEST_F(AuditResume, LeavesOutImagesThatAreNoLongerThere) {
  interrupt();
  fs::remove(suspect_ / "00.png");
  EXPECT_EQ(audit().suspect.samples.size(), 11U);
  EXPECT_EQ(verification(), "");
}

TEST_F(AuditResume, GoesOnAfterARunThatDiedWhileFinishing) {
  audit();
  const std::string before = evidence_text();
  fs::remove(bundle_ / "tagmanifest-sha256.txt");
  fs::remove(bundle_ / "report.pdf");
  extractor_.images_scored = 0;
  audit();
  EXPECT_EQ(extractor_.images_scored, 0);
  EXPECT_EQ(evidence_text(), before);
  EXPECT_EQ(verification(), "");
}

TEST_F(AuditResume, ReadsTheTermsOfTheKeyAgainAfterARunThatDiedWhileFinishing) {
  extractor_.signs = std::vector<double>(30, 0.5);
  extractor_.terms_by_score = true;
  audit();
  const std::string before = evidence_text();
  fs::remove(bundle_ / "tagmanifest-sha256.txt");
  extractor_.images_scored = 0;
  audit();
  EXPECT_EQ(extractor_.images_scored, 0);
  EXPECT_EQ(evidence_text(), before);
}

TEST_F(AuditResume, GoesOnAfterAnError) {
  put_text(benign_ / "zz.png", "just a text");
  options_.strict = true;
  EXPECT_THAT(core::caught_text([this] { audit(); }), HasSubstr("zz.png"));
  fs::remove(benign_ / "zz.png");
  extractor_.images_scored = 0;
  audit();
  EXPECT_LE(extractor_.images_scored, 6);  // The batch that held the text file, no more.
  EXPECT_EQ(verification(), "");
}

TEST_F(AuditResume, RefusesScoresOfAnotherKey) {
  interrupt();
  key_.record.key_sha256 = std::string(64, 'd');
  EXPECT_EQ(
      core::caught_text([this] { audit(); }),
      at("bundle") +
          ": holds another run (other key); repeat the command that began it, or name another "
          "folder.");
}

TEST_F(AuditResume, NamesThePrecisionOfAnotherScorer) {
  interrupt();
  extractor_.info_.precision = "bfloat16";
  EXPECT_THAT(core::caught_text([this] { audit(); }),
              HasSubstr("holds another run (precision was float32, now bfloat16)"));
}

TEST_F(AuditResume, RefusesAnUnfinishedFolderWithForeignFiles) {
  interrupt();
  put_text(bundle_ / "notes.txt", "mine");
  EXPECT_THAT(core::caught_text([this] { audit(); }), HasSubstr("\"notes.txt\" among them"));
}

struct JournalCase {
  const char* name;
  const char* text;
};
void PrintTo(const JournalCase& value, std::ostream* out) { *out << value.name; }

class DamagedJournal : public AuditTest, public testing::WithParamInterface<JournalCase> {};

TEST_P(DamagedJournal, IsRefused) {
  put_text(bundle_ / ".progress.json", GetParam().text);
  EXPECT_THAT(core::caught_text([this] { audit(); }), HasSubstr(".progress.json: "));
}

#define PATINA_JOURNAL(scores) \
  R"({"format": "patina-audit-progress", "version": 2, "scorer": {}, "scores": )" scores "}"

INSTANTIATE_TEST_SUITE_P(
    Cases,
    DamagedJournal,
    testing::Values(JournalCase{"no_json", "scores"},
                    JournalCase{"array", "[]"},
                    JournalCase{"other_format", R"({"format": "x"})"},
                    JournalCase{"newer", R"({"format": "patina-audit-progress", "version": 3})"},
                    JournalCase{"scores_of_numbers", PATINA_JOURNAL(R"({"a": 1})")},
                    JournalCase{"short_digest",
                                PATINA_JOURNAL(R"({"a": {"score": 1, "width_px": 1, "height_px": 1,
                                                         "format": "png"}})")}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace patina::analyzer
