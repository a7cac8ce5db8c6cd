// SPDX-License-Identifier: Apache-2.0
#include "core/deflate.h"

#include <gtest/gtest.h>

#include "core/rng.h"
#include "tests/core/caught.h"

namespace patina::core {
namespace {

// The text and its forms from Python 3.11: zlib.compress(text, 9), and zlib.compressobj(9,
// zlib.DEFLATED, wbits) with wbits 31 and -15.
const std::string kText = "patina patina patina patina";
const std::string kZlibForm(
    "\x78\xda\x2b\x48\x2c\xc9\xcc\x4b\x54\x28\xc0\x42\x01\x00\x91\x11\x0a\x55", 18);
const std::string kGzipForm(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x2b\x48\x2c\xc9\xcc\x4b\x54\x28\xc0\x42\x01\x00\x74"
    "\x1a\x5a\x91\x1b\x00\x00\x00",
    30);
const std::string kRawForm("\x2b\x48\x2c\xc9\xcc\x4b\x54\x28\xc0\x42\x01\x00", 12);

const std::uint8_t* bytes_of(const std::string& text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

std::string inflated(const std::string& data, std::size_t max_bytes) {
  const auto bytes = inflate_bytes(bytes_of(data), data.size(), max_bytes);
  return bytes ? std::string(bytes->begin(), bytes->end()) : "nothing";
}

// Incompressible, so that it fills several blocks.
std::string noise(std::size_t size) {
  Rng rng(7);
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += static_cast<char>(rng.next_u64() & 0xFFU);
  return text;
}

TEST(InflateBounded, ReadsZlibGzipAndRaw) {
  for (const std::string& form : {kZlibForm, kGzipForm, kRawForm}) {
    EXPECT_EQ(inflate_bounded(form, kText.size(), "x"), kText);
  }
}

TEST(InflateBounded, SaysWhatIsWrong) {
  const auto problem = [](const std::string& data, std::uint64_t max_bytes) {
    return caught_text([&] { inflate_bounded(data, max_bytes, "x"); });
  };
  EXPECT_EQ(problem(kGzipForm, 26), "x: decompresses to more than 26 bytes.");
  EXPECT_EQ(problem(kGzipForm.substr(0, 20), 27), "x: holds compressed data that is cut short.");
  std::string wrong_sum = kGzipForm;
  wrong_sum[22] = '\0';
  EXPECT_EQ(problem(wrong_sum, 27), "x: holds damaged compressed data.");
}

TEST(InflateBytes, ReadsZlibAlone) {
  EXPECT_EQ(inflated(kZlibForm, 27), kText);
  EXPECT_EQ(inflated(kZlibForm, 26), "nothing");
  EXPECT_EQ(inflated(kZlibForm.substr(0, 17), 27), "nothing");
  EXPECT_EQ(inflated(kGzipForm, 27), "nothing");
}

TEST(DeflateBytes, IsUndoneByInflating) {
  for (const std::string& text : {std::string(), kText, noise(300'000)}) {
    for (const DeflateContent content : {DeflateContent::kText, DeflateContent::kDifferences}) {
      const Bytes packed = deflate_bytes(bytes_of(text), text.size(), content);
      const std::string form(packed.begin(), packed.end());
      EXPECT_EQ(inflated(form, text.size()), text);
    }
  }
}

TEST(GzipMember, OfPiecesIsReadBackWithItsLength) {
  const std::string long_text = noise(100'000);  // Only Huffman-coded.
  const std::string first = gzip_member({"pat", "", "ina"});
  const std::string second = gzip_member({long_text, kText});
  const GzipMember read = read_gzip_member(first + second, 1 << 20);
  EXPECT_EQ(read.content, "patina");
  EXPECT_EQ(read.bytes, first.size());
  EXPECT_EQ(read_gzip_member(second, 1 << 20).content, long_text + kText);
  EXPECT_EQ(read_gzip_member(kGzipForm, 27).content, kText);
}

TEST(GzipMember, ThatIsCutShortOrTooLongIsNone) {
  EXPECT_EQ(read_gzip_member(kGzipForm.substr(0, 29), 27).bytes, 0U);
  EXPECT_EQ(read_gzip_member(kGzipForm, 26).bytes, 0U);
  EXPECT_EQ(read_gzip_member(kZlibForm, 27).bytes, 0U);
}

}  // namespace
}  // namespace patina::core
