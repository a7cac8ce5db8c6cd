// SPDX-License-Identifier: Apache-2.0
#include "report/pdf/glyph_coverage.h"

#include <cstddef>

#include "core/error.h"

namespace patina::report {
namespace {

constexpr std::size_t kBasicPlane = 0x10000;

/// Big-endian reads that cannot leave the file.
class FontReader {
 public:
  FontReader(const std::vector<std::uint8_t>& bytes, const std::string& where)
      : bytes_(bytes), where_(where) {}

  std::uint32_t u16(std::size_t at) const {
    if (at > bytes_.size() || bytes_.size() - at < 2) fail("ends within a table");
    return static_cast<std::uint32_t>(bytes_[at] << 8U) | bytes_[at + 1];
  }
  std::uint32_t u32(std::size_t at) const { return (u16(at) << 16U) | u16(at + 2); }

  [[noreturn]] void fail(const std::string& what) const {
    throw core::Error(core::ErrorKind::kInput,
                      where_,
                      "the font " + what,
                      "restore the file from the distribution");
  }

 private:
  const std::vector<std::uint8_t>& bytes_;
  const std::string& where_;
};

std::size_t find_table(const FontReader& font, std::uint32_t tag) {
  constexpr std::size_t kHeaderBytes = 12;
  constexpr std::size_t kRecordBytes = 16;
  const std::size_t count = font.u16(4);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t record = kHeaderBytes + i * kRecordBytes;
    if (font.u32(record) == tag) return font.u32(record + 8);
  }
  font.fail("has no character map");
}

/// Offset of the subtable of platform 3 (Windows), encoding 1 (Unicode BMP), format 4.
std::size_t find_unicode_subtable(const FontReader& font) {
  constexpr std::uint32_t kCmapTag = 0x636D6170;
  const std::size_t cmap = find_table(font, kCmapTag);
  const std::size_t count = font.u16(cmap + 2);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t record = cmap + 4 + i * 8;
    const std::size_t subtable = cmap + font.u32(record + 4);
    if (font.u16(record) == 3 && font.u16(record + 2) == 1 && font.u16(subtable) == 4) {
      return subtable;
    }
  }
  font.fail("has no Unicode character map of format 4");
}

struct Segment {
  std::uint32_t first;
  std::uint32_t last;
  std::uint32_t delta;
  std::uint32_t range_offset;
  std::size_t range_offset_at;
};

Segment read_segment(const FontReader& font, std::size_t table, std::size_t index) {
  const std::size_t bytes = font.u16(table + 6);  // Twice the number of segments.
  const std::size_t at = table + 14 + 2 * index;
  Segment segment{};
  segment.last = font.u16(at);
  segment.first = font.u16(at + bytes + 2);
  segment.delta = font.u16(at + 2 * bytes + 2);
  segment.range_offset_at = at + 3 * bytes + 2;
  segment.range_offset = font.u16(segment.range_offset_at);
  return segment;
}

std::uint32_t glyph_of(const FontReader& font, const Segment& segment, std::uint32_t code) {
  if (segment.range_offset == 0) return (code + segment.delta) & 0xFFFFU;
  const std::size_t at = segment.range_offset_at + segment.range_offset +
                         2 * std::size_t{code - segment.first};
  const std::uint32_t glyph = font.u16(at);
  return glyph == 0 ? 0 : (glyph + segment.delta) & 0xFFFFU;
}

}  // namespace

GlyphCoverage::GlyphCoverage(const std::vector<std::uint8_t>& bytes, const std::string& where)
    : covered_(kBasicPlane, false) {
  const FontReader font(bytes, where);
  const std::size_t table = find_unicode_subtable(font);
  const std::size_t segments = font.u16(table + 6) / 2;
  for (std::size_t i = 0; i < segments; ++i) {
    const Segment segment = read_segment(font, table, i);
    // U+FFFF closes the table and is no character.
    for (std::uint32_t code = segment.first; code <= segment.last && code < 0xFFFFU; ++code) {
      if (glyph_of(font, segment, code) != 0) covered_[code] = true;
    }
  }
}

bool GlyphCoverage::covers(char32_t code) const { return code < covered_.size() && covered_[code]; }

}  // namespace patina::report
