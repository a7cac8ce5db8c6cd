// SPDX-License-Identifier: Apache-2.0
// One image on its way out, with coatings made up for the purpose: which strength it gets, what the
// size limit does, and what the file keeps.
#include "coat/internal/release.h"

#include <cmath>

#include <gmock/gmock.h>

#include "core/rng.h"
#include "images/image_io.h"
#include "tests/core/caught.h"
#include "tests/images/sample_image.h"

namespace patina::coat {
namespace {

constexpr int kSide = 64;

images::ImageFile grey_file(std::uint8_t level = 128, int bit_depth = 8) {
  images::ImageFile file;
  file.image = images::make_image(kSide, kSide, bit_depth);
  std::fill(file.image.bytes.begin(), file.image.bytes.end(), level);
  return file;
}

/// Up and down by `steps` in turn: its root mean square is `steps` steps.
CoatingPattern chequered(const images::Image& image, int steps) {
  CoatingPattern pattern{image.width_px, image.height_px, {}};
  for (std::size_t i = 0; i < image.sample_count(); ++i) {
    pattern.steps.push_back(static_cast<std::int8_t>(i % 2 == 0 ? steps : -steps));
  }
  return pattern;
}

CoatingPattern random_pattern(const images::Image& image, int steps) {
  core::Rng rng(3);
  CoatingPattern pattern = chequered(image, steps);
  for (std::int8_t& step : pattern.steps) {
    if (rng.bernoulli(0.5)) step = static_cast<std::int8_t>(-step);
  }
  return pattern;
}

/// How far an image is from even grey, in byte levels: what a chequered pattern does to one.
double mean_change(const images::Image& image, double level = 128.0) {
  double sum = 0.0;
  for (const std::uint8_t value : image.bytes) sum += std::abs(value - level);
  return sum / static_cast<double>(image.bytes.size());
}

/// A coating of `steps` steps whose position is the change in levels over `levels_at_centre`.
Coating chequered_coating(int steps, double levels_at_centre) {
  Coating coating;
  coating.pattern = [steps](const images::Image& image) { return chequered(image, steps); };
  coating.read = [levels_at_centre](const images::Image& image) {
    const double position = mean_change(image) / levels_at_centre;
    return Reading{position, std::abs(1.0 - position)};
  };
  return coating;
}

CoatOptions plain_options(double strength, double min_psnr_db) {
  CoatOptions options;
  options.fidelity = {strength, min_psnr_db};
  options.files.max_size_ratio = 1e6;  // Coating even grey costs bytes.
  return options;
}

double strength_of(const Coating& coating, const CoatOptions& options) {
  return make_release(grey_file(), coating, options).image.strength;
}

TEST(ReleaseStrength, IsTheOneGivenWhereNoFidelityIsAskedFor) {
  for (const double strength : {0.5, 1.5, 4.0}) {
    EXPECT_EQ(strength_of(chequered_coating(12, 0.001), plain_options(strength, 0.0)), strength);
  }
}

// One level is 12 steps, so that the strength is the number of levels: of two it is 42.11 dB.
TEST(ReleaseStrength, RisesToTheFidelityAskedFor) {
  Coating coating = chequered_coating(12, 1e9);  // The centre is never reached.
  EXPECT_NEAR(strength_of(coating, plain_options(1.0, 20.0 * std::log10(255.0 / 2.0))), 2.0, 1e-9);
  EXPECT_NEAR(strength_of(coating, plain_options(1.0, 20.0 * std::log10(255.0))), 1.0, 1e-9);
  coating.stops_at_centre = false;
  EXPECT_NEAR(strength_of(coating, plain_options(1.0, 20.0 * std::log10(255.0 / 2.0))), 2.0, 1e-9);
}

TEST(ReleaseStrength, RisesToTwoAndAHalfTimesTheStandardOneAtMost) {
  const Coating coating = chequered_coating(12, 1e9);
  EXPECT_DOUBLE_EQ(strength_of(coating, plain_options(1.0, 20.0)), 2.5);
  EXPECT_DOUBLE_EQ(strength_of(coating, plain_options(0.5, 20.0)), 1.25);
}

TEST(ReleaseStrength, FallsBelowTheStandardOneWhereTheFidelityWantsIt) {
  const Coating coating = chequered_coating(120, 1e9);  // Ten levels at strength 1.
  EXPECT_NEAR(strength_of(coating, plain_options(1.0, 20.0 * std::log10(255.0))), 0.1, 1e-9);
}

// A strength of 1 is 96 steps or 8 levels; the centre lies at 12 levels, a strength of 1.5.
TEST(ReleaseStrength, StopsWhereTheImageReachesTheCentre) {
  EXPECT_NEAR(strength_of(chequered_coating(96, 12.0), plain_options(1.0, 20.0)), 1.5, 0.15 * 1.5);
}

TEST(ReleaseStrength, PassesTheCentreForAMarkThatIsAsStrongAsTheFidelityAllows) {
  Coating coating = chequered_coating(96, 12.0);
  coating.stops_at_centre = false;
  EXPECT_DOUBLE_EQ(strength_of(coating, plain_options(1.0, 20.0)), 2.5);
}

TEST(ReleaseStrength, FallsToTwoFifthsOfTheStandardOneAtLeast) {
  EXPECT_DOUBLE_EQ(strength_of(chequered_coating(96, 0.5), plain_options(1.0, 20.0)), 0.4);
}

TEST(ReleaseStrength, IsTheStrongestWhereTheCoatingLeadsAwayFromTheCentre) {
  Coating coating = chequered_coating(96, 12.0);
  coating.read = [](const images::Image& image) { return Reading{-mean_change(image), 1.0}; };
  EXPECT_DOUBLE_EQ(strength_of(coating, plain_options(1.0, 20.0)), 2.5);
}

TEST(Release, IsWhatAReaderOfItsBytesSees) {
  const CoatedRelease coated = make_release(
      grey_file(), chequered_coating(24, 1e9), plain_options(1.0, 0.0));
  const images::Image read = images::decode_image(coated.release.bytes, "released").image;
  EXPECT_EQ(read.bytes, coated.release.pixels.bytes);
  for (std::size_t i = 0; i < read.bytes.size(); ++i) {
    ASSERT_EQ(read.bytes[i], i % 2 == 0 ? 130 : 126);  // Two levels up and down.
  }
}

// Two levels everywhere are 20 log10(255 / 2) = 42.11 dB.
TEST(Release, IsMeasuredAgainstTheCleanImage) {
  const CoatedImage image =
      make_release(grey_file(), chequered_coating(24, 4.0), plain_options(1.0, 0.0)).image;
  EXPECT_NEAR(image.quality.psnr_db, 42.1102, 1e-3);
  EXPECT_EQ(image.width_px, kSide);
  EXPECT_EQ(image.height_px, kSide);
  EXPECT_DOUBLE_EQ(image.score_clean, 1.0);
  EXPECT_DOUBLE_EQ(image.score_coated, 0.5);
}

// Two levels of 255 are 514 of 65535, and half a step, which 8 bits lose, is 10.7.
TEST(Release, KeepsSixteenBits) {
  Coating coating = chequered_coating(1, 1e9);
  coating.read = [](const images::Image&) { return Reading{}; };
  const CoatedRelease coated = make_release(grey_file(128, 16), coating, plain_options(0.5, 0.0));
  ASSERT_EQ(coated.release.pixels.bit_depth, 16);
  const auto* samples = reinterpret_cast<const std::uint16_t*>(coated.release.pixels.bytes.data());
  EXPECT_EQ(samples[0], 0x8080 + 11);
  EXPECT_EQ(samples[1], 0x8080 - 11);
}

TEST(Release, FadesUntilItsFileIsSmallEnough) {
  Coating coating = chequered_coating(0, 1e9);
  coating.pattern = [](const images::Image& image) { return random_pattern(image, 24); };
  images::ImageFile clean;
  clean.image = images::sample_image(kSide, kSide, 1);
  CoatOptions options = plain_options(4.0, 0.0);
  const CoatedRelease whole = make_release(clean, coating, options);
  EXPECT_EQ(whole.image.strength, 4.0);
  ASSERT_GT(whole.image.size_ratio, 1.1);
  options.files.max_size_ratio = 1.0 + 0.7 * (whole.image.size_ratio - 1.0);
  const CoatedRelease faded = make_release(clean, coating, options);
  EXPECT_LT(faded.image.strength, 4.0);
  EXPECT_GT(faded.image.strength, 0.0);
  EXPECT_LE(faded.image.size_ratio, options.files.max_size_ratio);
  EXPECT_GT(faded.image.quality.psnr_db, whole.image.quality.psnr_db);
}

// Even colour takes a few hundred bytes as a PNG; any coating of it takes thousands.
TEST(Release, KeepsItsSmallestFileWhereNoneIsSmallEnoughAndSaysWhy) {
  Coating coating = chequered_coating(0, 1e9);
  coating.pattern = [](const images::Image& image) { return random_pattern(image, 24); };
  CoatOptions options = plain_options(4.0, 0.0);
  const CoatedRelease whole = make_release(grey_file(), coating, options);
  EXPECT_TRUE(whole.image.remarks.empty());
  options.files.max_size_ratio = 1.3;
  const CoatedRelease faded = make_release(grey_file(), coating, options);
  EXPECT_LT(faded.release.bytes.size(), whole.release.bytes.size());
  EXPECT_FALSE(faded.release.fits);
  ASSERT_EQ(faded.image.remarks.size(), 1U);
  EXPECT_THAT(faded.image.remarks.front(),
              testing::HasSubstr("times as large as the clean one, although its coating was made"));
}

TEST(Release, SizesItsFileAgainstTheOriginalsBytesWhereTheEncodingIsKept) {
  images::ImageFile clean;
  clean.image = images::sample_image(kSide, kSide, 1);
  const auto encoded = static_cast<double>(images::encode_image(clean).size());
  clean.file_bytes = static_cast<std::uint64_t>(2.0 * encoded);
  CoatOptions options = plain_options(1.0, 0.0);
  const CoatedRelease kept = make_release(clean, chequered_coating(12, 1e9), options);
  EXPECT_NEAR(
      kept.image.size_ratio,
      static_cast<double>(kept.release.bytes.size()) / static_cast<double>(clean.file_bytes),
      1e-12);
  options.files.format = images::ImageFormat::kPNG;
  const CoatedRelease asked = make_release(clean, chequered_coating(12, 1e9), options);
  EXPECT_NEAR(
      asked.image.size_ratio, static_cast<double>(asked.release.bytes.size()) / encoded, 1e-12);
}

Coating replacing_coating(std::uint16_t level) {
  Coating coating;
  coating.replaced = [level](const images::Image& image) {
    images::Image other = image;
    if (image.bit_depth == 16) {
      auto* samples = reinterpret_cast<std::uint16_t*>(other.bytes.data());
      std::fill_n(samples, other.sample_count(), level);
    } else {
      std::fill(other.bytes.begin(), other.bytes.end(), static_cast<std::uint8_t>(level));
    }
    return other;
  };
  coating.read = [](const images::Image&) { return Reading{}; };
  return coating;
}

TEST(Release, OfACoatingMadeInOnePieceIsThatPiece) {
  const CoatedRelease bytes = make_release(
      grey_file(), replacing_coating(77), plain_options(0.5, 38.0));
  EXPECT_EQ(bytes.image.strength, 1.0);
  EXPECT_THAT(bytes.release.pixels.bytes, testing::Each(77));
  const CoatedRelease deep = make_release(
      grey_file(128, 16), replacing_coating(0x4D4D), plain_options(0.5, 38.0));
  EXPECT_THAT(deep.release.pixels.bytes, testing::Each(0x4D));
}

// At a share s of the way from 100 to 200 every sample is 100 + 100 s.
TEST(Release, OfACoatingMadeInOnePieceFadesTowardsTheCleanImage) {
  images::ImageFile clean = grey_file(100);
  Coating coating = replacing_coating(0);
  coating.replaced = [](const images::Image& image) {
    images::Image noisy = image;
    core::Rng rng(1);
    for (std::uint8_t& value : noisy.bytes) value = rng.bernoulli(0.5) ? 200 : 100;
    return noisy;
  };
  CoatOptions options = plain_options(1.0, 0.0);
  options.files.max_size_ratio = 1.0;  // Even grey cannot be matched: fades as far as it tries.
  const CoatedRelease faded = make_release(clean, coating, options);
  const double mixed = 100.0 + 100.0 * faded.image.strength;
  EXPECT_THAT(faded.release.pixels.bytes,
              testing::Each(testing::AnyOf(100, static_cast<std::uint8_t>(std::lround(mixed)))));
}

images::ImageFile encoded_as(images::ImageFormat format) {
  images::ImageFile file = grey_file();
  file.encoding.format = format;
  file.encoding.quality_percent = 91;
  return file;
}

TEST(PrepareOutput, KeepsTheEncodingWhereNothingElseIsAskedFor) {
  const images::ImageFile file = prepare_output(encoded_as(images::ImageFormat::kJPEG), {});
  EXPECT_EQ(file.encoding.format, images::ImageFormat::kJPEG);
  EXPECT_EQ(file.encoding.quality_percent, 91);
}

TEST(PrepareOutput, TakesTheFormatAskedFor) {
  CoatOptions options;
  options.files.format = images::ImageFormat::kTIFF;
  EXPECT_EQ(prepare_output(encoded_as(images::ImageFormat::kJPEG), options).encoding.format,
            images::ImageFormat::kTIFF);
}

TEST(PrepareOutput, MakesWebPLosslessUnlessAQualityIsAskedFor) {
  CoatOptions options;
  options.files.format = images::ImageFormat::kWebP;
  images::ImageFile lossy = encoded_as(images::ImageFormat::kJPEG);
  lossy.encoding.lossless = false;
  EXPECT_TRUE(prepare_output(lossy, options).encoding.lossless);
  options.files.quality_percent = 80;
  const images::ImageEncoding encoding = prepare_output(lossy, options).encoding;
  EXPECT_FALSE(encoding.lossless);
  EXPECT_EQ(encoding.quality_percent, 80);
}

TEST(PrepareOutput, LowersTheQualityOfAWebPThatWasLossless) {
  CoatOptions options;
  options.files.quality_percent = 40;
  const images::ImageEncoding encoding =
      prepare_output(encoded_as(images::ImageFormat::kWebP), options).encoding;
  EXPECT_EQ(encoding.format, images::ImageFormat::kWebP);
  EXPECT_EQ(encoding.quality_percent, 40);
  EXPECT_FALSE(encoding.lossless);
}

/// An EXIF block whose one directory holds the pointer to an empty GPS directory (tag 0x8825) at 26,
/// as the TIFF specification 6.0 lays it out, little end first.
std::vector<std::uint8_t> exif_with_gps() {
  return {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x25, 0x88, 4, 0, 1, 0,
          0,   0,   26, 0, 0, 0, 0, 0, 0, 0, 0,    0,    0, 0, 0, 0};
}

bool has_gps_pointer(const std::vector<std::uint8_t>& exif) {
  const std::vector<std::uint8_t> tag = {0x25, 0x88};
  return std::search(exif.begin(), exif.end(), tag.begin(), tag.end()) != exif.end();
}

TEST(PrepareOutput, TakesThePlaceOutWhereToldTo) {
  images::ImageFile file = encoded_as(images::ImageFormat::kJPEG);
  file.metadata.exif = exif_with_gps();
  CoatOptions options;
  EXPECT_TRUE(has_gps_pointer(prepare_output(file, options).metadata.exif));
  options.files.strip_gps = true;
  EXPECT_FALSE(has_gps_pointer(prepare_output(file, options).metadata.exif));
}

}  // namespace
}  // namespace patina::coat
