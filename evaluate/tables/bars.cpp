// SPDX-License-Identifier: Apache-2.0
#include "evaluate/tables/bars.h"

#include <algorithm>
#include <sstream>

#include "evaluate/tables/tables.h"
#include "evaluate/tables/text.h"

namespace patina::evaluate {

namespace {

constexpr int kTop = 48, kRowHeight = 22, kMargin = 8, kBar = 90, kGap = 14;
constexpr int kFoundHeight = 11, kAccusedHeight = 5;
constexpr const char *kFound = "#2b6cb0", *kAccused = "#c53030", *kGround = "#eee";

// As wide as the longest label, by the mean width of a sans-serif letter.
int left_of_bars(const std::vector<BarRow>& rows) {
  constexpr int kLetterPx = 7;
  std::size_t longest = 0;
  for (const BarRow& row : rows) longest = std::max(longest, row.label.size());
  return 2 * kMargin + kLetterPx * static_cast<int>(longest);
}

int column_offset(std::size_t column) { return static_cast<int>(column) * (kBar + kGap); }

std::string text_at(int x, int y, const std::string& inner) {
  return "<text x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\">" + inner +
         "</text>\n";
}

struct Corner {
  int x = 0, y = 0;
};

std::string bar(Corner corner, double share, int height_px, const char* colour) {
  std::ostringstream text;
  text << "<rect x=\"" << corner.x << "\" y=\"" << corner.y << "\" width=\""
       << format_value("%.1f", kBar * share) << "\" height=\"" << height_px << "\" fill=\""
       << colour << "\"/>\n";
  return text.str();
}

std::string head(int left, std::size_t rows) {
  std::ostringstream text;
  text << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\""
       << left + column_offset(std::size(kAlphas)) << "\" height=\""
       << kTop + kMargin + kRowHeight * static_cast<int>(rows)
       << "\" font-family=\"sans-serif\" font-size=\"12\">\n"
       << "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
       << text_at(left,
                  16,
                  std::string("share of draws rejected: <tspan fill=\"") + kFound +
                      "\">coated</tspan>, <tspan fill=\"" + kAccused + "\">worst innocent</tspan>");
  for (std::size_t i = 0; i < std::size(kAlphas); ++i) {
    text << text_at(left + column_offset(i), 38, "alpha " + format_value("%g", kAlphas[i]));
  }
  return text.str();
}

std::string row_svg(const BarRow& row, int left, int y) {
  std::string text = text_at(kMargin, y + 14, xml_text(row.label));
  for (std::size_t i = 0; i < row.found.size(); ++i) {
    const int x = left + column_offset(i);
    text += bar({x, y}, 1.0, kFoundHeight + kAccusedHeight, kGround);
    text += bar({x, y}, row.found[i], kFoundHeight, kFound);
    const double accused = row.accused.empty() ? 0.0 : row.accused[i];
    text += bar({x, y + kFoundHeight}, accused, kAccusedHeight, kAccused);
  }
  return text;
}

}  // namespace

std::string bars_svg(const std::vector<BarRow>& rows) {
  const int left = left_of_bars(rows);
  std::string text = head(left, rows.size());
  int y = kTop;
  for (const BarRow& row : rows) {
    text += row_svg(row, left, y);
    y += kRowHeight;
  }
  return text + "</svg>\n";
}

}  // namespace patina::evaluate
