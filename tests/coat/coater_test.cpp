// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "coat/siren/coater_torch.h"
#include "extractors/scorer_options.h"
#include "extractors/siren/scorer_torch.h"
#include "images/pixels/image.h"
#include "tensors/images_torch.h"
#include "tests/coat/sample_pair.h"

namespace patina::coat::siren {
namespace {

using extractors::InputNorm;
using extractors::NormMode;
using tensors::Precision;

Coater float_coater(Pair& pair, std::uint64_t max_tile_pixels = 1 << 20) {
  return Coater(pair, kSampleMessage, {{"cpu", Precision::kFloat32, 2}, max_tile_pixels});
}

TEST(Coater, FoldedNetworkGivesWhatTheTrainingGraphGives) {
  Pair pair = sample_pair();
  const torch::Tensor unit = tensors::tensor_from_image(sample_image(60, 44, 1));
  torch::NoGradGuard no_grad;
  const torch::Tensor expected = coat_batch(pair,
                                            unit,
                                            message_tensor(kSampleMessage),
                                            {torch::kFloat32, {NormMode::kRunning, false}}) -
                                 unit;
  const torch::Tensor actual = float_coater(pair).coating(unit) * pair.coating.strength;
  EXPECT_LT((actual - expected).abs().max().item<float>(), 2e-6);
}

TEST(Coater, TilesLeaveNoSeams) {
  Pair pair = sample_pair();
  const images::Image image = sample_image(150, 110, 2);
  const CoatingPattern whole = float_coater(pair).pattern(image);
  const CoatingPattern tiled = float_coater(pair, 48 * 48).pattern(image);
  int differing = 0;
  for (std::size_t i = 0; i < whole.steps.size(); ++i) {
    EXPECT_LE(std::abs(whole.steps[i] - tiled.steps[i]), 1) << "sample " << i;
    differing += whole.steps[i] != tiled.steps[i] ? 1 : 0;
  }
  EXPECT_LT(differing,
            static_cast<int>(whole.steps.size()) / 1000);  // Rounding of the last bit only.
}

TEST(Coater, MessagesGiveDifferentCoatings) {
  Pair pair = sample_pair();
  const torch::Tensor unit = tensors::tensor_from_image(sample_image(48, 48, 3));
  const CoaterOptions options{{"cpu", Precision::kFloat32, 2}, 1 << 20};
  const torch::Tensor one = Coater(pair, "000000000000", options).coating(unit);
  const torch::Tensor other = Coater(pair, "ffffffffffff", options).coating(unit);
  EXPECT_GT((one - other).abs().mean().item<float>(), 1e-4);
}

TEST(Coater, LeavesTheFrameUntouched) {
  Pair pair = sample_pair();
  const CoatingPattern pattern = float_coater(pair).pattern(sample_image(64, 50, 4));
  for (int x = 0; x < 64 * 3; ++x) {
    EXPECT_EQ(pattern.steps[static_cast<std::size_t>(x)], 0);
    EXPECT_EQ(pattern.steps[static_cast<std::size_t>(49 * 64 * 3 + x)], 0);
  }
}

TEST(ApplyPattern, AddsRoundedAndClampedAtBothDepths) {
  images::Image image = images::make_image(2, 1);
  image.bytes = {0, 255, 100, 10, 20, 30};
  CoatingPattern pattern{2, 1, {-12, 12, 12, 6, 5, -18}};  // 12 steps are one byte level.
  EXPECT_EQ(apply_pattern(image, pattern, 1.0).bytes,
            (std::vector<std::uint8_t>{0, 255, 101, 11, 20, 29}));
  images::Image deep = images::make_image(2, 1, 16);
  auto* value = reinterpret_cast<std::uint16_t*>(deep.bytes.data());
  value[2] = 1000;
  const images::Image coated = apply_pattern(deep, pattern, 2.0);
  EXPECT_EQ(reinterpret_cast<const std::uint16_t*>(coated.bytes.data())[2], 1514);  // 2 * 257 more.
}

TEST(FeatureExtractor, TilesAndBatchesGiveTheFeaturesOfWholeImages) {
  Pair pair = sample_pair();
  const images::Image a = sample_image(150, 110, 5), b = sample_image(150, 110, 6),
                      c = sample_image(70, 90, 7);
  extractors::ScorerOptions whole{{"cpu", Precision::kFloat32, 2}, 1 << 20}, tiled = whole;
  tiled.max_tile_pixels = 48 * 48;
  extractors::FeatureExtractor by_image(
      pair.extractor, {NormMode::kRunning, InputNorm::kMscn}, whole);
  extractors::FeatureExtractor by_tile(
      pair.extractor, {NormMode::kRunning, InputNorm::kMscn}, tiled);
  const torch::Tensor together = by_image.features({&a, &c, &b});
  const torch::Tensor apart = torch::cat(
      {by_tile.features({&a}), by_tile.features({&c}), by_tile.features({&b})});
  EXPECT_LT((together - apart).abs().max().item<float>(),
            1e-4 * together.abs().max().item<float>());
}

TEST(FeatureExtractor, PerImageStatisticsDoNotDependOnTheBatch) {
  Pair pair = sample_pair();
  torch::NoGradGuard no_grad;
  const torch::Tensor x = torch::cat({tensors::tensor_from_image(sample_image(40, 40, 8)),
                                      tensors::tensor_from_image(sample_image(40, 40, 9))});
  const extractors::ForwardMode mode{NormMode::kPerImage, false};
  const torch::Tensor batch = pair.extractor->forward(x, mode);
  const torch::Tensor single = pair.extractor->forward(x.slice(0, 1, 2), mode);
  EXPECT_LT((batch.slice(0, 1, 2) - single).abs().max().item<float>(), 1e-5);
}

TEST(FeatureExtractor, BFloat16StaysWithinAHundredthOfFloat32) {
  Pair pair = sample_pair();
  const images::Image image = sample_image(128, 128, 10);
  extractors::FeatureExtractor exact(pair.extractor,
                                     {NormMode::kRunning, InputNorm::kMscn},
                                     {{"cpu", Precision::kFloat32, 2}, 1 << 20});
  extractors::FeatureExtractor fast(pair.extractor,
                                    {NormMode::kRunning, InputNorm::kMscn},
                                    {{"cpu", Precision::kBFloat16, 2}, 1 << 20});
  const torch::Tensor a = exact.features({&image}), b = fast.features({&image});
  EXPECT_LT((a - b).norm().item<float>(), 1e-2 * a.norm().item<float>());
}

TEST(TileRects, CoverEveryPixelOnce) {
  for (const auto& [w, h, limit] : {std::tuple{100, 70, 1024}, {64, 64, 4096}, {17, 300, 256}}) {
    std::vector<int> hits(static_cast<std::size_t>(w * h), 0);
    for (const images::Rect& r : extractors::tile_rects(w, h, static_cast<std::uint64_t>(limit))) {
      for (int y = r.y; y < r.y + r.height; ++y) {
        for (int x = r.x; x < r.x + r.width; ++x) ++hits[static_cast<std::size_t>(y * w + x)];
      }
    }
    EXPECT_EQ(std::count(hits.begin(), hits.end(), 1), w * h);
  }
}

}  // namespace
}  // namespace patina::coat::siren
