// SPDX-License-Identifier: Apache-2.0
// The frame mark at numbers worked out by hand: which cosines it has, what one of them looks like, and
// how much even images hide.
#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "coat/frame/frame_method.h"
#include "core/error.h"
#include "core/pi.h"
#include "keys/key_tensors.h"
#include "tests/core/caught.h"
#include "tests/images/sample_image.h"

namespace patina::coat::frame {
namespace {

images::Image even_frame(int side, std::uint8_t level) {
  images::Image image = images::make_image(side, side);
  std::fill(image.bytes.begin(), image.bytes.end(), level);
  return image;
}

// For 16 latents: u = 0 has 15 to 31 and 33 to 45; the half widths 10 exp(-(u - 2) / 6.4) of the
// others are 10, 7.3, 5.4, 3.9, 2.9, 2.1 and 1.5, rounded, to each side of 31.
TEST(FrameSpectrum, HasTheBandsOfItsDescription) {
  std::map<int, std::pair<int, int>> ends;
  std::map<int, int> counts;
  for (const auto& [u, v] : learnable_spectrum(16).index) {
    if (counts[u]++ == 0) ends[u] = {v, v};
    ends[u] = {std::min(ends[u].first, v), std::max(ends[u].second, v)};
  }
  const std::map<int, std::pair<int, int>> expected = {{0, {15, 45}},
                                                       {2, {21, 41}},
                                                       {4, {24, 38}},
                                                       {6, {26, 36}},
                                                       {8, {27, 35}},
                                                       {10, {28, 34}},
                                                       {12, {29, 33}},
                                                       {14, {29, 33}}};
  EXPECT_EQ(ends, expected);
  for (const auto& [u, band] : expected) {
    EXPECT_EQ(counts[u], band.second - band.first + (u == 0 ? 0 : 1)) << u;
  }
}

TEST(FrameSpectrum, GrowsWithTheLatents) {
  for (const int latents : {8, 32, 64}) {
    for (const auto& [u, v] : learnable_spectrum(latents).index) {
      EXPECT_LT(u, latents);
      EXPECT_GE(v, latents - 1);
      EXPECT_LE(v, 3 * latents - 3);
      EXPECT_FALSE(u == 0 && v == 2 * latents);
    }
  }
}

TEST(FrameMark, HasTheMagnitudesOfItsSpectrumAndSignsOfItsOwn) {
  const FrameSpectrum spectrum{{{0, 1}, {2, 3}, {4, 5}}, {0.5, 2.0, 1.0}};
  const FrameMark mark = draw_mark(spectrum, 9);
  EXPECT_EQ(mark.index, spectrum.index);
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_EQ(std::abs(mark.amplitudes[k]), spectrum.magnitudes[k]);
  }
}

// cos(pi u (x + 1/2) / side) cos(pi v (y + 1/2) / side) has the mean square 1/4, or 1/2 where one of
// u and v is 0.
TEST(MarkPlane, OfOneCosineIsThatCosineAtUnitPower) {
  const images::Rect frame{3, 1, 16, 16};
  const struct {
    int u, v;
    double amplitude, scale;
  } cases[] = {{0, 2, 5.0, std::sqrt(2.0)}, {4, 0, -0.1, -std::sqrt(2.0)}, {2, 3, 1.0, 2.0}};
  for (const auto& tested : cases) {
    const FrameMark mark{{{tested.u, tested.v}}, {tested.amplitude}};
    const std::vector<float> plane = mark_plane(mark, frame, {0, 0, 22, 18});
    for (int y = 0; y < 18; ++y) {
      for (int x = 0; x < 22; ++x) {
        const double across = std::cos(core::kPi * tested.u * (x - 3 + 0.5) / 16.0);
        const double down = std::cos(core::kPi * tested.v * (y - 1 + 0.5) / 16.0);
        ASSERT_NEAR(plane[static_cast<std::size_t>(22 * y + x)], tested.scale * across * down, 1e-5)
            << tested.u << "," << tested.v << " at " << x << "," << y;
      }
    }
  }
}

TEST(MarkPlane, OfNoCosinesIsFlat) {
  for (const float value : mark_plane({}, {0, 0, 8, 8}, {0, 0, 8, 8})) EXPECT_EQ(value, 0.0F);
}

// Chou and Li: 20 levels hide in black, 3 at 127, 4.5 at 191, 6 in white.
TEST(HidingPlane, OfAnEvenImageIsWhatItsLuminanceHides) {
  const std::pair<std::uint8_t, double> cases[] = {{0, 20.0}, {127, 3.0}, {191, 4.5}, {255, 6.0}};
  for (const auto& [level, hidden] : cases) {
    for (const float value : hiding_plane(even_frame(40, level))) {
      ASSERT_NEAR(255.0 * value, hidden, 1e-3) << int{level};
    }
  }
}

TEST(FramePattern, IsTheSameInAllColours) {
  const FrameMark mark = draw_mark(learnable_spectrum(16), 3);
  const CoatingPattern pattern = frame_pattern(images::sample_image(70, 90, 1), mark);
  EXPECT_EQ(pattern.width_px, 70);
  EXPECT_EQ(pattern.height_px, 90);
  ASSERT_EQ(pattern.steps.size(), 3U * 70U * 90U);
  for (std::size_t i = 0; i < pattern.steps.size(); i += 3) {
    ASSERT_EQ(pattern.steps[i], pattern.steps[i + 1]);
    ASSERT_EQ(pattern.steps[i], pattern.steps[i + 2]);
  }
}

// Black hides 20 levels where 127 hides 3.
TEST(FramePattern, IsAsStrongAsTheImageHides) {
  const FrameMark mark{{{2, 5}}, {1.0}};
  EXPECT_NEAR(pattern_rms(frame_pattern(even_frame(64, 0), mark)) /
                  pattern_rms(frame_pattern(even_frame(64, 127), mark)),
              20.0 / 3.0,
              0.1);
}

TEST(FramePattern, TurnsRoundWithItsSigns) {
  const FrameMark mark{{{2, 5}, {0, 3}}, {1.0, -0.5}}, turned{{{2, 5}, {0, 3}}, {-1.0, 0.5}};
  const images::Image image = images::sample_image(64, 64, 2);
  const CoatingPattern one = frame_pattern(image, mark), other = frame_pattern(image, turned);
  for (std::size_t i = 0; i < one.steps.size(); ++i) ASSERT_EQ(one.steps[i], -other.steps[i]);
}

KeyRequest frame_request(std::size_t count, ImageAt image_at) {
  KeyRequest request;
  request.count = count;
  request.image_at = std::move(image_at);
  request.seed = 11;
  return request;
}

images::Image third_is_damaged(std::size_t i) {
  if (i == 2) throw core::Error(core::ErrorKind::kInput, "image", "is damaged");
  return images::sample_image(128, 128, i);
}

TEST(FrameKey, HoldsTheMarkOfItsSeed) {
  const keys::CoatKey key = frame::make_key(frame_request(1, third_is_damaged), {});
  const FrameMark read = read_mark(key.scoring), drawn = draw_mark(learnable_spectrum(16), 11);
  EXPECT_EQ(read.index, drawn.index);
  EXPECT_EQ(read.amplitudes, drawn.amplitudes);
  EXPECT_EQ(key.nu, 0.1);
  EXPECT_GE(key.radius, 1.0);
  EXPECT_TRUE(key.secret.tensors.empty());
  EXPECT_TRUE(key.secret.fields.empty());
}

TEST(FrameKey, IsMeasuredOnTheImagesThatCanBeRead) {
  const keys::CoatKey some = frame::make_key(frame_request(3, third_is_damaged), {});
  const keys::CoatKey whole = frame::make_key(frame_request(2, third_is_damaged), {});
  EXPECT_NEAR(keys::read_values(some.scoring, "center")[0],
              keys::read_values(whole.scoring, "center")[0],
              1e-4);
}

TEST(FrameKey, WantsOneImageThatCanBeRead) {
  const ImageAt none = [](std::size_t) { return third_is_damaged(2); };
  for (const std::size_t count : {std::size_t{0}, std::size_t{4}}) {
    EXPECT_EQ(core::caught_text([&] { frame::make_key(frame_request(count, none), {}); }),
              "IMAGES: none of the images can be read; check the files.");
  }
}

TEST(FrameKey, WhosePartsDoNotGoTogetherIsRefused) {
  keys::CoatKey key = frame::make_key(frame_request(1, third_is_damaged), {});
  key.scoring.tensors["frame/amplitudes"] = keys::blob_from_values({1.0, -1.0}, {2});
  EXPECT_EQ(core::caught_text([&] { read_mark(key.scoring); }),
            "key: frame/index and frame/amplitudes do not go together; use the key as it was "
            "written.");
  key.scoring.tensors.erase("frame/amplitudes");
  EXPECT_EQ(core::caught([&] { make_coating(key); }).kind(), core::ErrorKind::kInput);
}

}  // namespace
}  // namespace patina::coat::frame
