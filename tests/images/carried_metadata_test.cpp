// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/byte_reader.h"
#include "images/containers/exif.h"
#include "images/image_io.h"
#include "tests/images/image_samples.h"

namespace patina::images {
namespace {

using testing::ElementsAreArray;

const char* const kXMP =
    "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF><dc:creator>Ada \xC3\x96</dc:creator></rdf:RDF>"
    "</x:xmpmeta>";

bool contains(const core::Bytes& haystack, const core::Bytes& needle) {
  return std::search(haystack.begin(), haystack.end(), needle.begin(), needle.end()) !=
         haystack.end();
}

ImageFile with_metadata(ImageFormat format) {
  ImageFile file = sample_file(format);
  file.metadata.icc = icc_profile("RGB ", 1001);
  file.metadata.exif = exif_block(1);
  file.metadata.xmp = bytes_of(kXMP);
  file.metadata.dpi_x = 300.0;
  file.metadata.dpi_y = 150.0;
  return file;
}

ImageFile round_trip(const ImageFile& file) { return decode_image(encode_image(file), "sample"); }

class Metadata : public testing::TestWithParam<ImageFormat> {};

TEST_P(Metadata, BlocksComeBackByteForByte) {
  const ImageFile file = with_metadata(GetParam());
  const ImageMetadata again = round_trip(file).metadata;
  EXPECT_EQ(again.icc, file.metadata.icc);
  EXPECT_EQ(again.exif, file.metadata.exif);
  EXPECT_EQ(again.xmp, file.metadata.xmp);
}

TEST_P(Metadata, ProfilesOfAnotherColourSpaceAreDropped) {
  ImageFile file = with_metadata(GetParam());
  file.metadata.icc = icc_profile("CMYK", 500);
  EXPECT_TRUE(round_trip(file).metadata.icc.empty());
  file.metadata.icc = icc_profile("GRAY", 500);
  EXPECT_TRUE(round_trip(file).metadata.icc.empty());
}

TEST_P(Metadata, AbsentBlocksStayAbsent) {
  const ImageMetadata again = round_trip(sample_file(GetParam())).metadata;
  EXPECT_TRUE(again.icc.empty() && again.exif.empty() && again.xmp.empty());
  EXPECT_TRUE(again.container_blocks.empty());
  EXPECT_EQ(again.dpi_x, 0.0);
}

INSTANTIATE_TEST_SUITE_P(
    Formats,
    Metadata,
    testing::Values(ImageFormat::kJPEG, ImageFormat::kPNG, ImageFormat::kWebP, ImageFormat::kTIFF),
    [](const auto& param) { return std::string(to_string(param.param)); });

TEST(ImageMetadata, OfAGreyImageKeepsAGreyProfile) {
  for (const ImageFormat format : {ImageFormat::kJPEG, ImageFormat::kPNG, ImageFormat::kTIFF}) {
    ImageFile file = sample_file(format, 8, true);
    file.metadata.icc = icc_profile("GRAY", 300);
    EXPECT_EQ(round_trip(file).metadata.icc, file.metadata.icc) << to_string(format);
  }
}

TEST(ImageMetadata, StatesTheResolutionToTheFormatsPrecision) {
  struct Case {
    ImageFormat format;
    double tolerance;  // PNG and BMP count whole pixels per metre: half of 0.0254 dpi.
  };
  for (const Case c : {Case{ImageFormat::kJPEG, 0.0},
                       Case{ImageFormat::kPNG, 0.0128},
                       Case{ImageFormat::kTIFF, 0.0},
                       Case{ImageFormat::kBMP, 0.0128}}) {
    ImageFile file = sample_file(c.format);
    file.metadata.dpi_x = 300.0;
    file.metadata.dpi_y = 72.0;
    const ImageMetadata once = round_trip(file).metadata;
    EXPECT_NEAR(once.dpi_x, 300.0, c.tolerance) << to_string(c.format);
    EXPECT_NEAR(once.dpi_y, 72.0, c.tolerance) << to_string(c.format);
    file.metadata.dpi_x = once.dpi_x;
    EXPECT_EQ(round_trip(file).metadata.dpi_x, once.dpi_x) << "drifts: " << to_string(c.format);
  }
}

TEST(ImageMetadata, OfAJPEGMayCountPerCentimetre) {
  ImageFile file = sample_file(ImageFormat::kJPEG);
  file.metadata.dpi_x = file.metadata.dpi_y = 118.0 * 2.54;
  const core::Bytes bytes = encode_image(file);
  EXPECT_THAT(core::Bytes(bytes.begin() + 13, bytes.begin() + 18),
              ElementsAreArray({2, 0, 118, 0, 118}));
  EXPECT_EQ(decode_image(bytes, "sample").metadata.dpi_x, 118.0 * 2.54);
}

TEST(ImageMetadata, OfAJPEGHoldsProfilesOfManySegments) {
  for (const std::size_t size : {65519U, 65520U, 200000U}) {
    ImageFile file = sample_file(ImageFormat::kJPEG);
    file.metadata.icc = icc_profile("RGB ", size);
    EXPECT_EQ(round_trip(file).metadata.icc, file.metadata.icc) << size;
  }
}

TEST(ImageMetadata, DropsABlockTheFormatHasNoPlaceFor) {
  ImageFile jpeg = sample_file(ImageFormat::kJPEG);
  jpeg.metadata.xmp = core::Bytes(70000, ' ');
  EXPECT_TRUE(round_trip(jpeg).metadata.xmp.empty());
  EXPECT_TRUE(round_trip(with_metadata(ImageFormat::kBMP)).metadata.icc.empty());
}

TEST(ImageMetadata, KeepsCommentsAndCaptionsOfAJPEG) {
  ImageFile file = sample_file(ImageFormat::kJPEG);
  const std::string comment("\xFF\xFE\x00\x07hello", 9);
  const std::string photoshop(
      "\xFF\xED\x00\x14Photoshop 3.0\x00"
      "8BIM",
      22);
  file.metadata.container = ImageFormat::kJPEG;
  file.metadata.container_blocks = bytes_of(photoshop + comment);
  EXPECT_EQ(round_trip(file).metadata.container_blocks, file.metadata.container_blocks);
}

/// A text chunk "Title\0Sea" with its CRC as zlib.crc32 of Python gives it.
core::Bytes text_chunk() {
  return bytes_of(std::string("\0\0\0\x09tEXtTitle\0Sea", 17) + "\x7A\x3A\xBF\xF8");
}

TEST(ImageMetadata, KeepsTextAndColourChunksOfAPNG) {
  ImageFile file = sample_file(ImageFormat::kPNG);
  file.metadata.container_blocks = text_chunk();
  EXPECT_EQ(round_trip(file).metadata.container_blocks, text_chunk());
}

TEST(ImageMetadata, LeavesContainerBlocksOutOfOtherFormats) {
  for (const ImageFormat format : {ImageFormat::kJPEG, ImageFormat::kWebP, ImageFormat::kTIFF}) {
    ImageFile file = sample_file(format);
    file.metadata.container_blocks = text_chunk();
    EXPECT_FALSE(contains(encode_image(file), bytes_of("Title"))) << to_string(format);
  }
}

TEST(ImageMetadata, KeepsColorimetryOfATIFF) {
  const ImageFile file = decode_image(foreign_file("tiled_lzw.tif"), "tiled_lzw.tif");
  EXPECT_FALSE(file.metadata.container_blocks.empty());  // White point and primaries.
  EXPECT_EQ(round_trip(file).metadata.container_blocks, file.metadata.container_blocks);
}

TEST(ImageMetadata, CrossesFromFormatToFormat) {
  for (const ImageFormat to :
       {ImageFormat::kJPEG, ImageFormat::kPNG, ImageFormat::kWebP, ImageFormat::kTIFF}) {
    ImageFile file = round_trip(with_metadata(ImageFormat::kTIFF));
    const ImageMetadata before = file.metadata;
    file.encoding.format = to;
    const ImageMetadata after = round_trip(file).metadata;
    EXPECT_EQ(after.icc, before.icc) << to_string(to);
    EXPECT_EQ(after.exif, before.exif) << to_string(to);
    EXPECT_EQ(after.xmp, before.xmp) << to_string(to);
  }
}

struct Turned {
  int orientation;
  int width;
  core::Bytes upright;
};

// The stored picture is 3 wide and 2 high: 1 2 3 / 4 5 6. Each row says where the visual top left
// lies [Exif 2.32, tag 0x0112]: 2 right, 3 bottom right, 4 bottom; 5..8 have rows for columns.
const Turned kTurned[] = {{1, 3, {1, 2, 3, 4, 5, 6}},
                          {2, 3, {3, 2, 1, 6, 5, 4}},
                          {3, 3, {6, 5, 4, 3, 2, 1}},
                          {4, 3, {4, 5, 6, 1, 2, 3}},
                          {5, 2, {1, 4, 2, 5, 3, 6}},
                          {6, 2, {4, 1, 5, 2, 6, 3}},
                          {7, 2, {6, 3, 5, 2, 4, 1}},
                          {8, 2, {3, 6, 2, 5, 1, 4}}};

ImageFile two_by_three(int bit_depth) {
  ImageFile file;
  file.image = make_image(3, 2, bit_depth);
  auto* words = reinterpret_cast<std::uint16_t*>(file.image.bytes.data());
  for (std::size_t i = 0; i < 18; ++i) {
    const auto value = static_cast<std::uint8_t>(i / 3 + 1);
    if (bit_depth == 16) {
      words[i] = value;
    } else {
      file.image.bytes[i] = value;
    }
  }
  file.alpha = {1, 2, 3, 4, 5, 6};
  return file;
}

TEST(Orientation, IsAppliedToPixelsAndAlpha) {
  for (const ImageFormat format : {ImageFormat::kPNG, ImageFormat::kTIFF, ImageFormat::kWebP}) {
    for (const Turned& c : kTurned) {
      ImageFile file = two_by_three(8);
      file.encoding.format = format;
      file.metadata.exif = exif_block(static_cast<std::uint8_t>(c.orientation));
      const ImageFile upright = round_trip(file);
      EXPECT_EQ(upright.image.width_px, c.width) << c.orientation;
      EXPECT_THAT(upright.alpha, ElementsAreArray(c.upright)) << to_string(format) << c.orientation;
      for (std::size_t i = 0; i < 18; ++i) {
        EXPECT_EQ(upright.image.bytes[i], c.upright[i / 3]) << to_string(format) << c.orientation;
      }
    }
  }
}

TEST(Orientation, IsAppliedAt16Bits) {
  for (const Turned& c : kTurned) {
    ImageFile file = two_by_three(16);
    file.metadata.exif = exif_block(static_cast<std::uint8_t>(c.orientation));
    const ImageFile upright = round_trip(file);
    const auto* words = reinterpret_cast<const std::uint16_t*>(upright.image.bytes.data());
    for (std::size_t i = 0; i < 18; ++i) {
      EXPECT_EQ(words[i], c.upright[i / 3]) << c.orientation;
    }
  }
}

TEST(Orientation, OfAJPEGSwapsSidesAndResolution) {
  ImageFile file = sample_file(ImageFormat::kJPEG);
  file.metadata.exif = exif_block(6);
  file.metadata.dpi_x = 300.0;
  file.metadata.dpi_y = 150.0;
  const ImageFile upright = round_trip(file);
  EXPECT_EQ(upright.image.width_px, 9);
  EXPECT_EQ(upright.image.height_px, 13);
  EXPECT_EQ(upright.metadata.dpi_x, 150.0);
  EXPECT_EQ(upright.metadata.dpi_y, 300.0);
}

TEST(Orientation, TagBecomesOneAndRecordedSidesTradePlaces) {
  ImageFile file = sample_file(ImageFormat::kPNG);
  file.metadata.exif = exif_block(8);
  core::Bytes expected = exif_block(1);
  std::swap_ranges(expected.begin() + 72, expected.begin() + 76, expected.begin() + 84);
  EXPECT_EQ(round_trip(file).metadata.exif, expected);
}

TEST(Orientation, BecomesOneInXMPToo) {
  ImageFile file = sample_file(ImageFormat::kPNG);
  file.metadata.exif = exif_block(3);
  file.metadata.xmp = bytes_of("<a tiff:Orientation=\"3\"/><tiff:Orientation>3</tiff:Orientation>");
  EXPECT_EQ(round_trip(file).metadata.xmp,
            bytes_of("<a tiff:Orientation=\"1\"/><tiff:Orientation>1</tiff:Orientation>"));
}

TEST(Orientation, OutOfRangeIsIgnored) {
  for (const int value : {0, 9, 255}) {
    ImageFile file = two_by_three(8);
    file.metadata.exif = exif_block(static_cast<std::uint8_t>(value));
    EXPECT_THAT(round_trip(file).alpha, ElementsAreArray({1, 2, 3, 4, 5, 6})) << value;
  }
}

TEST(StripGPS, RemovesPointerAndDataAndNothingElse) {
  core::Bytes exif = exif_block(1);
  strip_gps(exif);
  core::Bytes expected = exif_block(1);
  expected[8] = 3;                                                           // One entry less,
  std::fill(expected.begin() + 46, expected.begin() + 62, std::uint8_t{0});  // the last one;
  std::fill(expected.begin() + 92, expected.end(), std::uint8_t{0});  // directory and values.
  EXPECT_EQ(exif, expected);
}

TEST(StripGPS, MovesLaterEntriesUp) {
  core::Bytes exif = exif_block(1);
  exif[22] = 0x25;  // The orientation entry becomes the pointer, before EXIF and the old pointer.
  exif[23] = 0x88;
  exif[24] = 4;
  exif[30] = 92;
  exif[46] = 0x98;  // The old pointer becomes Copyright "abc".
  exif[47] = 0x82;
  exif[48] = 2;
  exif[50] = 4;
  std::copy_n("abc", 4, exif.begin() + 54);
  const core::Bytes before = exif;
  strip_gps(exif);
  EXPECT_EQ(exif[8], 3);
  EXPECT_TRUE(std::equal(exif.begin() + 22, exif.begin() + 46, before.begin() + 34));
}

TEST(StripGPS, SurvivesEveryTruncationAndBitFlip) {
  const core::Bytes whole = exif_block(1);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    core::Bytes exif(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    strip_gps(exif);
    EXPECT_EQ(exif.size(), size);
  }
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    core::Bytes exif = whole;
    exif[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    strip_gps(exif);
    EXPECT_EQ(exif.size(), whole.size());
  }
}

TEST(StripGPS, SparesTheDirectoryAPointerClaimsAsGPS) {
  core::Bytes exif = exif_block(1);
  exif[54] = 8;  // The GPS pointer points at IFD0 itself.
  strip_gps(exif);
  EXPECT_EQ(exif[8], 3);
  EXPECT_TRUE(contains(exif, bytes_of("Ada")));
}

}  // namespace
}  // namespace patina::images
