// SPDX-License-Identifier: Apache-2.0
// CMYK pictures by a profile whose colours are known: black ink alone has the lightness
// L* = 100 (1 - K), the other inks take all light away. sRGB of a neutral L* follows from CIE 15 and
// IEC 61966-2-1.
#include "images/codecs/inks.h"

#include <cmath>
#include <lcms2.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patina::images {
namespace {

using testing::HasSubstr;

// L*a*b* in the encoding of version 4, 16 bits [ICC.1:2010, Sec. 6.3.4.2].
cmsInt32Number neutral_by_black(const cmsUInt16Number in[], cmsUInt16Number out[], void*) {
  const double light = in[0] + in[1] + in[2] > 0 ? 0.0 : 1.0 - in[3] / 65535.0;
  out[0] = static_cast<cmsUInt16Number>(std::lround(65535.0 * light));
  out[1] = out[2] = 0x8080;
  return TRUE;
}

core::Bytes black_ink_profile() {
  const cmsHPROFILE profile = cmsCreateProfilePlaceholder(nullptr);
  cmsSetProfileVersion(profile, 4.2);
  cmsSetDeviceClass(profile, cmsSigOutputClass);
  cmsSetColorSpace(profile, cmsSigCmykData);
  cmsSetPCS(profile, cmsSigLabData);
  cmsPipeline* const pipeline = cmsPipelineAlloc(nullptr, 4, 3);
  cmsStage* const table = cmsStageAllocCLut16bit(nullptr, 9, 4, 3, nullptr);
  cmsStageSampleCLut16bit(table, neutral_by_black, nullptr, 0);
  cmsPipelineInsertStage(pipeline, cmsAT_BEGIN, cmsStageAllocToneCurves(nullptr, 4, nullptr));
  cmsPipelineInsertStage(pipeline, cmsAT_END, table);
  cmsPipelineInsertStage(pipeline, cmsAT_END, cmsStageAllocToneCurves(nullptr, 3, nullptr));
  cmsWriteTag(profile, cmsSigAToB0Tag, pipeline);
  cmsPipelineFree(pipeline);
  cmsUInt32Number size = 0;
  cmsSaveProfileToMem(profile, nullptr, &size);
  core::Bytes bytes(size);
  cmsSaveProfileToMem(profile, bytes.data(), &size);
  cmsCloseProfile(profile);
  return bytes;
}

int srgb_of_lightness(double lightness) {
  const double f = (lightness + 16.0) / 116.0;
  const double y = lightness > 8.0 ? f * f * f : lightness / 903.2963;
  const double value = y <= 0.0031308 ? 12.92 * y : 1.055 * std::pow(y, 1.0 / 2.4) - 0.055;
  return static_cast<int>(std::lround(255.0 * value));
}

TEST(InkConverter, FollowsTheProfile) {
  const core::Bytes profile = black_ink_profile();
  ASSERT_GT(profile.size(), 128U);
  for (const bool inverted : {false, true}) {
    const InkConverter converter(profile, inverted);
    for (const int black : {0, 64, 128, 255}) {
      const std::uint8_t none = inverted ? 255 : 0;
      const auto ink = static_cast<std::uint8_t>(inverted ? 255 - black : black);
      const std::uint8_t inks[] = {none, none, none, ink};
      std::uint8_t rgb[3] = {};
      converter.convert(inks, 1, rgb);
      const int expected = srgb_of_lightness(100.0 * (1.0 - black / 255.0));
      for (const std::uint8_t value : rgb) EXPECT_NEAR(value, expected, 2) << black;
    }
  }
  EXPECT_THAT(InkConverter(profile, false).remark(), HasSubstr("by its own profile"));
}

TEST(InkConverter, MultipliesWhatTheInksLetThroughWithoutAProfile) {
  for (const core::Bytes& icc : {core::Bytes(), core::Bytes(200, 7)}) {
    const InkConverter converter(icc, false);
    const std::uint8_t inks[] = {255, 0, 51, 128};
    std::uint8_t rgb[3] = {};
    converter.convert(inks, 1, rgb);
    EXPECT_EQ(rgb[0], 0);
    EXPECT_EQ(rgb[1], 127);
    EXPECT_EQ(rgb[2], 102);  // 204 * 127 / 255 = 101.6
    EXPECT_THAT(converter.remark(), HasSubstr("without a profile"));
  }
}

}  // namespace
}  // namespace patina::images
