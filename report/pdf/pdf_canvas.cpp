// SPDX-License-Identifier: Apache-2.0
#include "report/pdf/pdf_canvas.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include <hpdf.h>

#include "core/error.h"
#include "core/files.h"
#include "core/text.h"
#include "report/pdf/glyph_coverage.h"

namespace patina::report::pdf {
namespace {

constexpr const char* kRegularFont = "fonts/PatinaSans.ttf";
constexpr const char* kBoldFont = "fonts/PatinaSans-Bold.ttf";
constexpr const char* kFallbackFont = "fonts/PatinaFallback.ttf";
constexpr char32_t kReplacement = 0xFFFD;

/// Text for the document's attributes, of which libharu reads nothing beyond U+FFFF.
std::string attribute_text(const std::string& text) {
  std::u32string codes = core::decode_utf8(core::printable(text));
  std::replace_if(
      codes.begin(), codes.end(), [](char32_t code) { return code > 0xFFFF; }, kReplacement);
  return core::encode_utf8(codes);
}

/// First failure reported by libharu. Exceptions must not cross its C frames, so it is kept until
/// asked.
struct Failure {
  HPDF_STATUS code = HPDF_OK;
  HPDF_STATUS detail = 0;
};

void keep_first_failure(HPDF_STATUS code, HPDF_STATUS detail, void* user_data) {
  auto* failure = static_cast<Failure*>(user_data);
  if (failure->code == HPDF_OK) *failure = {code, detail};
}

struct FreeDocument {
  void operator()(HPDF_Doc document) const { HPDF_Free(document); }
};
using Document = std::unique_ptr<std::remove_pointer_t<HPDF_Doc>, FreeDocument>;

struct LoadedFont {
  HPDF_Font handle = nullptr;
  GlyphCoverage coverage;
};

HPDF_REAL real(double value) { return static_cast<HPDF_REAL>(value); }

/// y measured from the bottom, as PDF wants it.
HPDF_REAL up(double y) { return static_cast<HPDF_REAL>(kPageHeight - y); }

std::optional<HPDF_Date> parse_date(const std::string& created) {
  HPDF_Date date{};
  char zone = 0;
  const int fields = std::sscanf(created.c_str(),
                                 "%4d-%2d-%2dT%2d:%2d:%2d%c",
                                 &date.year,
                                 &date.month,
                                 &date.day,
                                 &date.hour,
                                 &date.minutes,
                                 &date.seconds,
                                 &zone);
  const bool in_range = date.year > 0 && date.month >= 1 && date.month <= 12 && date.day >= 1 &&
                        date.day <= 28 + 3 && date.hour >= 0 && date.hour < 24 &&
                        date.minutes >= 0 && date.minutes < 60 && date.seconds >= 0 &&
                        date.seconds < 60;
  if (fields != 7 || zone != 'Z' || !in_range) return std::nullopt;
  date.ind = 'Z';
  return date;
}

}  // namespace

struct Canvas::Impl {
  Failure failure;
  Document document;
  std::vector<HPDF_Page> pages;
  HPDF_Page page = nullptr;
  std::optional<LoadedFont> regular;
  std::optional<LoadedFont> bold;
  std::optional<LoadedFont> fallback;  ///< Loaded when a character first needs it.

  /// Throws if libharu has failed so far.
  void check() const {
    if (failure.code == HPDF_OK) return;
    char code[24] = {};
    std::snprintf(code, sizeof code, "0x%04lX", static_cast<unsigned long>(failure.code));
    throw core::Error(core::ErrorKind::kInternal,
                      "report.pdf",
                      std::string("libharu failed with code ") + code + ", detail " +
                          std::to_string(failure.detail));
  }

  LoadedFont load(const char* relative) {
    const auto path = core::data_file(relative);
    GlyphCoverage coverage(core::read_file(path), path.string());
    const char* name = HPDF_LoadTTFontFromFile(document.get(), path.c_str(), HPDF_TRUE);
    check();
    HPDF_Font handle = HPDF_GetFont(document.get(), name, "UTF-8");
    check();
    return {handle, std::move(coverage)};
  }

  const LoadedFont& face(Face wanted) {
    auto& slot = wanted == Face::kBold ? bold : regular;
    if (!slot) slot = load(wanted == Face::kBold ? kBoldFont : kRegularFont);
    return *slot;
  }

  /// Font that draws the character, and the character to draw.
  std::pair<const LoadedFont*, char32_t> choose(char32_t code, Face wanted) {
    const LoadedFont& main = face(wanted);
    if (main.coverage.covers(code)) return {&main, code};
    if (code > 0x7F) {
      if (!fallback) fallback = load(kFallbackFont);
      if (fallback->coverage.covers(code)) return {&*fallback, code};
    }
    return {&main, kReplacement};
  }

  void stroke_with(const Stroke& stroke) {
    constexpr HPDF_UINT16 kDash[] = {4, 3};
    HPDF_Page_SetLineWidth(page, real(stroke.width));
    HPDF_Page_SetRGBStroke(
        page, real(stroke.colour.red), real(stroke.colour.green), real(stroke.colour.blue));
    HPDF_Page_SetDash(page, stroke.dashed ? kDash : nullptr, stroke.dashed ? 2 : 0, 0);
  }

  void fill_with(const Colour& colour) {
    HPDF_Page_SetRGBFill(page, real(colour.red), real(colour.green), real(colour.blue));
  }

  void draw_run(Point at, const std::u32string& run, const LoadedFont& font, double size) {
    HPDF_Page_BeginText(page);
    HPDF_Page_SetFontAndSize(page, font.handle, real(size));
    HPDF_Page_TextOut(page, real(at.x), up(at.y), core::encode_utf8(run).c_str());
    HPDF_Page_EndText(page);
  }
};

Canvas::Canvas(const DocumentInfo& info) : impl_(std::make_unique<Impl>()) {
  impl_->document.reset(HPDF_New(keep_first_failure, &impl_->failure));
  if (!impl_->document) {
    throw core::Error(
        core::ErrorKind::kResource, "report.pdf", "no memory for the document", "free memory");
  }
  HPDF_Doc document = impl_->document.get();
  HPDF_UseUTFEncodings(document);
  HPDF_SetCurrentEncoder(document, "UTF-8");
  HPDF_SetCompressionMode(document, HPDF_COMP_ALL);
  HPDF_SetInfoAttr(document, HPDF_INFO_TITLE, attribute_text(info.title).c_str());
  HPDF_SetInfoAttr(document, HPDF_INFO_AUTHOR, attribute_text(info.author).c_str());
  if (const auto date = parse_date(info.created)) {
    HPDF_SetInfoDateAttr(document, HPDF_INFO_CREATION_DATE, *date);
    HPDF_SetInfoDateAttr(document, HPDF_INFO_MOD_DATE, *date);
  }
  impl_->check();
}

Canvas::~Canvas() = default;

void Canvas::new_page() {
  HPDF_Page page = HPDF_AddPage(impl_->document.get());
  impl_->check();
  HPDF_Page_SetSize(page, HPDF_PAGE_SIZE_A4, HPDF_PAGE_PORTRAIT);
  impl_->pages.push_back(page);
  impl_->page = page;
}

int Canvas::page_count() const { return static_cast<int>(impl_->pages.size()); }

void Canvas::go_to_page(int index) {
  impl_->page = impl_->pages.at(static_cast<std::size_t>(index));
}

std::vector<double> Canvas::advances(const std::u32string& text, const TextStyle& style) {
  std::vector<double> widths;
  widths.reserve(text.size());
  for (const char32_t code : text) {
    const auto [font, drawn] = impl_->choose(code, style.face);
    const int per_mille = HPDF_Font_GetUnicodeWidth(font->handle, static_cast<HPDF_UNICODE>(drawn));
    widths.push_back(per_mille * style.size / 1000.0);
  }
  return widths;
}

double Canvas::text_width(const std::string& text, const TextStyle& style) {
  double width = 0.0;
  for (const double advance : advances(core::decode_utf8(core::printable(text)), style))
    width += advance;
  return width;
}

void Canvas::text(Point at, const std::string& line, const TextStyle& style) {
  const std::u32string codes = core::decode_utf8(core::printable(line));
  const std::vector<double> widths = advances(codes, style);
  impl_->fill_with(style.colour);
  std::u32string run;
  const LoadedFont* run_font = nullptr;
  Point run_at = at;
  double x = at.x;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const auto [font, drawn] = impl_->choose(codes[i], style.face);
    if (font != run_font && !run.empty()) {
      impl_->draw_run(run_at, run, *run_font, style.size);
      run.clear();
    }
    if (run.empty()) run_at = {x, at.y};
    run_font = font;
    run += drawn;
    x += widths[i];
  }
  if (!run.empty()) impl_->draw_run(run_at, run, *run_font, style.size);
}

void Canvas::text_right(Point at, const std::string& line, const TextStyle& style) {
  text({at.x - text_width(line, style), at.y}, line, style);
}

void Canvas::text_centred(Point at, const std::string& line, const TextStyle& style) {
  text({at.x - 0.5 * text_width(line, style), at.y}, line, style);
}

void Canvas::line(Point from, Point to, const Stroke& stroke) { polyline({from, to}, stroke); }

void Canvas::polyline(const std::vector<Point>& points, const Stroke& stroke) {
  if (points.size() < 2) return;
  impl_->stroke_with(stroke);
  HPDF_Page_MoveTo(impl_->page, real(points.front().x), up(points.front().y));
  for (std::size_t i = 1; i < points.size(); ++i) {
    HPDF_Page_LineTo(impl_->page, real(points[i].x), up(points[i].y));
  }
  HPDF_Page_Stroke(impl_->page);
}

void Canvas::fill(const Box& box, const Colour& colour) {
  impl_->fill_with(colour);
  HPDF_Page_Rectangle(
      impl_->page, real(box.x), up(box.y + box.height), real(box.width), real(box.height));
  HPDF_Page_Fill(impl_->page);
}

void Canvas::frame(const Box& box, const Stroke& stroke) {
  impl_->stroke_with(stroke);
  HPDF_Page_Rectangle(
      impl_->page, real(box.x), up(box.y + box.height), real(box.width), real(box.height));
  HPDF_Page_Stroke(impl_->page);
}

void Canvas::jpeg(const Box& box, const std::vector<std::uint8_t>& bytes) {
  HPDF_Image image = HPDF_LoadJpegImageFromMem(
      impl_->document.get(), bytes.data(), static_cast<HPDF_UINT>(bytes.size()));
  impl_->check();
  HPDF_Page_DrawImage(
      impl_->page, image, real(box.x), up(box.y + box.height), real(box.width), real(box.height));
}

std::vector<std::uint8_t> Canvas::finish() {
  impl_->check();
  HPDF_Doc document = impl_->document.get();
  HPDF_SaveToStream(document);
  HPDF_ResetStream(document);
  impl_->check();
  HPDF_UINT32 size = HPDF_GetStreamSize(document);
  std::vector<std::uint8_t> bytes(size);
  HPDF_ReadFromStream(document, bytes.data(), &size);
  bytes.resize(size);
  return bytes;
}

}  // namespace patina::report::pdf
