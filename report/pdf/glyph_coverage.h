// SPDX-License-Identifier: Apache-2.0
// Which characters a TrueType font can draw, read from its 'cmap' table (format 4, Windows Unicode)
// [OpenType 1.9, "cmap"]. libharu draws an empty box for the rest without saying so.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace patina::report {

class GlyphCoverage {
 public:
  /// Throws Error{kInput} naming `where` if the bytes are not a TrueType font with such a table.
  GlyphCoverage(const std::vector<std::uint8_t>& font, const std::string& where);

  bool covers(char32_t code) const;

 private:
  std::vector<bool> covered_;  ///< One per code point up to U+FFFF.
};

}  // namespace patina::report
