// SPDX-License-Identifier: Apache-2.0
// Fingerprint [Yu 2021] and warp [Wang 2024], the baselines that coatings are compared with: what
// one key lays on, its own reader finds, and another's does not.
#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>
#include <torch/utils.h>

#include "coat/fingerprint/fingerprint_torch.h"
#include "coat/methods.h"
#include "coat/warp/warp.h"
#include "core/files.h"
#include "core/rng.h"
#include "extractors/quality/quality.h"
#include "extractors/siren/scorer_torch.h"
#include "images/image_io.h"
#include "images/image_list.h"
#include "tests/coat/photograph.h"
#include "tests/core/caught.h"
#include "transforms/crop_pool_torch.h"

namespace patina::coat {
namespace {

std::vector<images::Image> paintings(const char* artist, std::size_t count = 100) {
  std::vector<images::Image> images;
  for (const images::ImageEntry& entry :
       images::list_images({core::data_file("paintings") / std::string(artist)})) {
    if (images.size() == count) break;
    images.push_back(images::read_image(entry.path).image);
  }
  return images;
}

keys::CoatKey fingerprint_key(std::uint64_t seed) {
  KeyRequest request;
  request.seed = seed;
  MethodOptions options;
  options.name = "fingerprint";
  return make_key(request, options);
}

double score_with(const keys::CoatKey& key, const images::Image& image) {
  return make_scorer(key)->score({&image}).front();
}

images::Image fingerprinted(const keys::CoatKey& key, const images::Image& image) {
  return apply_pattern(image, make_coating(key).pattern(image), 1.5);
}

images::Image even_image(int width, int height) {
  images::Image image = images::make_image(width, height);
  std::fill(image.bytes.begin(), image.bytes.end(), std::uint8_t{120});
  return image;
}

TEST(Fingerprint, IsReadByItsOwnKey) {
  const keys::CoatKey key = fingerprint_key(1);
  EXPECT_LE(score_with(key, fingerprinted(key, photograph())), key.radius);
}

TEST(Fingerprint, OfAnotherKeyReadsAsChance) {
  const images::Image coated = fingerprinted(fingerprint_key(1), photograph());
  double sum = 0.0;
  constexpr int kKeys = 24;
  for (int seed = 0; seed < kKeys; ++seed) {
    sum += score_with(fingerprint_key(static_cast<std::uint64_t>(seed) + 100), coated);
  }
  EXPECT_NEAR(sum / kKeys, 0.5, 4.0 * 0.5 / std::sqrt(32.0 * kKeys));
}

TEST(Fingerprint, IsFaintAtTheStandardStrength) {
  const images::Image image = photograph();
  EXPECT_GT(extractors::measure_quality(image, fingerprinted(fingerprint_key(1), image)).psnr_db,
            34.0);
}

TEST(Fingerprint, CanBeLearnedFromRandomWeights) {
  fingerprint::FingerprintPair pair = fingerprint::make_fingerprint_pair(3);
  fingerprint::FingerprintTraining training;
  training.steps = 130;
  training.batch = 8;
  double first = 0.0, last = 0.0;
  fingerprint::train_fingerprints(pair,
                                  transforms::CropPool(paintings("claude-monet")),
                                  training,
                                  [&](const fingerprint::FingerprintProgress& progress) {
                                    if (progress.step < 20) first += progress.bit_accuracy / 20.0;
                                    if (progress.step >= 110) last += progress.bit_accuracy / 20.0;
                                  });
  EXPECT_NEAR(first, 0.5, 0.06);
  EXPECT_GT(last, 0.6);
}

TEST(Fingerprint, PairIsReadAsItWasWritten) {
  const auto path = std::filesystem::temp_directory_path() / "patina-fingerprint-test.safetensors";
  const fingerprint::FingerprintPair pair = fingerprint::make_fingerprint_pair(5);
  fingerprint::write_fingerprint_pair(path, pair, {});
  fingerprint::FingerprintPair read = fingerprint::read_fingerprint_pair(path);
  std::filesystem::remove(path);
  const torch::Tensor x = torch::full({1, 3, 128, 128}, 0.25);
  fingerprint::FingerprintPair original = pair;
  EXPECT_TRUE(torch::equal(original.decoder->forward(x), read.decoder->forward(x)));
}

TEST(Fingerprint, KeyWithoutItsDecoderIsRefused) {
  keys::CoatKey key = fingerprint_key(1);
  key.scoring.tensors.erase("extractor/head.bias");
  EXPECT_NE(core::caught_text([&] { make_scorer(key); }).find("do not go together"),
            std::string::npos);
}

TEST(Warp, FieldHasUnitMeanDisplacement) {
  const warp::WarpField field = warp::draw_warp(7);
  double sum = 0.0;
  for (const double value : field.x) sum += std::abs(value);
  for (const double value : field.y) sum += std::abs(value);
  EXPECT_NEAR(sum / static_cast<double>(field.x.size() + field.y.size()), 1.0, 1e-12);
}

TEST(Warp, OfStrengthZeroIsTheImageItself) {
  const images::Image image = photograph();
  EXPECT_EQ(warp::warped(image, warp::draw_warp(7, 32, 0.0)).bytes, image.bytes);
}

TEST(Warp, LeavesAnEvenImageAsItIs) {
  const images::Image image = even_image(97, 64);
  EXPECT_EQ(warp::warped(image, warp::draw_warp(7)).bytes, image.bytes);
}

// A constant field of c moves the picture by c * strength / 2 pixels at 128 pixels a side.
TEST(Warp, ConstantFieldIsAShift) {
  warp::WarpField field{2, std::vector<double>(4, 1.0), std::vector<double>(4, 0.0), 6.0};
  images::Image image = images::make_image(128, 128);
  core::Rng rng(1);
  for (std::uint8_t& value : image.bytes) value = static_cast<std::uint8_t>(rng.below(256));
  const images::Image moved = warp::warped(image, field);
  for (std::size_t row = 0; row < 128; ++row) {
    const std::uint8_t* from = image.bytes.data() + 3 * 128 * row;
    const std::uint8_t* to = moved.bytes.data() + 3 * 128 * row;
    ASSERT_TRUE(std::equal(from + 9, from + 3 * 128, to)) << "row " << row;
  }
}

TEST(Warp, KeyTellsWarpedPaintingsFromOthers) {
  const std::vector<images::Image> owned = paintings("claude-monet");
  KeyRequest request;
  request.count = owned.size();
  request.image_at = [&owned](std::size_t i) { return owned[i]; };
  request.seed = 11;
  request.train = false;  // Whole paintings rather than windows of them.
  MethodOptions options;
  options.name = "warp";
  options.warp.steps = 100;
  options.warp.pairs = 8;
  const keys::CoatKey key = make_key(request, options);
  const Coating coating = make_coating(key);
  int told = 0;
  for (const images::Image& image : paintings("vincent-van-gogh", 28)) {  // Not trained on.
    told += score_with(key, coating.replaced(image)) < score_with(key, image) ? 1 : 0;
  }
  EXPECT_GE(told, 22);  // By chance with probability 0.002.
}

TEST(Warp, FieldIsReadAsItWasPut) {
  keys::KeyPart secret;
  warp::put_warp(secret, warp::draw_warp(7));
  const warp::WarpField read = warp::read_warp(secret), drawn = warp::draw_warp(7);
  ASSERT_EQ(read.points, drawn.points);
  for (std::size_t i = 0; i < read.x.size(); ++i) EXPECT_NEAR(read.x[i], drawn.x[i], 1e-6);
}

}  // namespace
}  // namespace patina::coat
