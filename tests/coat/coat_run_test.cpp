// SPDX-License-Identifier: Apache-2.0
// What a run that was killed keeps, what it is told by, and what it never writes down.
#include "coat/internal/coat_run.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/hash.h"
#include "core/json.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"

namespace patina::coat {
namespace {

using nlohmann::json;

class CoatingRun : public testing::Test {
 protected:
  CoatingRun() {
    core::make_folder(folder_ / "in");
    core::write_file_atomic(folder_ / "in/a.png", std::string("clean"));
    entries_ = {{folder_ / "in/a.png", "a.png"}};
    options_.method.name = "siren";
    options_.inputs = {folder_ / "in"};
    options_.output = folder_ / "out";
    options_.key_path = folder_ / "owner.key";
  }

  CoatRun open() const { return CoatRun(options_, entries_); }
  std::string refusal() const {
    return core::caught_text([&] { open(); });
  }
  std::filesystem::path state() const { return folder_ / "owner.key.run"; }
  json document() const {
    return core::parse_json(core::read_text_file(state() / "run.json"), "run.json");
  }
  void spoil(const std::function<void(json&)>& change) const {
    json changed = document();
    change(changed);
    core::write_file_atomic(state() / "run.json", changed.dump());
  }
  /// As if a.png had been coated into this file.
  CoatedImage put_coated(const std::string& contents) const {
    core::write_file_atomic(folder_ / "out/a.png", contents);
    CoatedImage image;
    image.relative = "a.png";
    image.sha256 = core::to_hex(core::sha256(contents));
    image.width_px = 80;
    image.height_px = 64;
    image.quality = {38.5, 0.98, 1.25, 3.5};
    image.strength = 1.5;
    image.size_ratio = 1.0625;
    image.score_clean = 9.5;
    image.score_coated = 0.25;
    return image;
  }

  core::ScratchFolder folder_;
  CoatOptions options_;
  std::vector<images::ImageEntry> entries_;
};

TEST_F(CoatingRun, KeepsItsStateBesideTheKeyForItsOwnerAlone) {
  const CoatRun run = open();
  EXPECT_EQ(std::filesystem::status(state()).permissions(), std::filesystem::perms::owner_all);
  EXPECT_EQ(run.checkpoint(), state() / "training.safetensors");
  EXPECT_EQ(core::count_entries(folder_ / "out"), 0) << "the output is for publishing";
}

TEST_F(CoatingRun, LeavesNothingBehindThatCameToNothing) {
  options_.output = folder_ / "new" / "out";
  options_.key_path = folder_ / "keys" / "my.key";
  CoatRun run = open();
  run.keep_seed(7);
  core::write_file_atomic(options_.key_path, std::string("key"));
  run.abandon(true);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "new"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "keys"));
}

TEST_F(CoatingRun, KeepsWhatARerunGoesOnFrom) {
  CoatRun run = open();
  run.add_finished(put_coated("coated"));
  run.abandon(true);
  EXPECT_TRUE(std::filesystem::exists(state() / "run.json"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "out/a.png"));
}

TEST_F(CoatingRun, KeepsACheckpointOfTraining) {
  CoatRun run = open();
  core::write_file_atomic(run.checkpoint(), std::string("hours of work"));
  run.abandon(true);
  EXPECT_TRUE(std::filesystem::exists(run.checkpoint()));
}

TEST_F(CoatingRun, KeepsTheSeedThatItWasFirstGiven) {
  EXPECT_EQ(open().keep_seed(18446744073709551615U), 18446744073709551615U);
  EXPECT_EQ(open().keep_seed(5), 18446744073709551615U) << "a later attempt draws another";
}

TEST_F(CoatingRun, FindsAFinishedImageAsItWasKept) {
  CoatRun run = open();
  run.keep_seed(7);
  EXPECT_FALSE(run.finished("a.png", folder_ / "out/a.png"));
  const CoatedImage put = put_coated("coated");
  run.add_finished(put);
  const auto found = open().finished("a.png", folder_ / "out/a.png");
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->resumed);
  EXPECT_EQ(found->relative, put.relative);
  EXPECT_EQ(found->sha256, put.sha256);
  EXPECT_EQ(found->width_px, 80);
  EXPECT_EQ(found->height_px, 64);
  EXPECT_EQ(found->quality.psnr_db, 38.5);
  EXPECT_EQ(found->quality.ssim, 0.98);
  EXPECT_EQ(found->quality.delta_e_mean, 1.25);
  EXPECT_EQ(found->quality.delta_e_p99, 3.5);
  EXPECT_EQ(found->strength, 1.5);
  EXPECT_EQ(found->size_ratio, 1.0625);
  EXPECT_EQ(found->score_clean, 9.5);
  EXPECT_EQ(found->score_coated, 0.25);
}

TEST_F(CoatingRun, KeepsThatAnImageCameOutUnchanged) {
  CoatRun run = open();
  CoatedImage same = put_coated("coated");
  same.quality.psnr_db = std::numeric_limits<double>::infinity();
  run.add_finished(same);
  EXPECT_TRUE(std::isinf(open().finished("a.png", folder_ / "out/a.png")->quality.psnr_db));
}

TEST_F(CoatingRun, CoatsAnewWhereTheFinishedFileWasChangedOrIsGone) {
  CoatRun run = open();
  run.add_finished(put_coated("coated"));
  core::write_file_atomic(folder_ / "out/a.png", std::string("edited"));
  EXPECT_FALSE(open().finished("a.png", folder_ / "out/a.png"));
  std::filesystem::remove(folder_ / "out/a.png");
  EXPECT_FALSE(open().finished("a.png", folder_ / "out/a.png"));
}

TEST_F(CoatingRun, KnowsNothingOfAnotherImage) {
  CoatRun run = open();
  run.add_finished(put_coated("coated"));
  EXPECT_FALSE(open().finished("b.png", folder_ / "out/a.png"));
}

TEST_F(CoatingRun, NamesTheFlagInWhichAnotherRunDiffers) {
  open();
  const struct {
    std::function<void(CoatOptions&)> change;
    std::string told;
  } cases[] = {
      {[](CoatOptions& o) { o.method.siren.steps = 50; }, "--steps was 20, now 50"},
      {[](CoatOptions& o) { o.method.siren.hypersphere_weight = 2.0; },
       "--hypersphere was 1, now 2"},
      {[](CoatOptions& o) { o.fidelity.strength = 2.0; }, "--strength was 1.5, now 2"},
      {[](CoatOptions& o) { o.fidelity.min_psnr_db = 40.0; }, "--min-psnr was 38.2, now 40"},
      {[](CoatOptions& o) { o.seed = 9; }, "--seed was drawn, now 9"},
      {[](CoatOptions& o) { o.files.format = images::ImageFormat::kWebP; },
       "--format was \"as input\", now webp"},
      {[](CoatOptions& o) { o.files.quality_percent = 80; }, "--quality was \"as input\", now 80"},
      {[](CoatOptions& o) { o.files.strip_gps = true; }, "--strip-gps was no, now yes"},
      {[](CoatOptions& o) { o.files.max_size_ratio = 2.0; }, "--max-size-ratio was 1.3, now 2"}};
  const CoatOptions first = options_;
  for (const auto& tested : cases) {
    options_ = first;
    tested.change(options_);
    EXPECT_THAT(refusal(), testing::HasSubstr("holds another run (" + tested.told + ")"));
  }
  options_ = first;
  EXPECT_NO_THROW(open());
}

TEST_F(CoatingRun, OfAnotherMethodIsAnotherRun) {
  options_.method.name = "dct-dwt-svd";
  open();
  options_.method.name = "fingerprint";
  EXPECT_THAT(refusal(), testing::HasSubstr("(--method was dct-dwt-svd, now fingerprint)"));
}

TEST_F(CoatingRun, OfOtherImagesIsAnotherRun) {
  open();
  core::write_file_atomic(folder_ / "in/a.png", std::string("clean, but longer"));
  EXPECT_THAT(refusal(), testing::HasSubstr("holds another run (other images)"));
}

TEST_F(CoatingRun, IsTheSameWhateverDoesNotChangeItsResult) {
  open().keep_seed(7);
  options_.compute.num_threads = 1;
  options_.max_tile_pixels = 1 << 16;
  options_.passphrase = "correct horse";
  options_.strict = true;
  EXPECT_EQ(open().keep_seed(1), 7U);
}

TEST_F(CoatingRun, IsToldByTheDigestOfItsMessageAlone) {
  options_.method.siren.message = "between the tides";
  options_.passphrase = "correct horse";
  open().keep_seed(7);
  for (const auto& file : std::filesystem::directory_iterator(state())) {
    const std::string text = core::read_text_file(file.path());
    EXPECT_THAT(text, testing::Not(testing::HasSubstr("between the tides")));
    EXPECT_THAT(text, testing::Not(testing::HasSubstr("correct horse")));
  }
  // printf 'between the tides' | sha256sum
  EXPECT_THAT(
      document().at("identity").at("--message").get<std::string>(),
      testing::HasSubstr("97f36381f74a085b51005250200dbb001a52722f4a8d0a3c2f3d883b88dae6ea"));
  options_.method.siren.message = "another";
  EXPECT_THAT(refusal(),
              testing::AllOf(testing::HasSubstr("--message"),
                             testing::Not(testing::HasSubstr("between the tides"))));
}

TEST_F(CoatingRun, WithADamagedStateIsRefused) {
  const std::function<void(json&)> damages[] = {
      [](json& d) { d["kept"] = 5; },
      [](json& d) { d["kept"].erase("seed"); },
      [](json& d) { d["kept"]["seed"] = "seven"; },
      [](json& d) { d["kept"]["seed"] = 7; },
      [](json& d) { d["kept"].erase("images"); },
      [](json& d) { d["kept"]["images"][0].erase("sha256"); },
      [](json& d) { d["kept"]["images"][0]["width_px"] = "wide"; },
      [](json& d) { d["kept"]["images"][0] = nullptr; }};
  for (const auto& damage : damages) {
    CoatRun run = open();
    run.keep_seed(7);
    run.add_finished(put_coated("coated"));
    spoil(damage);
    EXPECT_EQ(refusal(), state().string() + ": is damaged; delete the folder and start again.")
        << "damage " << &damage - damages;
    std::filesystem::remove_all(state());
    std::filesystem::remove_all(folder_ / "out");
  }
}

TEST_F(CoatingRun, RefusesToOverwriteAKey) {
  core::write_file_atomic(options_.key_path, std::string("precious"));
  EXPECT_EQ(refusal(),
            options_.key_path.string() +
                ": exists and would be overwritten; coat with it (--use-key), or name another "
                "--key.");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out"));
  EXPECT_FALSE(std::filesystem::exists(state()));
}

TEST_F(CoatingRun, GoesOnWithTheKeyThatItWroteItself) {
  open().keep_seed(7);
  core::write_file_atomic(options_.key_path, std::string("made by this run"));
  EXPECT_NO_THROW(open());
}

TEST_F(CoatingRun, WithAnExistingKeyHasAStateForEachOutput) {
  core::write_file_atomic(options_.key_path, std::string("precious"));
  options_.use_key = true;
  const std::filesystem::path first = open().checkpoint().parent_path();
  options_.output = folder_ / "other";
  const std::filesystem::path second = open().checkpoint().parent_path();
  EXPECT_NE(first, second);
  for (const auto& place : {first, second}) {
    EXPECT_EQ(place.parent_path(), folder_.path());
    EXPECT_THAT(place.filename().string(), testing::StartsWith("owner.key."));
  }
}

TEST_F(CoatingRun, LeavesNothingOfItsStateOnceDiscarded) {
  CoatRun run = open();
  run.keep_seed(7);
  run.discard();
  EXPECT_FALSE(std::filesystem::exists(state()));
  EXPECT_EQ(open().keep_seed(8), 8U);
}

TEST_F(CoatingRun, IsNotMixedIntoAFinishedOrAForeignFolder) {
  core::make_folder(folder_ / "out");
  core::write_file_atomic(folder_ / "out/notes.txt", std::string("mine"));
  EXPECT_THAT(refusal(), testing::HasSubstr("is not empty, it holds \"notes.txt\""));
  core::write_file_atomic(folder_ / "out/commitment.json", std::string("{}"));
  EXPECT_THAT(refusal(), testing::HasSubstr("holds a finished run"));
}

}  // namespace
}  // namespace patina::coat
