// SPDX-License-Identifier: Apache-2.0
#include "images/containers/tiff_structure.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace patina::images {
namespace {

constexpr std::size_t kEntryBytes = 12;

/// Bytes of one element by type number, 0 for types TIFF 6.0 does not know.
constexpr std::array<std::size_t, 14> kTypeBytes = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4};

bool is_directory_tag(std::uint16_t tag) {
  return tag == tiff_tag::kExifDirectory || tag == tiff_tag::kGPSDirectory ||
         tag == tiff_tag::kInteropDirectory;
}

/// Tags of IFD0 that tell about the picture rather than the layout of its samples: names, camera,
/// dates, author, copyright, rating and the titles Windows writes.
constexpr std::array<std::uint16_t, 22> kDescriptiveTags = {269,
                                                            270,
                                                            271,
                                                            272,
                                                            tiff_tag::kOrientation,
                                                            285,
                                                            305,
                                                            306,
                                                            315,
                                                            316,
                                                            18246,
                                                            18249,
                                                            33432,
                                                            tiff_tag::kExifDirectory,
                                                            tiff_tag::kGPSDirectory,
                                                            40091,
                                                            40092,
                                                            40093,
                                                            40094,
                                                            40095,
                                                            tiff_tag::kInteropDirectory,
                                                            50341};

/// TransferFunction, WhitePoint, PrimaryChromaticities, IPTC, Photoshop image resources.
constexpr std::array<std::uint16_t, 5> kCaptionAndColourTags = {301, 318, 319, 33723, 34377};

/// Copies fields until they hold as many bytes as the block does: entries of a hostile block may
/// share one large value.
class FieldCopier {
 public:
  explicit FieldCopier(const TIFFStructure& structure)
      : structure_(structure), budget_(structure.size()) {}

  std::vector<TIFFField> copy(std::size_t directory, int depth) {
    std::vector<TIFFField> fields;
    for (const TIFFEntry& entry : structure_.entries(directory)) add(entry, depth, fields);
    return fields;
  }

  void add(const TIFFEntry& entry, int depth, std::vector<TIFFField>& fields) {
    if (entry.value_bytes > budget_) return;
    budget_ -= entry.value_bytes;
    TIFFField field{entry.tag, entry.type, entry.count, structure_.value(entry), {}};
    if (is_directory_tag(entry.tag)) {
      if (depth > 0) field.children = copy(structure_.number(entry), depth - 1);
      if (field.children.empty()) return;
    }
    fields.push_back(std::move(field));
  }

 private:
  const TIFFStructure& structure_;
  std::size_t budget_;
};

template <typename Tags>
std::vector<TIFFField> copy_fields(const TIFFStructure& structure,
                                   std::size_t directory,
                                   const Tags& tags) {
  constexpr int kDirectoryDepth = 2;  // EXIF, and interoperability below it.
  FieldCopier copier(structure);
  std::vector<TIFFField> fields;
  for (const TIFFEntry& entry : structure.entries(directory)) {
    const bool wanted = std::find(tags.begin(), tags.end(), entry.tag) != tags.end();
    if (wanted) copier.add(entry, kDirectoryDepth, fields);
  }
  return fields;
}

void pad_to_even(core::Bytes& out) {
  if (out.size() % 2 != 0) out.push_back(0);
}

void append_entry_head(core::Bytes& out, const TIFFField& field, core::ByteOrder order) {
  core::append_u16(out, field.tag, order);
  core::append_u16(out, field.children.empty() ? field.type : tiff_type::kLong, order);
  core::append_u32(out, field.children.empty() ? field.count : 1, order);
}

}  // namespace

std::optional<TIFFStructure> TIFFStructure::open(const core::ByteReader& block) {
  const bool little = block.starts_with(0, std::string_view("II*\0", 4));
  if (!little && !block.starts_with(0, std::string_view("MM\0*", 4))) return std::nullopt;
  const TIFFStructure structure(block, little ? core::ByteOrder::kLittle : core::ByteOrder::kBig);
  if (structure.first_directory() < 8 || !block.has(structure.first_directory(), 2)) {
    return std::nullopt;
  }
  return structure;
}

std::size_t TIFFStructure::next_directory(std::size_t directory) const {
  const std::size_t count = reader_.u16(directory, order_);
  return reader_.u32(directory + 2 + count * kEntryBytes, order_);
}

std::optional<TIFFEntry> TIFFStructure::entry_at(std::size_t offset) const {
  TIFFEntry entry;
  entry.entry_offset = offset;
  entry.tag = reader_.u16(offset, order_);
  entry.type = reader_.u16(offset + 2, order_);
  entry.count = reader_.u32(offset + 4, order_);
  if (entry.type >= kTypeBytes.size() || kTypeBytes[entry.type] == 0) return std::nullopt;
  entry.value_bytes = kTypeBytes[entry.type] * entry.count;
  entry.value_offset = entry.value_bytes <= 4 ? offset + 8 : reader_.u32(offset + 8, order_);
  return entry;
}

std::vector<TIFFEntry> TIFFStructure::entries(std::size_t directory) const {
  std::vector<TIFFEntry> found;
  if (directory < 8 || !reader_.has(directory, 2)) return found;
  const std::size_t count = reader_.u16(directory, order_);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t offset = directory + 2 + i * kEntryBytes;
    if (!reader_.has(offset, kEntryBytes)) break;
    const auto entry = entry_at(offset);
    const bool usable = entry && entry->count > 0 &&
                        reader_.has(entry->value_offset, entry->value_bytes);
    if (usable) found.push_back(*entry);
  }
  return found;
}

bool TIFFStructure::is_whole(std::size_t directory) const {
  constexpr int kDirectories = 8;  // More than a file has; bounds the walk of a circular one.
  std::vector<std::size_t> open = {directory};
  for (int visited = 0; !open.empty() && visited < kDirectories; ++visited) {
    const std::size_t at = open.back();
    open.pop_back();
    const std::size_t count = reader_.u16(at, order_);
    if (!reader_.has(at, 2 + count * kEntryBytes + 4)) return false;
    for (std::size_t i = 0; i < count; ++i) {
      const auto entry = entry_at(at + 2 + i * kEntryBytes);
      if (!entry) continue;  // A type of another standard: its length is unknown.
      if (!reader_.has(entry->value_offset, entry->value_bytes)) return false;
      if (is_directory_tag(entry->tag)) open.push_back(number(*entry));
    }
  }
  return true;
}

std::optional<TIFFEntry> TIFFStructure::find(std::size_t directory, std::uint16_t tag) const {
  for (const TIFFEntry& entry : entries(directory)) {
    if (entry.tag == tag) return entry;
  }
  return std::nullopt;
}

std::uint32_t TIFFStructure::number(const TIFFEntry& entry, std::size_t index) const {
  if (index >= entry.count) return 0;
  if (entry.type == tiff_type::kByte) return reader_.u8(entry.value_offset + index);
  if (entry.type == tiff_type::kShort) return reader_.u16(entry.value_offset + 2 * index, order_);
  const bool is_long = entry.type == tiff_type::kLong || entry.type == 13;  // 13: IFD.
  return is_long ? reader_.u32(entry.value_offset + 4 * index, order_) : 0;
}

double TIFFStructure::rational(const TIFFEntry& entry) const {
  if (entry.type != tiff_type::kRational) return number(entry);
  const double numerator = reader_.u32(entry.value_offset, order_);
  const double denominator = reader_.u32(entry.value_offset + 4, order_);
  return denominator > 0.0 ? numerator / denominator : 0.0;
}

core::Bytes TIFFStructure::value(const TIFFEntry& entry) const {
  return reader_.copy(entry.value_offset, entry.value_bytes);
}

std::uint32_t TIFFStructure::number_or(std::size_t directory,
                                       std::uint16_t tag,
                                       std::uint32_t fallback) const {
  const auto entry = find(directory, tag);
  return entry ? number(*entry) : fallback;
}

std::uint32_t append_directory(core::Bytes& out,
                               std::vector<TIFFField> fields,
                               core::ByteOrder order) {
  std::stable_sort(fields.begin(), fields.end(), [](const TIFFField& a, const TIFFField& b) {
    return a.tag < b.tag;
  });
  pad_to_even(out);
  const std::size_t directory = out.size();
  core::append_u16(out, static_cast<std::uint32_t>(fields.size()), order);
  for (const TIFFField& field : fields) {
    append_entry_head(out, field, order);
    core::Bytes inlined = field.value.size() <= 4 && field.children.empty() ? field.value
                                                                            : core::Bytes();
    inlined.resize(4);
    core::append(out, inlined);
  }
  core::append_u32(out, 0, order);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::size_t slot = directory + 2 + i * kEntryBytes + 8;
    if (!fields[i].children.empty()) {
      const std::uint32_t child = append_directory(out, fields[i].children, order);
      store_u32(out, slot, child, order);
    } else if (fields[i].value.size() > 4) {
      pad_to_even(out);
      store_u32(out, slot, static_cast<std::uint32_t>(out.size()), order);
      core::append(out, fields[i].value);
    }
  }
  return static_cast<std::uint32_t>(directory);
}

TIFFField short_field(std::uint16_t tag, std::uint32_t value, core::ByteOrder order) {
  TIFFField field{tag, tiff_type::kShort, 1, {}, {}};
  core::append_u16(field.value, value, order);
  return field;
}

TIFFField long_field(std::uint16_t tag, std::uint32_t value, core::ByteOrder order) {
  TIFFField field{tag, tiff_type::kLong, 1, {}, {}};
  core::append_u32(field.value, value, order);
  return field;
}

TIFFField bytes_field(std::uint16_t tag, std::uint16_t type, core::Bytes value) {
  const auto count = static_cast<std::uint32_t>(value.size());
  return {tag, type, count, std::move(value), {}};
}

core::Bytes tiff_magic(core::ByteOrder order) {
  core::Bytes out;
  core::append(out, order == core::ByteOrder::kLittle ? "II" : "MM");
  core::append_u16(out, 42, order);
  return out;
}

std::vector<TIFFField> descriptive_fields(const TIFFStructure& structure, std::size_t directory) {
  return copy_fields(structure, directory, kDescriptiveTags);
}

std::vector<TIFFField> caption_and_colour_fields(const TIFFStructure& structure,
                                                 std::size_t directory) {
  return copy_fields(structure, directory, kCaptionAndColourTags);
}

core::Bytes make_block(std::vector<TIFFField> fields, core::ByteOrder order) {
  if (fields.empty()) return {};
  core::Bytes out = tiff_magic(order);
  core::append_u32(out, 8, order);
  append_directory(out, std::move(fields), order);
  return out;
}

}  // namespace patina::images
