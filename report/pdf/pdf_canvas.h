// SPDX-License-Identifier: Apache-2.0
// Drawing on A4 pages. Coordinates are points (1/72 inch) from the top left corner, y downwards.
// libharu is seen by pdf_canvas.cpp alone. Text is UTF-8; see core/text.h for what is escaped. A
// character that the main font lacks comes from the fallback font, then U+FFFD. Right-to-left text
// is printed in logical order, unshaped.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace patina::report::pdf {

inline constexpr double kPageWidth = 595.276;  ///< A4.
inline constexpr double kPageHeight = 841.89;

struct Colour {
  double red = 0.0;  ///< [0,1].
  double green = 0.0;
  double blue = 0.0;
};

inline constexpr Colour kInk = {0.10, 0.10, 0.12};
inline constexpr Colour kGrey = {0.40, 0.40, 0.44};
inline constexpr Colour kRule = {0.78, 0.78, 0.80};
inline constexpr Colour kPale = {0.955, 0.955, 0.965};
inline constexpr Colour kWhite = {1.0, 1.0, 1.0};

struct Point {
  double x = 0.0;
  double y = 0.0;
};

struct Box {
  double x = 0.0;
  double y = 0.0;
  double width = 0.0;
  double height = 0.0;
};

enum class Face { kRegular, kBold };

struct TextStyle {
  double size = 10.0;  ///< Points.
  Face face = Face::kRegular;
  Colour colour = kInk;
  double line_height() const { return 1.36 * size; }
};

struct Stroke {
  double width = 0.6;
  Colour colour = kInk;
  bool dashed = false;
};

struct DocumentInfo {
  std::string title;
  std::string author;
  std::string created;  ///< RFC 3339, UTC; no date is written if it is malformed.
};

class Canvas {
 public:
  /// Throws Error{kInput} if a font is missing.
  explicit Canvas(const DocumentInfo& info);
  ~Canvas();
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;

  void new_page();
  int page_count() const;
  void go_to_page(int index);  ///< From 0; drawing continues there.

  /// Advance of every code point, points.
  std::vector<double> advances(const std::u32string& text, const TextStyle& style);
  double text_width(const std::string& text, const TextStyle& style);

  /// One line with its baseline starting at `at`.
  void text(Point at, const std::string& line, const TextStyle& style);
  void text_right(Point at, const std::string& line, const TextStyle& style);
  void text_centred(Point at, const std::string& line, const TextStyle& style);

  void line(Point from, Point to, const Stroke& stroke);
  void polyline(const std::vector<Point>& points, const Stroke& stroke);
  void fill(const Box& box, const Colour& colour);
  void frame(const Box& box, const Stroke& stroke);
  /// Draws a JPEG file filling the box.
  void jpeg(const Box& box, const std::vector<std::uint8_t>& bytes);

  /// The finished document. Throws Error{kInternal} if the library failed anywhere.
  std::vector<std::uint8_t> finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace patina::report::pdf
