// SPDX-License-Identifier: Apache-2.0
// What a published copy must not carry on: the place where its owner asks so, and the former picture.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "images/carried_metadata.h"
#include "images/containers/exif.h"
#include "images/containers/jpeg_segments.h"
#include "images/containers/photoshop.h"
#include "images/containers/png_texts.h"
#include "images/image_io.h"
#include "tests/images/image_samples.h"

namespace patina::images {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string text(const core::Bytes& bytes) { return std::string(bytes.begin(), bytes.end()); }

// Namespaces and names of [Exif 2.32 for XMP; IPTC Photo Metadata 2022.1].
const char* const kPlacedXMP =
    "<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?>"
    "<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
    "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
    "<rdf:Description rdf:about='' xmlns:exif='http://ns.adobe.com/exif/1.0/' "
    "xmlns:photoshop='http://ns.adobe.com/photoshop/1.0/' "
    "xmlns:Iptc4xmpExt='http://iptc.org/std/Iptc4xmpExt/2008-02-29/' "
    "xmlns:Iptc4xmpCore='http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/' "
    "xmlns:drone='http://www.dji.com/drone-dji/1.0/' "
    "xmlns:dc='http://purl.org/dc/elements/1.1/' "
    "exif:GPSLatitude='48,8.0N' photoshop:City='Munich' drone:GpsLongitude='11.5' "
    "drone:RelativeAltitude='3' exif:ExposureTime='1/60'>"
    "<photoshop:Country>Germany</photoshop:Country>"
    "<Iptc4xmpCore:Location>Marienplatz</Iptc4xmpCore:Location>"
    "<Iptc4xmpExt:LocationShown><rdf:Bag><rdf:li rdf:parseType='Resource'>"
    "<Iptc4xmpExt:City>Munich</Iptc4xmpExt:City></rdf:li></rdf:Bag></Iptc4xmpExt:LocationShown>"
    "<dc:creator><rdf:Seq><rdf:li>Ada</rdf:li></rdf:Seq></dc:creator>"
    "</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>";

ImageFile placed(ImageFormat format) {
  ImageFile file = sample_file(format);
  file.metadata.exif = exif_block(1);
  file.metadata.xmp = bytes_of(kPlacedXMP);
  file.metadata.container = format;
  return file;
}

TEST(StripPlace, LeavesNothingOfItInXMPAndKeepsTheRest) {
  ImageFile file = placed(ImageFormat::kWebP);
  strip_place(file);
  const std::string xmp = text(file.metadata.xmp);
  for (const char* gone : {"48,8", "Munich", "11.5", "Germany", "Marienplatz", "LocationShown"}) {
    EXPECT_THAT(xmp, Not(HasSubstr(gone)));
  }
  for (const char* kept : {"1/60", "Ada", "xpacket begin", "xpacket end"}) {
    EXPECT_THAT(xmp, HasSubstr(kept));
  }
}

TEST(StripPlace, KeepsXMPWithoutAPlaceByteForByte) {
  ImageFile file = sample_file(ImageFormat::kPNG);
  file.metadata.xmp = bytes_of(
      "<?xpacket begin=''?><a xmlns:b='c' b:d=\"e\" />\n   <?xpacket end='w'?>");
  const core::Bytes before = file.metadata.xmp;
  strip_place(file);
  EXPECT_EQ(file.metadata.xmp, before);
}

TEST(StripPlace, LeavesOutXMPThatCannotBeRead) {
  ImageFile file = sample_file(ImageFormat::kPNG);
  file.metadata.xmp = bytes_of("<x:xmpmeta><exif:GPSLatitude>48</x:xmpmeta>");
  strip_place(file);
  EXPECT_THAT(file.metadata.xmp, IsEmpty());
}

TEST(StripPlace, FindsPropertiesWhoseNamespaceIsNotDeclared) {
  ImageFile file = sample_file(ImageFormat::kPNG);
  file.metadata.xmp = bytes_of("<x><r exif:GPSLatitude='48' exif:Other='7'/></x>");
  strip_place(file);
  EXPECT_THAT(text(file.metadata.xmp), Not(HasSubstr("48")));
  EXPECT_THAT(text(file.metadata.xmp), HasSubstr("7"));
}

// [IIM 4.2, Sec. 6]: record 2, datasets 80 (by-line), 90 (city), 101 (country).
core::Bytes dataset(int number, const std::string& value) {
  core::Bytes out = {0x1C, 2, static_cast<std::uint8_t>(number)};
  core::append_u16(out, static_cast<std::uint32_t>(value.size()), core::ByteOrder::kBig);
  core::append(out, value);
  return out;
}

core::Bytes captions() {
  core::Bytes out;
  for (const auto& [number, value] :
       {std::pair(80, "Ada"), std::pair(90, "Munich"), std::pair(101, "Germany")}) {
    core::append(out, dataset(number, value));
  }
  return out;
}

core::Bytes resources() {
  return write_resources({{photoshop_id::kCaptions, {}, captions()},
                          {photoshop_id::kThumbnail, {}, bytes_of("former picture")},
                          {photoshop_id::kCaptionDigest, {}, bytes_of("0123456789abcdef")},
                          {0x03ED, bytes_of("n"), bytes_of("resolution")}});
}

TEST(PhotoshopResources, ComeBackAsTheyWere) {
  const core::Bytes block = resources();
  EXPECT_EQ(write_resources(read_resources(block)), block);
  EXPECT_EQ(read_resources(block).size(), 4U);
}

TEST(PhotoshopResources, EndWhereTheyAreDamaged) {
  const core::Bytes block = resources();
  for (std::size_t size = 0; size < block.size(); ++size) {
    const core::Bytes cut(block.begin(), block.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_LT(read_resources(cut).size(), 4U);
  }
}

ImageFile jpeg_with_resources() {
  ImageFile file = sample_file(ImageFormat::kJPEG);
  file.metadata.container = ImageFormat::kJPEG;
  core::Bytes& blocks = file.metadata.container_blocks;
  blocks = {0xFF, jpeg_marker::kApp13};
  core::append_u16(
      blocks,
      static_cast<std::uint32_t>(jpeg_name::kPhotoshop.size() + resources().size() + 2),
      core::ByteOrder::kBig);
  core::append(blocks, jpeg_name::kPhotoshop);
  core::append(blocks, resources());
  return file;
}

TEST(StripPlace, TakesItOutOfTheCaptionsOfAJPEG) {
  ImageFile file = jpeg_with_resources();
  strip_place(file);
  const std::string blocks = text(decode_image(encode_image(file), "x").metadata.container_blocks);
  EXPECT_THAT(blocks, Not(HasSubstr("Munich")));
  EXPECT_THAT(blocks, Not(HasSubstr("Germany")));
  EXPECT_THAT(blocks, Not(HasSubstr("0123456789abcdef"))) << "a digest of what was there";
  EXPECT_THAT(blocks, HasSubstr("Ada"));
  EXPECT_THAT(blocks, HasSubstr("resolution"));
}

TEST(StripPlace, TakesOutTextChunksThatNameIt) {
  ImageFile file = sample_file(ImageFormat::kPNG);
  core::Bytes& blocks = file.metadata.container_blocks;
  for (const std::string& body : {std::string("exif:GPSLatitude\0"
                                              "48/1",
                                              21),
                                  std::string("City\0Munich", 11),
                                  std::string("Author\0Ada", 10)}) {
    append_png_chunk(blocks, "tEXt", bytes_of(body));
  }
  append_raw_profile(blocks, "Raw profile type iptc", captions());
  append_raw_profile(blocks, "Raw profile type 8bim", resources());
  strip_place(file);
  const core::Bytes again = decode_image(encode_image(file), "x").metadata.container_blocks;
  EXPECT_THAT(text(again), Not(HasSubstr("48/1")));
  EXPECT_THAT(text(again), Not(HasSubstr("Munich")));
  EXPECT_THAT(text(again), HasSubstr("Ada"));
  const core::ByteReader reader(again);
  const auto author = png_chunk_at(reader, 0);
  const auto profile = png_chunk_at(reader, author->end());
  EXPECT_EQ(raw_profile(read_png_text(reader, *profile)), dataset(80, "Ada"));
  const auto resources_left = png_chunk_at(reader, profile->end());
  EXPECT_THAT(text(raw_profile(read_png_text(reader, *resources_left))),
              testing::AllOf(HasSubstr("Ada"), Not(HasSubstr("Munich"))));
}

TEST(LeaveOutStale, RemovesWhatImageMagickTellsOfAThumbnail) {
  ImageFile file = sample_file(ImageFormat::kPNG);
  append_png_chunk(file.metadata.container_blocks,
                   "tEXt",
                   bytes_of(std::string("exif:thumbnail:Compression\0"
                                        "6",
                                        28)));
  append_raw_profile(file.metadata.container_blocks, "Raw profile type 8bim", resources());
  leave_out_stale(file);
  const core::ByteReader reader(file.metadata.container_blocks);
  const auto left = png_chunk_at(reader, 0);
  EXPECT_THAT(text(raw_profile(read_png_text(reader, *left))),
              testing::AllOf(HasSubstr("Munich"), Not(HasSubstr("former picture"))));
}

TEST(LeaveOutStale, RemovesTheThumbnailsOfPhotoshop) {
  ImageFile file = jpeg_with_resources();
  leave_out_stale(file);
  EXPECT_THAT(text(file.metadata.container_blocks), Not(HasSubstr("former picture")));
  EXPECT_THAT(text(file.metadata.container_blocks), HasSubstr("Munich"));
}

// IFD0 of one entry, then IFD1 with JPEGInterchangeFormat and its length [Exif 2.32, Sec. 4.5.8].
core::Bytes exif_with_thumbnail(core::ByteOrder order) {
  core::Bytes block;
  core::append(block, order == core::ByteOrder::kLittle ? "II" : "MM");
  core::append_u16(block, 42, order);
  core::append_u32(block, 8, order);
  core::append_u16(block, 1, order);
  core::append_u16(block, 0x0112, order);
  core::append_u16(block, 3, order);
  core::append_u32(block, 1, order);
  core::append_u16(block, 1, order);
  core::append_u16(block, 0, order);
  core::append_u32(block, 26, order);
  core::append_u16(block, 2, order);
  for (const auto& [tag, value] : {std::pair(513U, 56U), std::pair(514U, 14U)}) {
    core::append_u16(block, tag, order);
    core::append_u16(block, 4, order);
    core::append_u32(block, 1, order);
    core::append_u32(block, value, order);
  }
  core::append_u32(block, 0, order);
  core::append(block, "former picture");
  return block;
}

TEST(LeaveOutStale, RemovesTheThumbnailOfEXIFAndItsDirectory) {
  for (const core::ByteOrder order : {core::ByteOrder::kLittle, core::ByteOrder::kBig}) {
    ImageFile file = sample_file(ImageFormat::kJPEG);
    file.metadata.exif = exif_with_thumbnail(order);
    ASSERT_THAT(text(file.metadata.exif), HasSubstr("former picture"));
    leave_out_stale(file);
    EXPECT_THAT(text(file.metadata.exif), Not(HasSubstr("former picture")));
    EXPECT_EQ(file.metadata.exif.size(), 56U) << "it stood at the end";
    EXPECT_EQ(core::ByteReader(file.metadata.exif).u32(22, order), 0U) << "no second directory";
    EXPECT_EQ(exif_orientation(file.metadata.exif), 1);
  }
}

TEST(LeaveOutStale, SurvivesEveryTruncationAndBitFlip) {
  const core::Bytes whole = exif_with_thumbnail(core::ByteOrder::kLittle);
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    core::Bytes exif(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(bit / 8));
    remove_thumbnail(exif);
    exif = whole;
    exif[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    remove_thumbnail(exif);
    EXPECT_LE(exif.size(), whole.size());
  }
}

TEST(LeaveOutStale, RemovesWhatPointsIntoATrailerThatIsNotThere) {
  ImageFile file = sample_file(ImageFormat::kJPEG);
  file.metadata.xmp = bytes_of(
      "<x><r xmlns:G='http://ns.google.com/photos/1.0/camera/' "
      "xmlns:P='http://ns.google.com/photos/1.0/panorama/' "
      "xmlns:h='http://ns.adobe.com/hdr-gain-map/1.0/' G:MotionPhoto='1' G:MicroVideoOffset='9' "
      "h:Version='1.0' P:FullPanoWidthPixels='400'>"
      "<C:Directory xmlns:C='http://ns.google.com/photos/1.0/container/'>video</C:Directory></r></x>");
  leave_out_stale(file);
  const std::string xmp = text(file.metadata.xmp);
  for (const char* gone : {"MotionPhoto=", "MicroVideoOffset=", "h:Version", "video"}) {
    EXPECT_THAT(xmp, Not(HasSubstr(gone)));
  }
  EXPECT_THAT(xmp, HasSubstr("400"));
}

core::Bytes extended_segment() {
  core::Bytes segment = {0xFF, jpeg_marker::kApp1};
  const std::string body = "the rest of a packet";
  core::append_u16(segment,
                   static_cast<std::uint32_t>(jpeg_name::kExtendedXMP.size() + body.size() + 2),
                   core::ByteOrder::kBig);
  core::append(segment, jpeg_name::kExtendedXMP);
  core::append(segment, body);
  return segment;
}

ImageFile with_extended_xmp() {
  ImageFile file = sample_file(ImageFormat::kJPEG);
  file.metadata.container = ImageFormat::kJPEG;
  file.metadata.xmp = bytes_of(
      "<x><r xmlns:n='http://ns.adobe.com/xmp/note/' n:HasExtendedXMP='0123'/></x>");
  file.metadata.container_blocks = extended_segment();
  return file;
}

// [XMP Part 3, Sec. 1.1.3.1]
TEST(ExtendedXMP, StaysWithItsNoteInAJPEG) {
  ImageFile file = with_extended_xmp();
  leave_out_stale(file);
  EXPECT_THAT(file.remarks, IsEmpty());
  const ImageMetadata again = decode_image(encode_image(file), "x").metadata;
  EXPECT_THAT(text(again.xmp), HasSubstr("HasExtendedXMP"));
  EXPECT_EQ(again.container_blocks, extended_segment());
}

TEST(ExtendedXMP, GoesWithItsNoteWhereThereIsNoPlaceForIt) {
  ImageFile file = with_extended_xmp();
  file.encoding.format = ImageFormat::kPNG;
  leave_out_stale(file);
  EXPECT_THAT(text(file.metadata.xmp), Not(HasSubstr("HasExtendedXMP")));
  EXPECT_THAT(file.remarks, ElementsAre(HasSubstr("extended XMP")));
  ImageFile stripped = with_extended_xmp();
  strip_place(stripped);
  EXPECT_THAT(stripped.metadata.container_blocks, IsEmpty());
  EXPECT_THAT(stripped.remarks, ElementsAre(HasSubstr("may name the place")));
}

TEST(LeaveOutStale, SaysWhatOnlyTheFormerFormatHolds) {
  ImageFile file = jpeg_with_resources();
  file.encoding.format = ImageFormat::kWebP;
  leave_out_stale(file);
  EXPECT_THAT(file.remarks, ElementsAre(HasSubstr("only its own format (jpeg) holds")));
}

}  // namespace
}  // namespace patina::images
