// SPDX-License-Identifier: Apache-2.0
// TIFF in [TIFF 6.0]: the directory is checked and the metadata are read here, pixels in
// tiff_pixels.
#include <string>
#include <utility>

#include "images/codecs/image_formats.h"
#include "images/codecs/tiff_pixels.h"
#include "images/containers/exif.h"
#include "images/containers/tiff_structure.h"

namespace patina::images {
namespace {

constexpr int kMaxPages = 1000;
constexpr std::uint32_t kReducedImage = 1;

TIFFStructure open_structure(const core::Bytes& bytes, const std::string& where) {
  const core::ByteReader reader(bytes);
  if (reader.u8(2) == 43 || reader.u8(3) == 43) {
    throw unsupported_variety(where, "BigTIFF is not handled");
  }
  const auto structure = TIFFStructure::open(bytes);
  if (!structure) throw truncated(where);
  return *structure;
}

void check_one_page(const TIFFStructure& structure, const std::string& where) {
  int pages = 0;
  std::size_t directory = structure.first_directory();
  for (int visited = 0; directory != 0 && visited < kMaxPages; ++visited) {
    const std::uint32_t kind = structure.number_or(directory, tiff_tag::kSubfileType, 0);
    if (visited == 0 || (kind & kReducedImage) == 0) ++pages;
    directory = structure.next_directory(directory);
  }
  if (pages > 1) throw animated(where, std::to_string(pages) + " pages, only one is handled");
}

void check_complete(const TIFFStructure& structure, const std::string& where) {
  const std::size_t ifd0 = structure.first_directory();
  if (!structure.is_whole(ifd0)) throw truncated(where);
  const bool tiled = structure.find(ifd0, tiff_tag::kTileOffsets).has_value();
  const auto offsets = structure.find(ifd0,
                                      tiled ? tiff_tag::kTileOffsets : tiff_tag::kStripOffsets);
  const auto sizes = structure.find(ifd0,
                                    tiled ? tiff_tag::kTileByteCounts : tiff_tag::kStripByteCounts);
  if (!offsets || !sizes || offsets->count != sizes->count) throw truncated(where);
  for (std::size_t i = 0; i < offsets->count; ++i) {
    const std::uint64_t end = std::uint64_t{structure.number(*offsets, i)} +
                              structure.number(*sizes, i);
    if (end > structure.size()) throw truncated(where);
  }
}

core::Bytes value_of(const TIFFStructure& structure, std::uint16_t tag) {
  const auto entry = structure.find(structure.first_directory(), tag);
  return entry ? structure.value(*entry) : core::Bytes();
}

ImageMetadata read_metadata(const core::Bytes& bytes, const TIFFStructure& structure) {
  const std::size_t ifd0 = structure.first_directory();
  ImageMetadata metadata;
  metadata.icc = value_of(structure, tiff_tag::kICC);
  metadata.xmp = value_of(structure, tiff_tag::kXMP);
  std::vector<TIFFField> fields = descriptive_fields(structure, ifd0);
  const bool only_orientation = fields.size() == 1 && fields[0].tag == tiff_tag::kOrientation;
  if (!only_orientation) metadata.exif = make_block(std::move(fields), structure.order());
  metadata.container = ImageFormat::kTIFF;
  metadata.container_blocks = make_block(caption_and_colour_fields(structure, ifd0),
                                         structure.order());
  const Resolution stated = tiff_resolution(bytes);
  metadata.dpi_x = stated.dpi_x;
  metadata.dpi_y = stated.dpi_y;
  return metadata;
}

}  // namespace

ImageHeader tiff_header(const core::Bytes& bytes, const std::string& where) {
  const TIFFStructure structure = open_structure(bytes, where);
  const std::size_t ifd0 = structure.first_directory();
  const std::uint32_t width = structure.number_or(ifd0, tiff_tag::kWidth, 0);
  const std::uint32_t height = structure.number_or(ifd0, tiff_tag::kHeight, 0);
  if (width == 0 || height == 0 || width > 0x7FFFFFFF || height > 0x7FFFFFFF) {
    throw damaged(where, "it states no plausible size");
  }
  return {ImageFormat::kTIFF, static_cast<int>(width), static_cast<int>(height)};
}

StoredImage decode_tiff(const core::Bytes& bytes, const std::string& where) {
  const TIFFStructure structure = open_structure(bytes, where);
  const ImageHeader header = tiff_header(bytes, where);
  check_one_page(structure, where);
  check_complete(structure, where);
  StoredImage stored;
  stored.file.metadata = read_metadata(bytes, structure);
  read_tiff_pixels(bytes, header, where, stored.file);
  if (structure.find(structure.first_directory(), tiff_tag::kC2PA)) {
    stored.file.remarks.emplace_back(kRemarkOnC2PA);
  }
  const std::uint32_t orientation = structure.number_or(
      structure.first_directory(), tiff_tag::kOrientation, 1);
  stored.orientation = orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation) : 1;
  return stored;
}

}  // namespace patina::images
