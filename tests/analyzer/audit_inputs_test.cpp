// SPDX-License-Identifier: Apache-2.0
// What an audit refuses, and in which words.
#include <limits>

#include <gmock/gmock.h>

#include "report/bundle/bundle.h"
#include "tests/analyzer/audit_fixture.h"
#include "tests/core/caught.h"

namespace patina::analyzer {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

TEST_F(AuditTest, RefusesFewerThanFiveReadableImages) {
  fill("suspect", 3, {1000, 60});
  EXPECT_EQ(core::caught_text([this] { audit(); }),
            at("suspect") + ": 3 readable images, an audit needs at least 5; add images.");
}

TEST_F(AuditTest, RefusesAFolderWithoutAReadableImage) {
  fill("benign", 0, {});
  for (const char* name : {"a.png", "b.png"}) put_text(benign_ / name, "just a text");
  EXPECT_EQ(core::caught_text([this] { audit(); }),
            at("benign") +
                ": 0 readable images (2 more were skipped), an audit needs at least 5; "
                "add images.");
}

TEST_F(AuditTest, CountsRepeatedImagesOnce) {
  fill("suspect", 1, {1000, 60});
  for (const char* name : {"a.png", "b.png", "c.png", "d.png", "e.png"}) {
    fs::copy(suspect_ / "00.png", suspect_ / name);
  }
  EXPECT_THAT(core::caught_text([this] { audit(); }),
              HasSubstr(": 1 readable image (5 more were skipped)"));
}

TEST_F(AuditTest, StopsAtAnUnreadableImageWhenStrict) {
  put_text(suspect_ / "y.png", "just a text");
  options_.strict = true;
  EXPECT_EQ(core::caught_text([this] { audit(); }),
            "y.png: not a JPEG, PNG, WebP, TIFF or BMP image; mend or remove the file, or run "
            "without --strict.");
}

TEST_F(AuditTest, RefusesOneFolderForBothBeforeAnyWork) {
  benign_ = folder_ / "suspect/../suspect";
  EXPECT_EQ(core::caught_text([this] { audit(); }),
            benign_.string() +
                ": suspect and benign are the same folder; name a separate folder of images by "
                "models known not to have used the coated set.");
  EXPECT_EQ(extractor_.images_scored, 0);
  EXPECT_FALSE(fs::exists(bundle_));
}

TEST_F(AuditTest, SeesThroughALinkToTheSameFolder) {
  benign_ = folder_ / "link";
  fs::create_directory_symlink(suspect_, benign_);
  EXPECT_THAT(core::caught_text([this] { audit(); }),
              HasSubstr("suspect and benign are the same folder"));
}

TEST_F(AuditTest, RefusesAFolderInsideTheOther) {
  benign_ = suspect_ / "deeper";
  put_images(benign_, 6, {3000, 180});
  EXPECT_THAT(core::caught_text([this] { audit(); }),
              HasSubstr("one of suspect and benign lies inside the other"));
}

TEST_F(AuditTest, RefusesSetsThatShareMoreThanHalfTheirImages) {
  fill("benign", 10, {2000, 180});
  for (const char* name : {"00", "01", "02", "03", "04", "05"}) {
    fs::copy(suspect_ / (std::string(name) + ".png"),
             benign_ / (std::string(name) + ".png"),
             fs::copy_options::overwrite_existing);
  }
  EXPECT_EQ(
      core::caught_text([this] { audit(); }),
      at("benign") +
          ": benign and suspect share 6 of 10 images; name benign images that the suspect did "
          "not give.");
}

TEST_F(AuditTest, RefusesABundleInsideAnAuditedFolder) {
  bundle_ = suspect_ / "bundle";
  EXPECT_EQ(core::caught_text([this] { audit(); }),
            bundle_.string() + ": the evidence bundle would lie inside the audited folder " +
                at("suspect") + "; choose another place with --output.");
}

TEST_F(AuditTest, RefusesToWriteOverAFinishedBundle) {
  audit();
  const std::string before = evidence_text();
  EXPECT_EQ(core::caught_text([this] { audit(); }),
            at("bundle") +
                ": is a finished evidence bundle; delete the folder or choose another with "
                "--output.");
  EXPECT_EQ(evidence_text(), before);
}

TEST_F(AuditTest, RefusesAFolderOfForeignFiles) {
  put_text(bundle_ / "thesis.tex", "years of work");
  EXPECT_EQ(
      core::caught_text([this] { audit(); }),
      at("bundle") +
          ": holds files that are not of an unfinished audit, \"thesis.tex\" among them; name "
          "a new or empty folder.");
  EXPECT_TRUE(fs::exists(bundle_ / "thesis.tex"));
}

TEST_F(AuditTest, RefusesAFileInPlaceOfTheBundle) {
  put_text(bundle_, "a file");
  EXPECT_THAT(core::caught_text([this] { audit(); }),
              HasSubstr("bundle: is a file; name a folder"));
}

TEST_F(AuditTest, TakesAnEmptyFolder) {
  fs::create_directory(bundle_);
  audit();
  EXPECT_EQ(verification(), "");
}

TEST_F(AuditTest, RefusesAScoreThatIsNotFinite) {
  extractor_.fixed_score = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(core::caught_text([this] { audit(); }),
            "00.png: its score is not a finite number; check the key with another image, then try "
            "--precision float32.");
}

}  // namespace
}  // namespace patina::analyzer
