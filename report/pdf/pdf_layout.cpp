// SPDX-License-Identifier: Apache-2.0
#include "report/pdf/pdf_layout.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/text.h"

namespace patina::report::pdf {
namespace {

/// From a line's top to its baseline, as a share of the font size.
constexpr double kBaselineShare = 0.98;

struct MeasuredText {
  std::u32string codes;
  std::vector<double> widths;
};

MeasuredText measure(Canvas& canvas, const std::string& text, const TextStyle& style) {
  MeasuredText measured;
  measured.codes = core::decode_utf8(core::printable(text));
  measured.widths = canvas.advances(measured.codes, style);
  return measured;
}

/// First index that no longer fits when a line starts at `start`; at least start+1.
std::size_t fit(const MeasuredText& text, std::size_t start, double width) {
  double used = 0.0;
  std::size_t end = start;
  while (end < text.codes.size() && used + text.widths[end] <= width) used += text.widths[end++];
  return std::max(end, start + 1);
}

/// Where to end the line that starts at `start` and could reach `limit`: after the last space, else
/// at `limit`.
std::size_t break_point(const MeasuredText& text, std::size_t start, std::size_t limit) {
  if (limit >= text.codes.size() || text.codes[limit] == U' ') return limit;
  for (std::size_t at = limit; at > start + 1; --at) {
    if (text.codes[at - 1] == U' ') return at;
  }
  return limit;
}

std::u32string without_end_spaces(std::u32string line) {
  while (!line.empty() && line.back() == U' ') line.pop_back();
  return line;
}

}  // namespace

std::vector<std::string> wrap_text(Canvas& canvas,
                                   const std::string& text,
                                   const TextStyle& style,
                                   double width) {
  const MeasuredText measured = measure(canvas, text, style);
  std::vector<std::string> lines;
  std::size_t start = 0;
  while (start < measured.codes.size()) {
    const std::size_t end = break_point(measured, start, fit(measured, start, width));
    lines.push_back(
        core::encode_utf8(without_end_spaces(measured.codes.substr(start, end - start))));
    start = end;
    while (start < measured.codes.size() && measured.codes[start] == U' ') ++start;
  }
  return lines;
}

std::string elide_middle(Canvas& canvas,
                         const std::string& text,
                         const TextStyle& style,
                         double width) {
  const MeasuredText measured = measure(canvas, text, style);
  const double total = std::accumulate(measured.widths.begin(), measured.widths.end(), 0.0);
  if (total <= width) return core::encode_utf8(measured.codes);
  // The end of a name (number, extension) tells more than its beginning.
  constexpr double kHeadShare = 0.4;
  const double room = width - canvas.text_width("…", style);
  std::size_t head = 0;
  double head_width = 0.0;
  while (head < measured.codes.size() && head_width + measured.widths[head] <= kHeadShare * room) {
    head_width += measured.widths[head++];
  }
  std::size_t tail = measured.codes.size();
  double tail_width = 0.0;
  while (tail > head && head_width + tail_width + measured.widths[tail - 1] <= room) {
    tail_width += measured.widths[--tail];
  }
  return core::encode_utf8(measured.codes.substr(0, head)) + "…" +
         core::encode_utf8(measured.codes.substr(tail));
}

double draw_paragraph(Canvas& canvas,
                      const ParagraphBox& box,
                      const std::string& text,
                      const TextStyle& style) {
  std::vector<std::string> lines = wrap_text(canvas, text, style, box.width);
  const auto allowed = static_cast<std::size_t>(std::max(1, box.max_lines));
  if (lines.size() > allowed) {
    lines.resize(allowed);
    // A line one character too wide is what elide_middle shortens; the cut shows in the last line.
    const double room = box.width - canvas.text_width(" …", style);
    lines.back() = wrap_text(canvas, lines.back(), style, room).front() + " …";
  }
  double y = box.at.y;
  for (const std::string& line : lines) {
    canvas.text({box.at.x, y + kBaselineShare * style.size}, line, style);
    y += style.line_height();
  }
  return y;
}

double paragraph_height(Canvas& canvas,
                        const ParagraphBox& box,
                        const std::string& text,
                        const TextStyle& style) {
  const std::size_t lines = wrap_text(canvas, text, style, box.width).size();
  const auto allowed = static_cast<std::size_t>(std::max(1, box.max_lines));
  return static_cast<double>(std::min(lines, allowed)) * style.line_height();
}

Flow::Flow(Canvas& canvas, std::string title) : canvas_(canvas), title_(std::move(title)) {
  start_page(false);
}

void Flow::start_page(bool continued) {
  canvas_.new_page();
  const TextStyle style{15.0, Face::kBold, kInk};
  const double baseline = kContentTop + style.size;
  canvas_.text({kMargin, baseline}, title_ + (continued ? " (continued)" : ""), style);
  canvas_.line({kMargin, baseline + 7.0}, {kMargin + kContentWidth, baseline + 7.0}, {0.8, kRule});
  y_ = baseline + 18.0;
}

void Flow::ensure(double height) {
  if (y_ + height > kContentBottom) start_page(true);
}

void Flow::heading(const std::string& text) {
  const TextStyle style{11.0, Face::kBold, kInk};
  gap(8.0);
  ensure(3.5 * style.line_height());
  y_ = draw_paragraph(canvas_, {{kMargin, y_}}, text, style) + 2.0;
}

void Flow::paragraph(const std::string& text, const TextStyle& style) {
  for (const std::string& line : wrap_text(canvas_, text, style, kContentWidth)) {
    ensure(style.line_height());
    y_ = draw_paragraph(canvas_, {{kMargin, y_}}, line, style);
  }
  gap(4.0);
}

void Flow::item(const std::string& marker, const std::string& text, const TextStyle& style) {
  constexpr double kIndent = 20.0;
  bool first = true;
  for (const std::string& line : wrap_text(canvas_, text, style, kContentWidth - kIndent)) {
    ensure(style.line_height());
    if (first) draw_paragraph(canvas_, {{kMargin, y_}}, marker, style);
    first = false;
    y_ = draw_paragraph(canvas_, {{kMargin + kIndent, y_}, kContentWidth}, line, style);
  }
  gap(3.0);
}

}  // namespace patina::report::pdf
