// SPDX-License-Identifier: Apache-2.0
#include "images/image_io.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/byte_reader.h"
#include "core/error.h"
#include "core/files.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"
#include "tests/images/image_samples.h"

namespace patina::images {
namespace {

TEST(ImageFormatName, RoundTripsAndKnowsTheShortForms) {
  for (const char* name : {"jpeg", "png", "webp", "tiff", "bmp"}) {
    EXPECT_STREQ(to_string(format_from_name(name).value()), name);
  }
  EXPECT_EQ(format_from_name("JPG"), ImageFormat::kJPEG);
  EXPECT_EQ(format_from_name("tif"), ImageFormat::kTIFF);
  EXPECT_EQ(format_from_name("gif"), std::nullopt);
  EXPECT_STREQ(file_extension(ImageFormat::kJPEG), ".jpg");
  EXPECT_STREQ(file_extension(ImageFormat::kTIFF), ".tif");
}

struct RoundTrip {
  ImageFormat format;
  int bit_depth;
  bool grey;
  bool alpha;
};

class LosslessRoundTrip : public testing::TestWithParam<RoundTrip> {};

TEST_P(LosslessRoundTrip, KeepsEverySampleAndTheLayout) {
  const RoundTrip& c = GetParam();
  const ImageFile file = sample_file(c.format, c.bit_depth, c.grey, c.alpha);
  const core::Bytes bytes = encode_image(file);
  const ImageFile again = decode_image(bytes, "sample");
  EXPECT_EQ(again.image.width_px, 13);
  EXPECT_EQ(again.image.height_px, 9);
  EXPECT_EQ(again.image.bit_depth, c.bit_depth);
  EXPECT_EQ(again.image.bytes, file.image.bytes);
  EXPECT_EQ(again.alpha, file.alpha);
  EXPECT_EQ(again.grey, c.grey);
  EXPECT_EQ(again.encoding.format, c.format);
  EXPECT_EQ(again.file_bytes, bytes.size());
}

INSTANTIATE_TEST_SUITE_P(Formats,
                         LosslessRoundTrip,
                         testing::Values(RoundTrip{ImageFormat::kPNG, 8, false, false},
                                         RoundTrip{ImageFormat::kPNG, 8, false, true},
                                         RoundTrip{ImageFormat::kPNG, 8, true, false},
                                         RoundTrip{ImageFormat::kPNG, 8, true, true},
                                         RoundTrip{ImageFormat::kPNG, 16, false, false},
                                         RoundTrip{ImageFormat::kPNG, 16, false, true},
                                         RoundTrip{ImageFormat::kPNG, 16, true, false},
                                         RoundTrip{ImageFormat::kPNG, 16, true, true},
                                         RoundTrip{ImageFormat::kTIFF, 8, false, false},
                                         RoundTrip{ImageFormat::kTIFF, 8, false, true},
                                         RoundTrip{ImageFormat::kTIFF, 8, true, false},
                                         RoundTrip{ImageFormat::kTIFF, 8, true, true},
                                         RoundTrip{ImageFormat::kTIFF, 16, false, false},
                                         RoundTrip{ImageFormat::kTIFF, 16, false, true},
                                         RoundTrip{ImageFormat::kTIFF, 16, true, false},
                                         RoundTrip{ImageFormat::kTIFF, 16, true, true},
                                         RoundTrip{ImageFormat::kBMP, 8, false, false},
                                         RoundTrip{ImageFormat::kBMP, 8, true, false},
                                         RoundTrip{ImageFormat::kWebP, 8, false, false},
                                         RoundTrip{ImageFormat::kWebP, 8, false, true}),
                         [](const testing::TestParamInfo<RoundTrip>& param) {
                           return std::string(to_string(param.param.format)) +
                                  std::to_string(param.param.bit_depth) +
                                  (param.param.grey ? "Grey" : "RGB") +
                                  (param.param.alpha ? "Alpha" : "");
                         });

struct ForeignFile {
  const char* name;
  int bit_depth;
  bool grey;
  bool alpha;
};

class ForeignLossless : public testing::TestWithParam<ForeignFile> {};

/// The samples data/images/README.md promises.
std::vector<unsigned> expected_samples(const ForeignFile& c) {
  std::vector<unsigned> samples;
  const unsigned scale = c.bit_depth == 16 ? 257 : 1;
  for (unsigned y = 0; y < 6; ++y) {
    for (unsigned x = 0; x < 8; ++x) {
      const unsigned grey = 32 * x + y;
      samples.push_back(scale * (c.grey ? grey : 32 * x));
      samples.push_back(scale * (c.grey ? grey : 40 * y));
      samples.push_back(scale * (c.grey ? grey : 20 * (x + y) % 256));
    }
  }
  return samples;
}

std::vector<unsigned> samples_of(const Image& image) {
  if (image.bit_depth == 8) return {image.bytes.begin(), image.bytes.end()};
  const auto* words = reinterpret_cast<const std::uint16_t*>(image.bytes.data());
  return {words, words + image.sample_count()};
}

TEST_P(ForeignLossless, IsReadExactly) {
  const ForeignFile& c = GetParam();
  const ImageFile file = decode_image(foreign_file(c.name), c.name);
  EXPECT_EQ(file.image.width_px, 8);
  EXPECT_EQ(file.image.height_px, 6);
  EXPECT_EQ(file.image.bit_depth, c.bit_depth);
  EXPECT_EQ(file.grey, c.grey);
  EXPECT_EQ(samples_of(file.image), expected_samples(c));
  std::vector<std::uint16_t> alpha;
  for (int i = 0; c.alpha && i < 48; ++i) {
    alpha.push_back(
        static_cast<std::uint16_t>((255 - 10 * (i % 8)) * (c.bit_depth == 16 ? 257 : 1)));
  }
  EXPECT_EQ(file.alpha, alpha);
}

INSTANTIATE_TEST_SUITE_P(Files,
                         ForeignLossless,
                         testing::Values(ForeignFile{"tiled_lzw.tif", 8, false, false},
                                         ForeignFile{"planar16.tif", 16, false, false},
                                         ForeignFile{"big_endian16.tif", 16, false, false},
                                         ForeignFile{"palette.tif", 8, false, false},
                                         ForeignFile{"rgba.tif", 8, false, true},
                                         ForeignFile{"grey_alpha16.tif", 16, true, true},
                                         ForeignFile{"interlaced16.png", 16, false, false},
                                         ForeignFile{"grey_alpha.png", 8, true, true},
                                         ForeignFile{"palette_alpha.png", 8, false, true},
                                         ForeignFile{"rgba.webp", 8, false, true},
                                         ForeignFile{"palette.bmp", 8, false, false},
                                         ForeignFile{"grey.bmp", 8, true, false},
                                         ForeignFile{"rle.bmp", 8, false, false},
                                         ForeignFile{"top_down.bmp", 8, false, false}),
                         [](const testing::TestParamInfo<ForeignFile>& param) {
                           std::string name = param.param.name;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

double worst_difference(const ImageFile& file, const std::vector<unsigned>& expected) {
  double worst = 0.0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    worst = std::max(worst, std::abs(static_cast<double>(file.image.bytes[i]) - expected[i]));
  }
  return worst;
}

TEST(DecodeImage, DividesPremultipliedAlphaOut) {
  const ImageFile file = decode_image(foreign_file("premultiplied.tif"), "premultiplied.tif");
  EXPECT_LE(worst_difference(file, expected_samples({"", 8, false, true})), 1.0);
  EXPECT_EQ(file.alpha[7], 185);
}

TEST(DecodeImage, TakesTheTransparentGreyOfAPNGAsAlpha) {
  const ImageFile file = decode_image(foreign_file("grey_key.png"), "grey_key.png");
  EXPECT_TRUE(file.grey);
  for (std::size_t i = 0; i < 48; ++i) {
    EXPECT_EQ(file.alpha[i], i == 9 ? 0 : 255) << i;  // Value 33 stands at x = 1, y = 1.
  }
}

TEST(DecodeImage, ConvertsCMYKToRGB) {
  const ImageFile file = decode_image(foreign_file("cmyk.jpg"), "cmyk.jpg");
  EXPECT_FALSE(file.grey);
  EXPECT_LE(worst_difference(file, expected_samples({"", 8, false, false})), 40.0);
  EXPECT_NEAR(file.image.bytes[0], 0, 12);             // Black corner.
  EXPECT_NEAR(file.image.bytes[3 * 7], 224, 12);       // R at x = 7.
  EXPECT_NEAR(file.image.bytes[3 * 40 + 1], 200, 12);  // G at y = 5.
}

TEST(DecodeImage, SaysHowAJPEGWasEncoded) {
  const ImageFile grey = decode_image(foreign_file("grey.jpg"), "grey.jpg");
  EXPECT_TRUE(grey.grey);
  EXPECT_EQ(grey.encoding.quality_percent, 90);
  EXPECT_FALSE(grey.encoding.progressive);
  const ImageFile colour = decode_image(foreign_file("progressive422.jpg"), "progressive422.jpg");
  EXPECT_EQ(colour.encoding.quality_percent, 75);
  EXPECT_TRUE(colour.encoding.progressive);
  EXPECT_FALSE(colour.encoding.subsample_chroma);  // 4:2:2 would lose rows as 4:2:0.
}

TEST(DecodeImage, TellsLossyFromLosslessWebP) {
  EXPECT_FALSE(decode_image(foreign_file("lossy.webp"), "lossy.webp").encoding.lossless);
  EXPECT_TRUE(decode_image(foreign_file("rgba.webp"), "rgba.webp").encoding.lossless);
}

TEST(EncodeImage, WritesJPEGsThatAreReadWithTheSameParameters) {
  for (const int quality : {1, 10, 30, 50, 75, 90, 95, 100}) {
    for (const bool subsample : {false, true}) {
      ImageFile file = sample_file(ImageFormat::kJPEG);
      file.encoding.quality_percent = quality;
      file.encoding.subsample_chroma = subsample;
      file.encoding.progressive = subsample;
      const ImageEncoding read = decode_image(encode_image(file), "sample").encoding;
      EXPECT_EQ(read.quality_percent, quality);
      EXPECT_EQ(read.subsample_chroma, subsample);
      EXPECT_EQ(read.progressive, subsample);
    }
  }
}

TEST(EncodeImage, KeepsAGreyJPEGGrey) {
  ImageFile file = sample_file(ImageFormat::kJPEG, 8, true);
  file.encoding.quality_percent = 75;
  const ImageFile again = decode_image(encode_image(file), "sample");
  EXPECT_TRUE(again.grey);
  EXPECT_EQ(again.encoding.quality_percent, 75);
}

TEST(EncodeImage, IsNearlyExactInJPEGOfQuality100) {
  ImageFile file = sample_file(ImageFormat::kJPEG, 8, true);
  file.encoding.quality_percent = 100;
  const ImageFile again = decode_image(encode_image(file), "sample");
  const std::vector<unsigned> expected(file.image.bytes.begin(), file.image.bytes.end());
  EXPECT_LE(worst_difference(again, expected), 2.0);
}

TEST(EncodeImage, StoresTheLumaOfAGreyFile) {
  ImageFile file = sample_file(ImageFormat::kPNG, 8, true);
  file.image.bytes = core::Bytes(file.image.bytes.size(), 0);
  file.image.bytes[0] = 255;  // 0.299 * 255 = 76.2
  file.image.bytes[4] = 255;  // 0.587 * 255 = 149.7
  file.image.bytes[8] = 255;  // 0.114 * 255 = 29.07
  const ImageFile again = decode_image(encode_image(file), "sample");
  EXPECT_EQ(again.image.bytes[0], 76);
  EXPECT_EQ(again.image.bytes[3], 150);
  EXPECT_EQ(again.image.bytes[6], 29);
}

TEST(EncodeImage, GivesTheSameBytesTwice) {
  for (const ImageFormat format : {ImageFormat::kJPEG,
                                   ImageFormat::kPNG,
                                   ImageFormat::kWebP,
                                   ImageFormat::kTIFF,
                                   ImageFormat::kBMP}) {
    const ImageFile file = sample_file(format);
    EXPECT_EQ(encode_image(file), encode_image(file)) << to_string(format);
  }
}

TEST(EncodeImage, RefusesWhatAFormatCannotHold) {
  const auto refusal = [](ImageFormat format, int bit_depth, bool alpha) {
    return core::caught([&] { encode_image(sample_file(format, bit_depth, false, alpha)); });
  };
  EXPECT_STREQ(refusal(ImageFormat::kJPEG, 8, true).what(),
               "jpeg: cannot hold transparency; choose png, webp or tiff.");
  EXPECT_STREQ(refusal(ImageFormat::kWebP, 16, false).what(),
               "webp: cannot hold 16 bits per channel; choose png or tiff.");
  EXPECT_EQ(refusal(ImageFormat::kBMP, 8, true).kind(), core::ErrorKind::kUnsupported);
  EXPECT_EQ(refusal(ImageFormat::kBMP, 16, false).kind(), core::ErrorKind::kUnsupported);
  EXPECT_EQ(refusal(ImageFormat::kJPEG, 16, false).kind(), core::ErrorKind::kUnsupported);
}

TEST(EncodeImage, RefusesSidesAFormatCannotState) {
  ImageFile file;
  file.image = make_image(16384, 1);
  file.encoding.format = ImageFormat::kWebP;
  EXPECT_EQ(core::caught_text([&] { encode_image(file); }),
            "webp: a side is beyond the limit of 16383 pixels; choose png, jpeg or tiff.");
}

TEST(ReadImageHeader, StatesFormatAndSizeOfEveryFormat) {
  for (const ImageFormat format : {ImageFormat::kJPEG,
                                   ImageFormat::kPNG,
                                   ImageFormat::kWebP,
                                   ImageFormat::kTIFF,
                                   ImageFormat::kBMP}) {
    ImageFile file = sample_file(format);
    for (const bool lossless : {true, false}) {
      file.encoding.lossless = lossless;
      const ImageHeader header = read_image_header(encode_image(file), "sample");
      EXPECT_EQ(header.format, format);
      EXPECT_EQ(header.width_px, 13);
      EXPECT_EQ(header.height_px, 9);
    }
  }
}

TEST(ReadImage, ReadsAFileAndNamesItInErrors) {
  const core::ScratchFolder folder;
  core::write_file_atomic(folder / "a.png", encode_image(sample_file(ImageFormat::kPNG)));
  core::write_file_atomic(folder / "b.png", std::string_view("<html>not found</html>"));
  EXPECT_EQ(read_image(folder / "a.png").image.width_px, 13);
  const core::Error error = core::caught([&] { read_image(folder / "b.png"); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kInput);
  EXPECT_EQ(error.where(), (folder / "b.png").string());
}

TEST(ReadImage, ReportsAFileThatCannotBeRead) {
  EXPECT_EQ(core::caught([] { read_image("/no/such/file.png"); }).kind(), core::ErrorKind::kDisk);
}

}  // namespace
}  // namespace patina::images
