// SPDX-License-Identifier: Apache-2.0
// Damaged, oversized and foreign bytes are refused with one sentence; nothing crashes.
#include <array>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/byte_reader.h"
#include "core/error.h"
#include "images/image_io.h"
#include "tests/core/caught.h"
#include "tests/images/image_samples.h"

namespace patina::images {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

struct Subject {
  const char* name;
  ImageFormat format;
  bool lossless;
};

class DamagedImage : public testing::TestWithParam<Subject> {
 protected:
  static core::Bytes whole() {
    ImageFile file = sample_file(GetParam().format);
    file.encoding.lossless = GetParam().lossless;
    file.encoding.progressive = true;
    file.metadata.icc = icc_profile("RGB ", 200);
    file.metadata.exif = exif_block(6);
    return encode_image(file);
  }
};

TEST_P(DamagedImage, IsRefusedWhenCutAnywhere) {
  const core::Bytes bytes = whole();
  for (std::size_t eighth = 0; eighth < 8; ++eighth) {
    const std::size_t size = bytes.size() * eighth / 8;
    const core::Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    const core::Error error = core::caught([&] { decode_image(cut, "cut"); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kInput) << eighth << ": " << error.what();
    EXPECT_THAT(error.what(), StartsWith("cut: ")) << eighth;
  }
}

TEST_P(DamagedImage, IsRefusedWithoutItsLastBytes) {
  core::Bytes bytes = whole();
  bytes.resize(bytes.size() - 3);
  EXPECT_EQ(core::caught([&] { decode_image(bytes, "cut"); }).kind(), core::ErrorKind::kInput);
}

TEST_P(DamagedImage, NeverCrashesOnFlippedBits) {
  const core::Bytes bytes = whole();
  std::minstd_rand random(7);
  for (int i = 0; i < 300; ++i) {
    core::Bytes flipped = bytes;
    const std::size_t bit = random() % (flipped.size() * 8);
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    try {
      decode_image(flipped, "flipped", {1 << 20, 1 << 20, 1});
    } catch (const core::Error& error) {
      EXPECT_TRUE(error.kind() == core::ErrorKind::kInput ||
                  error.kind() == core::ErrorKind::kUnsupported)
          << error.what();
    }
  }
}

TEST_P(DamagedImage, NeverCrashesOnRandomBytesInItsHead) {
  const core::Bytes bytes = whole();
  std::minstd_rand random(11);
  for (int i = 0; i < 300; ++i) {
    core::Bytes changed = bytes;
    for (int k = 0; k < 4; ++k) {
      changed[12 + random() % 100] = static_cast<std::uint8_t>(random());
    }
    try {
      decode_image(changed, "changed", {1 << 20, 1 << 20, 1});
    } catch (const core::Error& error) {
      EXPECT_TRUE(error.kind() == core::ErrorKind::kInput ||
                  error.kind() == core::ErrorKind::kUnsupported)
          << error.what();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Formats,
                         DamagedImage,
                         testing::Values(Subject{"JPEG", ImageFormat::kJPEG, false},
                                         Subject{"PNG", ImageFormat::kPNG, true},
                                         Subject{"WebPLossless", ImageFormat::kWebP, true},
                                         Subject{"WebPLossy", ImageFormat::kWebP, false},
                                         Subject{"TIFF", ImageFormat::kTIFF, true},
                                         Subject{"BMP", ImageFormat::kBMP, true}),
                         [](const auto& param) { return std::string(param.param.name); });

std::string refusal(const core::Bytes& bytes, const ImageLimits& limits = {}) {
  return core::caught_text([&] { decode_image(bytes, "photo", limits); });
}

/// CRC-32 bit by bit, polynomial 0xEDB88320 [ISO/IEC 15948, Annex D].
std::uint32_t crc32(const core::Bytes& bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int k = 0; k < 8; ++k) {
      crc = (crc & 1U) != 0 ? crc >> 1 ^ 0xEDB88320U : crc >> 1;
    }
  }
  return ~crc;
}

void put_big_endian(core::Bytes& out, std::uint32_t value) {
  for (const int shift : {24, 16, 8, 0}) {
    out.push_back(static_cast<std::uint8_t>(value >> shift & 0xFFU));
  }
}

/// A PNG of 57 bytes that claims any size.
core::Bytes bomb(std::uint32_t width, std::uint32_t height) {
  core::Bytes header = bytes_of("IHDR");
  put_big_endian(header, width);
  put_big_endian(header, height);
  header.insert(header.end(), {8, 2, 0, 0, 0});
  core::Bytes out = bytes_of("\x89PNG\r\n\x1A\n");
  for (const core::Bytes& chunk : {header, bytes_of("IDAT"), bytes_of("IEND")}) {
    put_big_endian(out, static_cast<std::uint32_t>(chunk.size() - 4));
    out.insert(out.end(), chunk.begin(), chunk.end());
    put_big_endian(out, crc32(chunk));
  }
  return out;
}

TEST(ImageLimits, RefuseABombByItsHeader) {
  EXPECT_EQ(
      refusal(bomb(20000, 20000)),
      "photo: 20000x20000 pixels, the limit is 8192x8192 (67108864 pixels); reduce it first.");
  EXPECT_THAT(refusal(bomb(0x7FFFFFFF, 0x7FFFFFFF)), HasSubstr("the limit is 8192x8192"));
  EXPECT_THAT(refusal(bomb(0x80000000, 1)), HasSubstr("impossible size"));
  EXPECT_THAT(refusal(bomb(0, 5)), HasSubstr("impossible size"));
}

TEST(ImageLimits, AreCheckedInEveryFormat) {
  for (const ImageFormat format : {ImageFormat::kJPEG,
                                   ImageFormat::kPNG,
                                   ImageFormat::kWebP,
                                   ImageFormat::kTIFF,
                                   ImageFormat::kBMP}) {
    EXPECT_EQ(refusal(encode_image(sample_file(format)), {116, 1 << 20, 1}),
              "photo: 13x9 pixels, the limit is 116 pixels; reduce it first.");
    EXPECT_EQ(refusal(encode_image(sample_file(format)), {1000, 1 << 20, 10}),
              "photo: 13x9 pixels, each side needs at least 10; use a larger image.");
  }
}

TEST(ImageLimits, CountTheBytesOfTheFile) {
  EXPECT_EQ(refusal(bomb(1, 1), {1000, 56, 1}),
            "photo: 57 bytes, the limit is 56; reduce it first.");
}

TEST(ImageLimits, AdmitAnImageOfExactlyTheLimit) {
  const core::Bytes bytes = encode_image(sample_file(ImageFormat::kPNG));
  EXPECT_EQ(decode_image(bytes, "photo", {117, bytes.size(), 9}).image.width_px, 13);
}

TEST(DecodeImage, RefusesWhatIsNoImage) {
  const char* const expected =
      "photo: not a JPEG, PNG, WebP, TIFF or BMP image; leave it out or save it in one of these "
      "formats.";
  EXPECT_EQ(refusal(bytes_of("<!doctype html><html>404</html>")), expected);
  EXPECT_EQ(refusal(bytes_of("GIF89a..............")), expected);
  EXPECT_EQ(refusal(bytes_of("x")), expected);
  EXPECT_EQ(refusal({}), "photo: empty file, not an image; copy it again.");
}

TEST(DecodeImage, RefusesMoreThanOnePicture) {
  EXPECT_EQ(refusal(foreign_file("animated.png")),
            "photo: animated PNG, only still pictures are handled; save each picture as a file of "
            "its own.");
  EXPECT_EQ(refusal(foreign_file("animated.webp")),
            "photo: animated WebP, only still pictures are handled; save each picture as a file of "
            "its own.");
  EXPECT_EQ(refusal(foreign_file("two_pages.tif")),
            "photo: 2 pages, only one is handled; save each picture as a file of its own.");
}

TEST(DecodeImage, RefusesBigTIFFAsUnsupported) {
  core::Bytes bytes = bytes_of(std::string("II\x2B\0\x08\0\0\0", 8));
  bytes.resize(64);
  const core::Error error = core::caught([&] { decode_image(bytes, "photo"); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kUnsupported);
  EXPECT_THAT(error.what(), StartsWith("photo: BigTIFF is not handled; save it as"));
}

TEST(DecodeImage, NoticesAJPEGWhoseEndWasCutAndClosedAgain) {
  core::Bytes bytes = encode_image(sample_file(ImageFormat::kJPEG));
  bytes.resize(bytes.size() - 120);
  bytes.insert(bytes.end(), {0xFF, 0xD9});
  EXPECT_EQ(refusal(bytes), "photo: damaged image: compressed data are missing; export it again.");
}

TEST(DecodeImage, AdmitsBytesBehindTheEndOfAJPEG) {
  core::Bytes bytes = encode_image(sample_file(ImageFormat::kJPEG));
  bytes.insert(bytes.end(), 1000, 0x41);
  EXPECT_EQ(decode_image(bytes, "photo").image.width_px, 13);
}

TEST(DecodeImage, ChecksTheSumOfACriticalChunkOnly) {
  ImageFile file = sample_file(ImageFormat::kPNG);
  file.metadata.dpi_x = file.metadata.dpi_y = 300.0;
  core::Bytes bytes = encode_image(file);
  const auto offset_of = [&](const std::string& type) {
    const auto at = std::search(bytes.begin(), bytes.end(), type.begin(), type.end());
    return static_cast<std::size_t>(at - bytes.begin());
  };
  bytes[offset_of("pHYs") + 5] ^= 1U;
  EXPECT_EQ(decode_image(bytes, "photo").metadata.dpi_x, 0.0);
  bytes[offset_of("IDAT") + 20] ^= 1U;
  EXPECT_EQ(refusal(bytes),
            "photo: damaged image: the checksum of chunk \"IDAT\" is wrong; export it again.");
}

TEST(DecodeImage, BoundsWhatACompressedProfileExpandsTo) {
  ImageFile file = sample_file(ImageFormat::kPNG);
  file.metadata.icc = icc_profile("RGB ", 17U << 20);
  std::fill(file.metadata.icc.begin() + 128, file.metadata.icc.end(), std::uint8_t{0});
  EXPECT_TRUE(decode_image(encode_image(file), "photo").metadata.icc.empty());
}

TEST(DecodeImage, WritesNothingToStandardError) {
  testing::internal::CaptureStderr();
  for (const ImageFormat format : {ImageFormat::kJPEG, ImageFormat::kWebP, ImageFormat::kTIFF}) {
    core::Bytes bytes = encode_image(sample_file(format));
    for (std::size_t i = bytes.size() / 2; i < bytes.size(); i += 7) {
      bytes[i] ^= 0x55U;
    }
    try {
      decode_image(bytes, "photo");
    } catch (const core::Error&) {  // The point here is what is not printed.
    }
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace patina::images
