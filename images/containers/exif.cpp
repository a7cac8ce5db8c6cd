// SPDX-License-Identifier: Apache-2.0
#include "images/containers/exif.h"

#include <algorithm>
#include <array>

#include "images/containers/tiff_structure.h"
#include "images/pixels/image_file.h"

namespace patina::images {
namespace {

constexpr std::size_t kEntryBytes = 12;
constexpr double kCentimetresPerInch = 2.54;

void swap_ranges(core::Bytes& block, std::size_t a, std::size_t b, std::size_t count) {
  const auto first = block.begin() + static_cast<std::ptrdiff_t>(a);
  std::swap_ranges(first,
                   first + static_cast<std::ptrdiff_t>(count),
                   block.begin() + static_cast<std::ptrdiff_t>(b));
}

/// Zeroes a range, sparing the header and the first directory's own table, which a damaged block
/// may claim as GPS data.
void zero_outside_table(core::Bytes& block,
                        std::size_t offset,
                        std::size_t count,
                        std::size_t table,
                        std::size_t table_end) {
  for (std::size_t i = std::max<std::size_t>(offset, 8); i < offset + count && i < block.size();
       ++i) {
    if (i < table || i >= table_end) block[i] = 0;
  }
}

/// Takes one entry out of a directory: what follows it in the table moves up.
void remove_entry(core::Bytes& block,
                  std::size_t directory,
                  std::size_t entry_offset,
                  core::ByteOrder order) {
  const core::ByteReader reader(block);
  const std::size_t count = reader.u16(directory, order);
  const std::size_t end = std::min(directory + 2 + count * kEntryBytes + 4, block.size());
  const auto at = [&](std::size_t offset) {
    return block.begin() + static_cast<std::ptrdiff_t>(offset);
  };
  std::copy(at(entry_offset + kEntryBytes), at(end), at(entry_offset));
  std::fill(at(end - kEntryBytes), at(end), std::uint8_t{0});
  core::Bytes encoded;
  core::append_u16(encoded, static_cast<std::uint32_t>(count - 1), order);
  std::copy(encoded.begin(), encoded.end(), at(directory));
}

void erase_gps(core::Bytes& block, const TIFFStructure& structure, const TIFFEntry& pointer) {
  const std::size_t table = structure.first_directory();
  const core::ByteReader reader(block);
  const std::size_t table_end = table + 2 + reader.u16(table, structure.order()) * kEntryBytes + 4;
  const std::size_t gps = structure.number(pointer);
  const std::vector<TIFFEntry> entries = structure.entries(gps);
  const std::size_t gps_bytes = 2 + reader.u16(gps, structure.order()) * kEntryBytes + 4;
  for (const TIFFEntry& entry : entries) {
    zero_outside_table(block, entry.value_offset, entry.value_bytes, table, table_end);
  }
  if (gps < block.size()) zero_outside_table(block, gps, gps_bytes, table, table_end);
}

}  // namespace

int exif_orientation(const core::Bytes& exif) {
  const auto structure = TIFFStructure::open(exif);
  if (!structure) return 1;
  const std::uint32_t value = structure->number_or(
      structure->first_directory(), tiff_tag::kOrientation, 1);
  return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
}

void set_upright(core::Bytes& exif, bool transposed) {
  const auto structure = TIFFStructure::open(exif);
  if (!structure) return;
  const std::size_t ifd0 = structure->first_directory();
  const auto orientation = structure->find(ifd0, tiff_tag::kOrientation);
  const auto pointer = structure->find(ifd0, tiff_tag::kExifDirectory);
  if (orientation && orientation->type == tiff_type::kShort) {
    const bool big = structure->order() == core::ByteOrder::kBig;
    exif[orientation->value_offset] = big ? 0 : 1;
    exif[orientation->value_offset + 1] = big ? 1 : 0;
  }
  if (!transposed || !pointer) return;
  const std::size_t directory = structure->number(*pointer);
  const auto width = structure->find(directory, tiff_tag::kPixelXDimension);
  const auto height = structure->find(directory, tiff_tag::kPixelYDimension);
  if (width && height && width->type == height->type && width->value_bytes == height->value_bytes &&
      width->value_bytes <= 4) {
    swap_ranges(exif, width->value_offset, height->value_offset, width->value_bytes);
  }
}

void set_upright_xmp(core::Bytes& xmp) {
  for (const std::string_view name :
       {"tiff:Orientation=\"", "tiff:Orientation='", "tiff:Orientation>"}) {
    auto at = std::search(xmp.begin(), xmp.end(), name.begin(), name.end());
    for (; at != xmp.end(); at = std::search(at, xmp.end(), name.begin(), name.end())) {
      at += static_cast<std::ptrdiff_t>(name.size());
      if (at != xmp.end() && *at >= '1' && *at <= '8') *at = '1';
    }
  }
}

Resolution tiff_resolution(const core::Bytes& block) {
  const auto structure = TIFFStructure::open(block);
  if (!structure) return {};
  const std::size_t ifd0 = structure->first_directory();
  const std::uint32_t unit = structure->number_or(ifd0, tiff_tag::kResolutionUnit, 2);
  const auto x = structure->find(ifd0, tiff_tag::kXResolution);
  const auto y = structure->find(ifd0, tiff_tag::kYResolution);
  if (!x || !y || (unit != 2 && unit != 3)) return {};
  const double scale = unit == 3 ? kCentimetresPerInch : 1.0;
  return {structure->rational(*x) * scale, structure->rational(*y) * scale};
}

void strip_gps(core::Bytes& exif) {
  auto structure = TIFFStructure::open(exif);
  while (structure) {
    const std::size_t ifd0 = structure->first_directory();
    const auto pointer = structure->find(ifd0, tiff_tag::kGPSDirectory);
    if (!pointer) return;
    erase_gps(exif, *structure, *pointer);
    remove_entry(exif, ifd0, pointer->entry_offset, structure->order());
    structure = TIFFStructure::open(exif);
  }
}

void remove_thumbnail(core::Bytes& exif) {
  const auto structure = TIFFStructure::open(exif);
  if (!structure) return;
  const std::size_t table = structure->first_directory();
  const core::ByteReader reader(exif);
  const std::size_t link = table + 2 + reader.u16(table, structure->order()) * kEntryBytes;
  const std::size_t directory = structure->next_directory(table);
  if (directory == 0 || !reader.has(link, 4)) return;
  const std::size_t table_end = link + 4;
  const std::size_t offset = structure->number_or(directory, tiff_tag::kThumbnailOffset, 0);
  const std::size_t bytes = structure->number_or(directory, tiff_tag::kThumbnailBytes, 0);
  const std::size_t entries_bytes = 2 + reader.u16(directory, structure->order()) * kEntryBytes + 4;
  for (const TIFFEntry& entry : structure->entries(directory)) {
    zero_outside_table(exif, entry.value_offset, entry.value_bytes, table, table_end);
  }
  if (offset > 0) zero_outside_table(exif, offset, bytes, table, table_end);
  zero_outside_table(exif, directory, entries_bytes, table, table_end);
  core::store_u32(exif, link, 0, structure->order());
  // Most cameras write it last: then it need not be carried as zeros.
  if (offset > table_end && directory < offset && offset + bytes <= exif.size() &&
      offset + bytes + 1 >= exif.size()) {
    exif.resize(offset);
  }
}

}  // namespace patina::images
