// SPDX-License-Identifier: Apache-2.0
#include "images/check.h"

#include <string>

#include <gtest/gtest.h>

#include "images/image_io.h"
#include "tests/images/pictures.h"

namespace patina::images {
namespace {

std::string problem(const std::string& bytes, const ImageLimits& limits = {}) {
  const ImageCheck check = check_image(bytes_of(bytes), limits);
  if (!check.problem.empty()) return check.problem;
  return check.flags.empty() ? "ok" : "ok, " + check.flags.front();
}

TEST(CheckImage, TakesWholeStillImages) {
  EXPECT_EQ(problem(noise_png(1)), "ok");
  EXPECT_EQ(problem(noise_jpeg(1)), "ok");
}

TEST(CheckImage, RefusesWhatIsNoImage) {
  EXPECT_EQ(problem(""), "is empty");
  EXPECT_EQ(problem("<!DOCTYPE html><html>..."), "is HTML or XML, not an image");
  EXPECT_EQ(problem(" \n<svg xmlns=...>"), "is HTML or XML, not an image");
  EXPECT_NE(problem("{\"error\":1}"), "ok");
  EXPECT_NE(problem("GIF89a................"), "ok");
}

TEST(CheckImage, RefusesEveryCutImage) {
  for (const std::string& whole : {noise_png(2, 16), noise_jpeg(2, 16)}) {
    for (std::size_t size = 1; size + 1 < whole.size(); size += 7) {
      EXPECT_NE(problem(whole.substr(0, size)), "ok") << size;
    }
    EXPECT_NE(problem(whole.substr(0, whole.size() - 1)), "ok");
  }
}

TEST(CheckImage, RefusesAnotherFileBehindTheImage) {
  const std::string png = noise_png(3);
  EXPECT_EQ(problem(png + "PK\x03\x04zip"), "has another file behind the image");
  EXPECT_EQ(problem(png + "\n<SCRIPT>alert(1)</script>"), "has another file behind the image");
  EXPECT_EQ(problem(noise_jpeg(3) + "%PDF-1.7"), "has another file behind the image");
  EXPECT_EQ(problem(png + std::string(20, '\0')), "ok, trailing-bytes");
}

TEST(CheckImage, RefusesAJpegOfBytesBetweenItsSegments) {
  const std::string jpeg = noise_jpeg(2, 16);
  constexpr std::size_t kBehindJFIF = 20;  // Start of the image, marker, 16 bytes.
  ASSERT_EQ(jpeg.substr(0, 6), std::string("\xFF\xD8\xFF\xE0\0\x10", 6));
  const std::string head = jpeg.substr(0, kBehindJFIF);
  const std::string rest = jpeg.substr(kBehindJFIF);
  EXPECT_EQ(problem(head + "\xFF" + rest), "ok") << "a fill byte";
  EXPECT_EQ(problem(head + "x" + rest), "is cut short");
}

TEST(CheckImage, TakesAWebpByTheLengthItStates) {
  ImageFile file;
  file.image = make_image(16, 16);
  file.encoding.format = ImageFormat::kWebP;
  const auto bytes = encode_image(file);
  const std::string webp(bytes.begin(), bytes.end());
  EXPECT_EQ(problem(webp), "ok");
  EXPECT_EQ(problem(webp.substr(0, webp.size() - 1)), "is cut short");
  EXPECT_EQ(problem(webp + "x"), "ok, trailing-bytes");
  EXPECT_EQ(problem(webp + "PK\x03\x04zip"), "has another file behind the image");
  // The extended header [RFC 9649, Sec. 2.7.1]: flags, 24 reserved bits, width and height less one.
  const std::string head("VP8X\x0A\0\0\0\x02\0\0\0\x0F\0\0\x0F\0\0", 18);
  const auto size = static_cast<char>(webp.size() - 8 + head.size());
  ASSERT_LT(webp.size(), 100U);
  EXPECT_EQ(
      problem(std::string("RIFF") + size + std::string("\0\0\0WEBP", 7) + head + webp.substr(12)),
      "is an animation");
}

TEST(CheckImage, RefusesAnimations) {
  EXPECT_EQ(problem(with_chunk(noise_png(4), "acTL", std::string(8, '\0'))), "is an animation");
}

TEST(CheckImage, KeepsToItsLimits) {
  ImageLimits limits;
  limits.max_pixels = 63 * 64;
  EXPECT_EQ(problem(noise_png(5), limits), "has 64x64 pixels, 4032 in all are allowed");
  limits = {};
  limits.max_file_bytes = 10;
  EXPECT_NE(problem(noise_png(5), limits), "ok");
}

TEST(IsBlank, KnowsAFiltersPicture) {
  const auto blank = [](const std::string& bytes) {
    const auto data = bytes_of(bytes);
    return is_blank(data, read_image_header(data, "x"));
  };
  EXPECT_TRUE(blank(blank_png()));
  EXPECT_FALSE(blank(noise_png(6)));
  EXPECT_FALSE(blank(noise_png(6, 16))) << "small enough to be decoded";
}

}  // namespace
}  // namespace patina::images
