// SPDX-License-Identifier: Apache-2.0
#include "report/pdf/glyph_coverage.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"

namespace patina::report {
namespace {

GlyphCoverage read_coverage(const char* file) {
  const auto path = core::data_file(file);
  return {core::read_file(path), path.string()};
}

TEST(GlyphCoverage, OfTheMainFontHoldsEuropeanScripts) {
  for (const char* file : {"fonts/PatinaSans.ttf", "fonts/PatinaSans-Bold.ttf"}) {
    const GlyphCoverage font = read_coverage(file);
    for (const char32_t code : U"Aß€ΩЁёşảאع≥×⁻…\uFFFD") EXPECT_TRUE(code == 0 || font.covers(code));
    EXPECT_FALSE(font.covers(U'語'));
    EXPECT_FALSE(font.covers(0xFFFF));
    EXPECT_FALSE(font.covers(0x1F600));
  }
}

TEST(GlyphCoverage, OfTheFallbackFontHoldsEastAsianScripts) {
  const GlyphCoverage font = read_coverage("fonts/PatinaFallback.ttf");
  for (const char32_t code : U"日本語のカ中國한국어") EXPECT_TRUE(code == 0 || font.covers(code));
  EXPECT_FALSE(font.covers(U'A'));
}

TEST(GlyphCoverage, RefusesWhatIsNoFont) {
  for (const std::vector<std::uint8_t>& bytes : {std::vector<std::uint8_t>{},
                                                 std::vector<std::uint8_t>(11, 0),
                                                 std::vector<std::uint8_t>(400, 255)}) {
    EXPECT_THROW(GlyphCoverage(bytes, "x.ttf"), core::Error);
  }
  try {
    GlyphCoverage(std::vector<std::uint8_t>(64, 0), "x.ttf");
    FAIL();
  } catch (const core::Error& error) {
    EXPECT_STREQ(error.what(),
                 "x.ttf: the font has no character map; restore the file from the distribution.");
  }
}

TEST(GlyphCoverage, SurvivesTruncationAnywhere) {
  const auto bytes = core::read_file(core::data_file("fonts/PatinaSans.ttf"));
  for (std::size_t size = 0; size < 4000; size += 13) {
    const std::vector<std::uint8_t> part(bytes.begin(),
                                         bytes.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_THROW(GlyphCoverage(part, "x.ttf"), core::Error);
  }
}

}  // namespace
}  // namespace patina::report
