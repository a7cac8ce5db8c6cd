// SPDX-License-Identifier: Apache-2.0
// Text that has to fit: lines broken at a width, names shortened in the middle, and a Flow that
// puts headings and paragraphs below one another and turns the page when one is full.
#pragma once

#include <string>
#include <vector>

#include "report/pdf/pdf_canvas.h"

namespace patina::report::pdf {

inline constexpr double kMargin = 54.0;
inline constexpr double kContentWidth = kPageWidth - 2 * kMargin;
inline constexpr double kContentTop = 60.0;
inline constexpr double kContentBottom = kPageHeight - 62.0;  ///< The footer stands below.

/// Lines no wider than `width`; words longer than a line are broken.
std::vector<std::string> wrap_text(Canvas& canvas,
                                   const std::string& text,
                                   const TextStyle& style,
                                   double width);

/// The text, or its beginning and end around "…" if it is wider than `width`.
std::string elide_middle(Canvas& canvas,
                         const std::string& text,
                         const TextStyle& style,
                         double width);

/// Draws wrapped lines from the top edge `at.y` on, at most `max_lines` (the last then ends in
/// "…"). Returns the y below the last line.
struct ParagraphBox {
  Point at;  ///< Top left.
  double width = kContentWidth;
  int max_lines = 1000;
};
double draw_paragraph(Canvas& canvas,
                      const ParagraphBox& box,
                      const std::string& text,
                      const TextStyle& style);

/// Height that draw_paragraph would take.
double paragraph_height(Canvas& canvas,
                        const ParagraphBox& box,
                        const std::string& text,
                        const TextStyle& style);

/// A column of text over as many pages as it takes.
class Flow {
 public:
  /// Starts on a new page, whose running head is `title`.
  Flow(Canvas& canvas, std::string title);

  double y() const { return y_; }
  void gap(double height) { y_ += height; }
  /// Turns the page unless `height` still fits.
  void ensure(double height);
  void heading(const std::string& text);
  void paragraph(const std::string& text, const TextStyle& style = {});
  /// A paragraph behind a marker ("1.", "•").
  void item(const std::string& marker, const std::string& text, const TextStyle& style = {});

 private:
  void start_page(bool continued);

  Canvas& canvas_;
  std::string title_;
  double y_ = 0.0;
};

}  // namespace patina::report::pdf
