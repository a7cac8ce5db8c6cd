// SPDX-License-Identifier: Apache-2.0
#include "report/pdf/pdf_table.h"

#include <algorithm>

namespace patina::report::pdf {
namespace {

constexpr double kPadding = 3.0;
constexpr TextStyle kDetailText = {7.8, Face::kRegular, kGrey};
constexpr TextStyle kHeadText = {8.5, Face::kBold, kInk};
constexpr int kMaxCellLines = 6;

TextStyle cell_text(Face face) { return {9.0, face, kInk}; }

ParagraphBox cell_box(double x, double y, const Column& column) {
  return {{x + kPadding, y}, column.width - 2 * kPadding, kMaxCellLines};
}

double cell_height(Canvas& canvas, const Column& column, const Cell& cell) {
  const ParagraphBox box = cell_box(0.0, 0.0, column);
  double height = paragraph_height(canvas, box, cell.text, cell_text(cell.face));
  if (!cell.detail.empty()) height += paragraph_height(canvas, box, cell.detail, kDetailText);
  return height;
}

double row_height(Canvas& canvas, const std::vector<Column>& columns, const Row& row) {
  double height = 0.0;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    height = std::max(height, cell_height(canvas, columns[i], row.at(i)));
  }
  return height + 2 * kPadding;
}

double head_height() { return kHeadText.line_height() + 2 * kPadding; }

void draw_head(Canvas& canvas, Flow& flow, const std::vector<Column>& columns) {
  const double height = head_height();
  canvas.fill({kMargin, flow.y(), kContentWidth, height}, kPale);
  double x = kMargin;
  for (const Column& column : columns) {
    draw_paragraph(canvas, cell_box(x, flow.y() + kPadding, column), column.title, kHeadText);
    x += column.width;
  }
  flow.gap(height);
}

void draw_row(Canvas& canvas, double top, const std::vector<Column>& columns, const Row& row) {
  double x = kMargin;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Cell& cell = row.at(i);
    ParagraphBox box = cell_box(x, top + kPadding, columns[i]);
    box.at.y = draw_paragraph(canvas, box, cell.text, cell_text(cell.face));
    if (!cell.detail.empty()) draw_paragraph(canvas, box, cell.detail, kDetailText);
    x += columns[i].width;
  }
}

}  // namespace

double table_height(Canvas& canvas,
                    const std::vector<Column>& columns,
                    const std::vector<Row>& rows) {
  double height = head_height();
  for (const Row& row : rows) height += row_height(canvas, columns, row);
  return height;
}

void draw_table(Canvas& canvas,
                Flow& flow,
                const std::vector<Column>& columns,
                const std::vector<Row>& rows) {
  constexpr double kHeadRoom = 60.0;
  flow.ensure(kHeadRoom);
  draw_head(canvas, flow, columns);
  for (const Row& row : rows) {
    const double height = row_height(canvas, columns, row);
    const int page = canvas.page_count();
    flow.ensure(height);
    if (canvas.page_count() != page) draw_head(canvas, flow, columns);
    draw_row(canvas, flow.y(), columns, row);
    flow.gap(height);
    canvas.line({kMargin, flow.y()}, {kMargin + kContentWidth, flow.y()}, {0.4, kRule});
  }
  flow.gap(6.0);
}

}  // namespace patina::report::pdf
