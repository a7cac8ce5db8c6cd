// SPDX-License-Identifier: Apache-2.0
// score, audit, verify and coat, text and JSON, with a DCT-DWT-SVD key whose scores can be computed
// by hand. In an image of one colour every block's approximation is the constant 2U, so that its
// largest singular value is 8U. Grey has U = 128 and 8U = 1024 = 28 * 36 + 16, the lower half of a
// step of 36: a bit of 0. Grey with 3 levels more blue has U = 128 + 0.492 * 3 * (1 - 0.114) and
// 8U = 1034.5 = 28 * 36 + 26.5, the upper half: a bit of 1.
#include <cmath>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/rng.h"
#include "images/image_io.h"
#include "keys/coat_key.h"
#include "keys/key_tensors.h"
#include "tests/cli/run.h"
#include "tests/core/scratch_folder.h"

namespace patina::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

images::Image plain_image(int side_px, int more_blue) {
  images::Image image = images::make_image(side_px, side_px);
  for (std::size_t i = 0; i < image.bytes.size(); ++i) {
    image.bytes[i] = static_cast<std::uint8_t>(i % 3 == 2 ? 100 + more_blue : 100);
  }
  return image;
}

void put_image(const fs::path& path, const images::Image& image) {
  images::ImageFile file;
  file.image = image;
  core::write_file_atomic(path, images::encode_image(file));
}

/// A key that expects one bit of 1 after nine of 0. Of the 64 blocks of an image of 64 pixels a
/// side, blocks 9, 19, ... 59 carry the 1: grey misses 6 of 64, bluish grey 58 of 64.
void put_key(const fs::path& path, const std::string& passphrase = {}) {
  keys::CoatKey key;
  key.created = "2026-01-01T00:00:00Z";
  key.tool_version = "0.1.0";
  key.method = "dct-dwt-svd";
  key.radius = 0.1;
  std::vector<double> bits(10, 0.0);
  bits.back() = 1.0;
  key.scoring.tensors["bits"] = keys::blob_from_values(bits, {10});
  key.scoring.tensors["step"] = keys::blob_from_values({36.0}, {1});
  keys::write_coat_key(path, key, passphrase);
}
constexpr double kGreyScore = 6.0 / 64.0;
constexpr double kBluishScore = 58.0 / 64.0;

class Watermark : public testing::Test {
 protected:
  Watermark() {
    put_key(folder_ / "my.key");
    core::make_folder(folder_ / "in");
    put_image(folder_ / "in/bluish.png", plain_image(64, 3));
    put_image(folder_ / "in/grey.png", plain_image(64, 0));
  }
  std::string at(const std::string& name) const { return (folder_ / name).string(); }

  core::ScratchFolder folder_;
  core::ScopedEnvironment none_{"PATINA_PASSPHRASE", nullptr};
};

using ScoreCommand = Watermark;

TEST_F(ScoreCommand, PrintsPathScoreAndWhetherInside) {
  const Ran ran = run({"score", at("in"), "--key", at("my.key"), "--quiet"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out,
            "path,score,inside\n" + at("in/bluish.png") + ",0.90625,0\n" + at("in/grey.png") +
                ",0.09375,1\n");
  EXPECT_EQ(ran.err, "");
}

// A share of blocks is its own score: nothing is made of the radius, and 0.09375 lies within it.
TEST_F(ScoreCommand, TellsTheRadiusInScoreUnits) {
  const Ran ran = run({"score", at("in"), "--key", at("my.key"), "--json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const json result = json::parse(ran.out).at("result");
  EXPECT_EQ(result.at("method"), "dct-dwt-svd");
  EXPECT_EQ(result.at("radius_score"), 0.1);
  EXPECT_THAT(result.at("inside_means").get<std::string>(), HasSubstr("one block in ten"));
  ASSERT_EQ(result.at("images").size(), 2U);
  EXPECT_EQ(result.at("images")[0].at("score"), kBluishScore);
  EXPECT_EQ(result.at("images")[0].at("inside"), false);
  EXPECT_EQ(result.at("images")[1].at("score"), kGreyScore);
  EXPECT_EQ(result.at("images")[1].at("inside"), true);
}

TEST_F(ScoreCommand, NamesWhatItWasGivenInJson) {
  const json document = json::parse(
      run({"score", at("in"), "--key", at("my.key"), "--threads", "1", "--json"}).out);
  EXPECT_EQ(document.at("command"), "score");
  EXPECT_EQ(document.at("options"),
            (json{{"key", at("my.key")},
                  {"strict", false},
                  {"precision", "auto"},
                  {"device", "cpu"},
                  {"threads", 1}}));
  EXPECT_EQ(document.at("inputs")[0].at("role"), "key");
  EXPECT_EQ(document.at("inputs")[1].at("path"), at("in"));
  EXPECT_EQ(document.at("result").at("images")[0].at("width_px"), 64);
}

TEST_F(ScoreCommand, QuotesAPathWithACommaAsCsvDoes) {
  put_image(folder_ / "a, b.png", plain_image(64, 0));
  const Ran ran = run({"score", at("a, b.png"), "--key", at("my.key"), "--quiet"});
  EXPECT_THAT(ran.out, HasSubstr("\n\"" + at("a, b.png") + "\",0.09375,1\n"));
}

TEST_F(ScoreCommand, SkipsAnUnreadableImageAndSaysSo) {
  core::write_file_atomic(folder_ / "in/broken.png", std::string("no image"));
  const Ran ran = run({"score", at("in"), "--key", at("my.key")});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("Skipped " + at("in/broken.png") + ": "));
  EXPECT_THAT(ran.out, Not(HasSubstr("broken")));
  const json document = json::parse(
      run({"score", at("in"), "--key", at("my.key"), "--quiet", "--json"}).out);
  EXPECT_EQ(document.at("result").at("skipped")[0].at("path"), at("in/broken.png"));
}

TEST_F(ScoreCommand, StopsAtAnUnreadableImageWithStrict) {
  core::write_file_atomic(folder_ / "in/broken.png", std::string("no image"));
  const Ran ran = run({"score", at("in"), "--key", at("my.key"), "--quiet", "--strict"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr(at("in/broken.png")));
}

TEST_F(ScoreCommand, OpensASealedKeyWithThePassphraseOfTheFileBeforeTheEnvironment) {
  put_key(folder_ / "sealed.key", "open sesame");
  const std::vector<std::string> args = {"score", at("in"), "--key", at("sealed.key"), "--quiet"};
  EXPECT_EQ(run(args).code, 2) << "without a passphrase";
  const core::ScopedEnvironment wrong("PATINA_PASSPHRASE", "close sesame");
  EXPECT_EQ(run(args).code, 2) << "with a wrong one";
  core::write_file_atomic(
      folder_ / "phrase", std::string("open sesame\n"), core::FileAccess::kSecret);
  std::vector<std::string> with_file = args;
  with_file.insert(with_file.end(), {"--passphrase-file", at("phrase")});
  const Ran ran = run(with_file);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr(",0.09375,1\n"));
}

TEST_F(ScoreCommand, RefusesAKeyOfAnotherReader) {
  keys::CoatKey key = keys::read_coat_key(folder_ / "my.key");
  key.reader = 999;
  keys::write_coat_key(folder_ / "later.key", key);
  const Ran ran = run({"score", at("in"), "--key", at("later.key")});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("made for reader 999 of method dct-dwt-svd"));
}

/// Eight suspects that are inside and eight benign images that are not, of different sizes.
class AuditCommand : public Watermark {
 protected:
  AuditCommand() {
    core::make_folder(folder_ / "near");
    core::make_folder(folder_ / "far");
    for (int i = 0; i < 8; ++i) {
      const std::string name = std::to_string(i) + ".png";
      put_image(folder_ / "near" / name, plain_image(64 + 8 * i, 0));
      put_image(folder_ / "far" / name, plain_image(64 + 8 * i, 3));
    }
  }
  Ran audit(const std::string& suspect,
            const std::string& benign,
            const std::vector<std::string>& more = {}) const {
    std::vector<std::string> args = {"audit",
                                     "--key",
                                     at("my.key"),
                                     "--suspect",
                                     at(suspect),
                                     "--benign",
                                     at(benign),
                                     "-o",
                                     at("bundle"),
                                     "--alpha",
                                     "1e-3",
                                     "--quiet"};
    args.insert(args.end(), more.begin(), more.end());
    return run(args);
  }
};

// Where all 8 of one sample lie below all 8 of the other, the exact p-value of the one-sided test of
// Kolmogorov and Smirnov is 1 / C(16, 8) = 1 / 12870 = 7.77e-5.
TEST_F(AuditCommand, FindsEvidenceWhereAllSuspectsAreNearer) {
  const Ran ran = audit("near", "far", {"--json"});
  EXPECT_EQ(ran.code, 0) << ran.err << ran.out;
  const json evidence = json::parse(ran.out).at("result").at("evidence");
  EXPECT_EQ(evidence.at("verdict").at("decision"), "evidence");
  EXPECT_NEAR(evidence.at("smallest_possible_p").get<double>(), 1.0 / 12870.0, 1e-12);
  EXPECT_EQ(evidence.at("effect").at("superiority"), 1.0);
}

TEST_F(AuditCommand, NamesTheMethodAndItsRadiusInJson) {
  const json document = json::parse(audit("near", "far", {"--json"}).out);
  const json evidence = document.at("result").at("evidence");
  EXPECT_EQ(evidence.at("key").at("method").at("name"), "dct-dwt-svd");
  EXPECT_EQ(evidence.at("key").at("method").at("radius_score"), 0.1);
  EXPECT_EQ(evidence.at("options").at("radius_score"), 0.1);
  EXPECT_EQ(evidence.at("effect").at("share_inside_suspect"), 1.0);
  EXPECT_EQ(evidence.at("effect").at("share_inside_benign"), 0.0);
}

TEST_F(AuditCommand, EchoesItsOptionsAndInputs) {
  const json document = json::parse(audit("near", "far", {"--json", "--case", "A v. B"}).out);
  const json options = document.at("options");
  EXPECT_EQ(options.at("alpha"), 1e-3);
  EXPECT_EQ(options.at("case"), "A v. B");
  EXPECT_EQ(options.at("precision"), "float32");
  EXPECT_TRUE(options.at("commitment").is_null());
  EXPECT_FALSE(options.contains("asking")) << "folders are not asked";
  std::vector<std::string> roles;
  for (const json& input : document.at("inputs")) roles.push_back(input.at("role"));
  EXPECT_THAT(roles, ElementsAre("key", "suspect", "benign"));
}

TEST_F(AuditCommand, ExitsWithOneWhereItFindsNone) {
  const Ran ran = audit("far", "near", {"--json"});
  EXPECT_EQ(ran.code, 1) << ran.err;
  EXPECT_EQ(json::parse(ran.out).at("result").at("decision"), "no-evidence");
}

TEST_F(AuditCommand, TellsPeopleTheSizesTheEffectAndWhatComesNext) {
  const Ran ran = audit("near", "far");
  EXPECT_THAT(ran.out, HasSubstr("8 suspects, 8 benign"));
  EXPECT_THAT(ran.out, HasSubstr("P(suspect < benign)"));
  EXPECT_THAT(ran.out, HasSubstr("1.000 ["));
  EXPECT_THAT(ran.out, HasSubstr("alpha = 0.001"));
  EXPECT_THAT(ran.out, HasSubstr("Report: " + at("bundle/report.pdf")));
  EXPECT_THAT(ran.out, HasSubstr("Next: patina verify " + at("bundle") + "\n"));
  EXPECT_TRUE(fs::exists(folder_ / "bundle/report.pdf"));
}

TEST_F(AuditCommand, RefusesTooFewImages) {
  core::make_folder(folder_ / "few");
  put_image(folder_ / "few/a.png", plain_image(64, 0));
  const Ran ran = audit("few", "far");
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.out, "");
}

using VerifyCommand = AuditCommand;

TEST_F(VerifyCommand, AgreesWithABundleAsItWasWritten) {
  ASSERT_EQ(audit("near", "far").code, 0);
  const Ran ran = run({"verify", at("bundle"), "--quiet"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, StartsWith(at("bundle") + ": verified. "));
  EXPECT_THAT(ran.out, HasSubstr("16 scores"));
}

TEST_F(VerifyCommand, CountsWhatItRecomputedInJson) {
  ASSERT_EQ(audit("near", "far").code, 0);
  const Ran ran = run({"verify", at("bundle"), "--quiet", "--json"});
  const json document = json::parse(ran.out);
  EXPECT_EQ(document.at("command"), "verify");
  const json result = document.at("result");
  EXPECT_EQ(result.at("verified"), true);
  EXPECT_EQ(result.at("scores_recomputed"), 16);
  EXPECT_EQ(result.at("largest_score_difference"), 0.0);
  EXPECT_EQ(result.at("differences"), json::array());
}

TEST_F(VerifyCommand, TellsWhatWasClaimedAndWhatIsThere) {
  ASSERT_EQ(audit("near", "far").code, 0);
  core::write_file_atomic(folder_ / "bundle/data/scores.csv", std::string("forged"));
  const Ran ran = run({"verify", at("bundle"), "--quiet"});
  EXPECT_EQ(ran.code, 4);
  EXPECT_THAT(ran.out, StartsWith(at("bundle") + ": does not verify. "));
  EXPECT_THAT(ran.out, HasSubstr("what"));
  EXPECT_THAT(ran.out, HasSubstr("claimed"));
  EXPECT_THAT(ran.out, HasSubstr("scores.csv"));
  const json document = json::parse(run({"verify", at("bundle"), "--quiet", "--json"}).out);
  EXPECT_EQ(document.at("result").at("verified"), false);
  EXPECT_FALSE(document.at("result").at("differences").empty());
  EXPECT_FALSE(document.contains("error")) << "a bundle that does not verify is a result";
}

/// Two pictures with enough grain to carry a mark.
class CoatCommand : public Watermark {
 protected:
  CoatCommand() {
    core::make_folder(folder_ / "photos");
    for (const char* name : {"a.png", "b.png"}) {
      images::Image image = images::make_image(64, 64);
      core::Rng rng(static_cast<std::uint64_t>(name[0]));
      for (std::uint8_t& value : image.bytes) {
        value = static_cast<std::uint8_t>(100 + rng.below(40));
      }
      put_image(folder_ / "photos" / name, image);
    }
  }
  Ran coat(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> args = {"coat",
                                     at("photos"),
                                     "-o",
                                     at("coated"),
                                     "--key",
                                     at("new.key"),
                                     "--method",
                                     "dct-dwt-svd",
                                     "--seed",
                                     "1234567",
                                     "--max-size-ratio",
                                     "100"};
    args.insert(args.end(), more.begin(), more.end());
    return run(args);
  }
};

TEST_F(CoatCommand, WritesImagesCommitmentAndASecretKey) {
  const Ran ran = coat({"--quiet"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  for (const char* name : {"coated/a.png", "coated/b.png", "coated/commitment.json"}) {
    EXPECT_TRUE(fs::exists(folder_ / name)) << name;
  }
  struct stat facts {};
  ASSERT_EQ(::stat(at("new.key").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
}

TEST_F(CoatCommand, TellsEachImageAndWhatToDoWithTheKey) {
  const Ran ran = coat();
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, StartsWith("image "));
  EXPECT_THAT(ran.out, HasSubstr("\na.png"));
  EXPECT_THAT(ran.out, HasSubstr("\nmean"));
  EXPECT_THAT(ran.out, HasSubstr("2 images coated, 0 skipped; "));
  EXPECT_THAT(ran.out, HasSubstr("(secret: keep it and a copy of it, never publish it)"));
  EXPECT_THAT(ran.out, HasSubstr("patina audit --key " + at("new.key")));
  EXPECT_THAT(ran.err, HasSubstr("2 images, 0.0 megapixels: about "));
}

TEST_F(CoatCommand, GivesTheRadiusInItsOwnUnitsAndInScoreUnits) {
  const json document = json::parse(coat({"--json", "--quiet"}).out);
  const json result = document.at("result");
  EXPECT_EQ(result.at("method"), "dct-dwt-svd");
  EXPECT_EQ(result.at("radius"), 0.1);
  EXPECT_EQ(result.at("radius_score"), 0.1);
  EXPECT_EQ(result.at("steps"), 0);
  EXPECT_EQ(result.at("calibration").at("image_count"), 2);
  for (const json& image : result.at("images")) {
    EXPECT_LT(image.at("score_coated"), image.at("score_clean")) << image.at("path");
    EXPECT_EQ(image.at("resumed"), false);
  }
}

TEST_F(CoatCommand, KeepsTheSeedOutOfItsDocument) {
  const Ran ran = coat({"--json", "--quiet"});
  const json options = json::parse(ran.out).at("options");
  EXPECT_EQ(options.at("seed_given"), true);
  EXPECT_EQ(options.at("passphrase_given"), false);
  EXPECT_EQ(options.at("method"), "dct-dwt-svd");
  EXPECT_FALSE(options.contains("seed"));
  EXPECT_EQ(ran.out.find("1234567"), std::string::npos);
}

TEST_F(CoatCommand, MakesNothingNewWithAnExistingKey) {
  ASSERT_EQ(coat({"--quiet"}).code, 0);
  const Ran ran = run({"coat",
                       at("photos"),
                       "-o",
                       at("again"),
                       "--use-key",
                       at("new.key"),
                       "--max-size-ratio",
                       "100",
                       "--quiet",
                       "--json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(json::parse(ran.out).at("options").at("use_key"), true);
  EXPECT_EQ(core::read_file(folder_ / "again/a.png"), core::read_file(folder_ / "coated/a.png"));
}

TEST_F(CoatCommand, ShowsAPreviewWithoutWritingAKey) {
  const Ran ran = run(
      {"coat", at("photos"), "--preview", at("preview.png"), "--method", "dct-dwt-svd", "--quiet"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("\nPreview: " + at("preview.png")));
  EXPECT_TRUE(fs::exists(folder_ / "preview.png"));
  EXPECT_FALSE(fs::exists(folder_ / "new.key"));
}

TEST_F(CoatCommand, KeepsPublishedImagesAndKeyApart) {
  const Ran ran = run({"coat", at("photos"), "-o", at("out"), "--key", at("out/my.key")});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("lies inside the output folder, which is for publishing"));
}

TEST_F(CoatCommand, TakesAFidelityOfZeroButNoneBelowTwenty) {
  EXPECT_EQ(coat({"--quiet", "--min-psnr", "0"}).code, 0);
  const Ran ran = coat({"--min-psnr", "19"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err, "patina: --min-psnr: is \"19\"; give a number from 20 to 60, or 0.\n");
}

}  // namespace
}  // namespace patina::cli
