// SPDX-License-Identifier: Apache-2.0
// The coating side end to end, with the shipped pair.
#include "coat/coat.h"

#include <csignal>
#include <set>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "coat/preview.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/json.h"
#include "images/image_io.h"
#include "keys/coat_key.h"
#include "tests/coat/scratch.h"

namespace patina::coat {
namespace {

using CoatImages = CoatScratch;

TEST_F(CoatImages, MirrorsTheTreeAndCarriesCaptions) {
  add("a.png", picture(1));
  add("nested/deep/b.jpg", picture(2, images::ImageFormat::kJPEG));
  add_text("a.txt", "a photo of a vase");
  const CoatResult result = coat_images(options());
  EXPECT_EQ(result.images.size(), 2U);
  EXPECT_TRUE(std::filesystem::exists(root_ / "out/nested/deep/b.jpg"));
  EXPECT_EQ(core::read_text_file(root_ / "out/a.txt"), "a photo of a vase");
  EXPECT_NE(core::read_file(root_ / "out/a.png"), core::read_file(root_ / "in/a.png"));
}

TEST_F(CoatImages, LeavesOriginalsUntouched) {
  add("a.png", picture(1));
  const auto before = core::sha256_file(root_ / "in/a.png");
  coat_images(options());
  EXPECT_EQ(core::sha256_file(root_ / "in/a.png"), before);
}

TEST_F(CoatImages, WritesTheKeyForItsOwnerAloneAndACommitmentThatMatchesIt) {
  add("a.png", picture(1));
  const CoatResult result = coat_images(options());
  struct stat status {};
  ASSERT_EQ(stat((root_ / "owner.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  const auto commitment = core::parse_json(core::read_text_file(root_ / "out/commitment.json"),
                                           "commitment.json");
  const auto salt = core::from_hex(commitment.at("salt").get<std::string>(), "salt");
  const auto key = core::read_file(root_ / "owner.key");
  core::Sha256 digest;
  digest.update(salt.data(), salt.size()).update(key.data(), key.size());
  EXPECT_EQ(commitment.at("key_sha256_salted"), core::to_hex(digest.finish()));
  EXPECT_EQ(commitment.at("merkle_root"), result.merkle_root);
  EXPECT_EQ(keys::read_coat_key(root_ / "owner.key").released_merkle_root, result.merkle_root);
}

TEST_F(CoatImages, TrainWithTheWeightsGiven) {
  add("a.png", picture(1));
  coat_images(options());
  const struct {
    const char* name;
    double siren::SirenOptions::*weight;
    double value;
  } changes[] = {{"human-vision", &siren::SirenOptions::human_vision_weight, 100.0},
                 {"hypersphere", &siren::SirenOptions::hypersphere_weight, 0.0},
                 {"squared-difference", &siren::SirenOptions::squared_difference_weight, 1000.0}};
  std::set<std::vector<std::uint8_t>> images = {core::read_file(root_ / "out/a.png")};
  for (const auto& change : changes) {
    CoatOptions others = options();
    others.method.siren.*change.weight = change.value;
    others.output = root_ / change.name;
    others.key_path = root_ / (std::string(change.name) + ".key");
    coat_images(others);
    EXPECT_TRUE(images.insert(core::read_file(root_ / change.name / "a.png")).second)
        << change.name;
  }
}

TEST_F(CoatImages, SameSeedGivesTheSameImages) {
  add("a.png", picture(1));
  coat_images(options());
  CoatOptions again = options();
  again.output = root_ / "out2";
  again.key_path = root_ / "second.key";
  coat_images(again);
  EXPECT_EQ(core::read_file(root_ / "out/a.png"), core::read_file(root_ / "out2/a.png"));
}

TEST_F(CoatImages, AnExistingKeyCoatsFurtherImagesWithoutTraining) {
  add("a.png", picture(1));
  coat_images(options());
  const auto key = core::read_file(root_ / "owner.key");
  CoatOptions further = options();
  further.use_key = true;
  further.output = root_ / "further";
  const CoatResult result = coat_images(further);
  EXPECT_EQ(core::read_file(root_ / "owner.key"), key);
  EXPECT_EQ(core::read_file(root_ / "further/a.png"), core::read_file(root_ / "out/a.png"));
  EXPECT_EQ(result.images.size(), 1U);
}

TEST_F(CoatImages, ASealedKeyOpensWithItsPassphraseOnly) {
  add("a.png", picture(1));
  CoatOptions sealed = options();
  sealed.passphrase = "correct horse";
  coat_images(sealed);
  EXPECT_NO_THROW(keys::read_coat_key(root_ / "owner.key", "correct horse"));
  EXPECT_THROW(keys::read_coat_key(root_ / "owner.key", "wrong"), core::Error);
  EXPECT_THROW(keys::read_coat_key(root_ / "owner.key"), core::Error);
}

TEST_F(CoatImages, AlphaGreyDepthAndProfileSurvive) {
  images::ImageFile file = picture(1);
  file.image = images::make_image(96, 80, 16);
  for (std::size_t i = 0; i < file.image.sample_count(); ++i) {
    reinterpret_cast<std::uint16_t*>(file.image.bytes.data())[i] = static_cast<std::uint16_t>(
        20000 + 37 * (i % 500));
  }
  file.alpha.assign(96 * 80, 12345);
  file.metadata.icc.assign(200, 7);
  add("deep.png", file);
  images::ImageFile grey = picture(2);
  for (std::size_t i = 0; i < grey.image.bytes.size(); i += 3) {
    grey.image.bytes[i + 1] = grey.image.bytes[i + 2] = grey.image.bytes[i];
  }
  grey.grey = true;
  add("grey.png", grey);
  coat_images(options());
  const images::ImageFile deep = images::read_image(root_ / "out/deep.png");
  EXPECT_EQ(deep.image.bit_depth, 16);
  EXPECT_EQ(deep.alpha, file.alpha);
  EXPECT_TRUE(images::read_image(root_ / "out/grey.png").grey);
}

TEST_F(CoatImages, FadesTheCoatingRatherThanBreakTheSizeLimit) {
  images::ImageFile flat = picture(1);
  for (std::size_t i = 0; i < flat.image.bytes.size(); ++i) {
    flat.image.bytes[i] = static_cast<std::uint8_t>(i / 3 % 96 < 48 ? 90 : 180);
  }
  add("flat.png", flat);
  CoatOptions limited = options();
  limited.files.max_size_ratio = 2.0;
  limited.fidelity.min_psnr_db = 0.0;
  const CoatResult result = coat_images(limited);
  EXPECT_LT(result.images[0].strength, limited.fidelity.strength);
}

TEST_F(CoatImages, KeepsTheFidelityAskedFor) {
  add("a.png", picture(1));
  add("b.png", picture(2));
  CoatOptions faint = options();
  faint.fidelity.min_psnr_db = 50.0;  // Fainter than the adapting range would go of itself.
  for (const CoatedImage& image : coat_images(faint).images) {
    EXPECT_GT(image.quality.psnr_db, 49.0) << image.relative;  // Rounding to bytes costs some.
  }
}

TEST_F(CoatImages, UsesOneStrengthForAllWhereNoFidelityIsAskedFor) {
  add("a.png", picture(1));
  add("b.png", picture(2));
  CoatOptions fixed = options();
  fixed.fidelity.min_psnr_db = 0.0;
  fixed.fidelity.strength = 0.75;
  for (const CoatedImage& image : coat_images(fixed).images) EXPECT_EQ(image.strength, 0.75);
}

TEST_F(CoatImages, CoatedImagesScoreCloserToTheKeysCentreThanCleanOnes) {
  for (int i = 0; i < 4; ++i)
    add("p" + std::to_string(i) + ".png", picture(static_cast<std::uint64_t>(i)));
  for (const CoatedImage& image : coat_images(options()).images) {
    EXPECT_LT(image.score_coated, image.score_clean) << image.relative;
  }
}

TEST_F(CoatImages, OneBadImageIsReportedAndSkippedUnlessStrict) {
  add("a.png", picture(1));
  add_text("fake.png", "this is not an image");
  CoatOptions strict = options();
  strict.strict = true;
  strict.output = root_ / "strict";
  strict.key_path = root_ / "strict.key";
  EXPECT_THROW(coat_images(strict), core::Error);
  const CoatResult result = coat_images(options());
  ASSERT_EQ(result.skipped.size(), 1U);
  EXPECT_NE(result.skipped[0].path.find("fake.png"), std::string::npos);
}

TEST_F(CoatImages, ResumesAfterBeingCancelledWithTheResultOfAnUninterruptedRun) {
  for (int i = 0; i < 3; ++i)
    add("p" + std::to_string(i) + ".png", picture(static_cast<std::uint64_t>(i)));
  core::Observer stop;
  stop.progress = [](const core::Progress& now) { return now.stage != "coating" || now.done < 2; };
  EXPECT_THROW(coat_images(options(), stop), core::Error);
  EXPECT_FALSE(std::filesystem::exists(root_ / "out/commitment.json"));
  const CoatResult resumed = coat_images(options());
  EXPECT_TRUE(resumed.images[0].resumed);
  CoatOptions whole = options();
  whole.output = root_ / "whole";
  whole.key_path = root_ / "whole.key";
  EXPECT_EQ(coat_images(whole).merkle_root, resumed.merkle_root);
  EXPECT_FALSE(std::filesystem::exists(root_ / "owner.key.run"));
}

TEST_F(CoatImages, SurvivesKillNine) {
  for (int i = 0; i < 3; ++i)
    add("p" + std::to_string(i) + ".png", picture(static_cast<std::uint64_t>(i)));
  CoatOptions without_networks = options();
  without_networks.method.name = "frame";  // OpenMP's threads do not come along into a child.
  const pid_t child = fork();
  if (child == 0) {
    core::Observer killer;
    killer.progress = [](const core::Progress& now) {
      if (now.stage == "coating" && now.done == 2) raise(SIGKILL);
      return true;
    };
    coat_images(without_networks, killer);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(coat_images(without_networks).images.size(), 3U);
}

TEST_F(CoatImages, PreviewShowsThreePanels) {
  add("a.png", picture(1));
  CoatOptions without_places = options();
  without_places.output.clear();
  without_places.key_path.clear();
  preview_coating(without_places, root_ / "preview.png");
  const images::ImageFile panel = images::read_image(root_ / "preview.png");
  EXPECT_EQ(panel.image.width_px, 3 * 96);
  EXPECT_FALSE(std::filesystem::exists(root_ / "out"));
  EXPECT_FALSE(std::filesystem::exists(root_ / "owner.key"));
}

TEST_F(CoatImages, PreviewIsOfTheFormatThatItsEndingNames) {
  add("a.png", picture(1));
  CoatOptions quick = options();
  quick.method.name = "frame";
  for (const auto& [name, format] : {std::pair("preview.jpg", images::ImageFormat::kJPEG),
                                     std::pair("preview.PNG", images::ImageFormat::kPNG),
                                     std::pair("preview", images::ImageFormat::kPNG)}) {
    preview_coating(quick, root_ / name);
    EXPECT_EQ(images::read_image(root_ / name).encoding.format, format) << name;
  }
}

}  // namespace
}  // namespace patina::coat
