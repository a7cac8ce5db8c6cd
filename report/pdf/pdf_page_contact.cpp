// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <optional>

#include "core/error.h"
#include "core/numbers.h"
#include "images/image_io.h"
#include "report/pdf/pdf_layout.h"
#include "report/pdf/pdf_pages.h"

namespace patina::report::pdf {
namespace {

constexpr int kColumns = 5;
constexpr double kGutter = 9.0;
constexpr double kCellWidth = (kContentWidth - (kColumns - 1) * kGutter) / kColumns;
constexpr double kImageSide = kCellWidth;
constexpr double kCaptionHeight = 30.0;
constexpr double kRowHeight = kImageSide + kCaptionHeight + 5.0;
constexpr TextStyle kBody = {9.5, Face::kRegular, kInk};
constexpr TextStyle kCaption = {7.2, Face::kRegular, kInk};
constexpr TextStyle kCaptionScore = {7.2, Face::kBold, kInk};

std::vector<const ScoredSample*> in_order_of_score(const SampleSet& set) {
  std::vector<const ScoredSample*> ordered;
  ordered.reserve(set.samples.size());
  for (const ScoredSample& sample : set.samples) ordered.push_back(&sample);
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto* a, const auto* b) {
    if (a->score != b->score) return a->score < b->score;
    return a->source < b->source;
  });
  return ordered;
}

struct Thumbnail {
  std::vector<std::uint8_t> jpeg;
  double aspect = 1.0;  ///< Width over height of the whole image.
};

images::Image to_eight_bits(const images::Image& image) {
  images::Image eight = images::make_image(image.width_px, image.height_px, 8);
  std::vector<float> planar(image.sample_count());
  const images::Rect whole{0, 0, image.width_px, image.height_px};
  images::read_unit(image, whole, planar.data());
  images::write_unit(eight, whole, planar.data());
  return eight;
}

Thumbnail make_thumbnail(const images::Image& image, int longer_side_px) {
  const double shrink = std::min(
      1.0, static_cast<double>(longer_side_px) / std::max(image.width_px, image.height_px));
  const auto side = [shrink](int pixels) {
    return std::max(1, static_cast<int>(std::lround(shrink * pixels)));
  };
  images::ImageFile file;
  file.image = images::resize(image, side(image.width_px), side(image.height_px));
  if (file.image.bit_depth != 8) file.image = to_eight_bits(file.image);
  file.encoding.format = images::ImageFormat::kJPEG;
  file.encoding.quality_percent = 85;
  return {images::encode_image(file), static_cast<double>(image.width_px) / image.height_px};
}

std::optional<Thumbnail> load_thumbnail(const ScoredSample& sample,
                                        const LoadSample& load_sample,
                                        int longer_side_px) {
  try {
    const images::Image image = load_sample(sample);
    if (image.width_px < 1 || image.height_px < 1) return std::nullopt;
    return make_thumbnail(image, longer_side_px);
  } catch (const core::Error& error) {
    if (error.kind() == core::ErrorKind::kCancelled) throw;
    return std::nullopt;
  }
}

void draw_picture(Canvas& canvas, Point at, const std::optional<Thumbnail>& thumbnail) {
  const Box cell{at.x, at.y, kImageSide, kImageSide};
  if (!thumbnail) {
    canvas.fill(cell, kPale);
    canvas.text_centred({at.x + 0.5 * kImageSide, at.y + 0.5 * kImageSide},
                        "image cannot be shown",
                        {7.2, Face::kRegular, kGrey});
    canvas.frame(cell, {0.5, kRule});
    return;
  }
  constexpr double kThinnest = 2.0;  // Points; a 1 x 5000 strip stays visible.
  const double aspect = thumbnail->aspect;
  const double width = std::max(kThinnest, kImageSide * std::min(1.0, aspect));
  const double height = std::max(kThinnest, kImageSide / std::max(1.0, aspect));
  canvas.fill(cell, kPale);
  canvas.jpeg(
      {at.x + 0.5 * (kImageSide - width), at.y + 0.5 * (kImageSide - height), width, height},
      thumbnail->jpeg);
  canvas.frame(cell, {0.5, kRule});
}

std::string place_text(double score, double radius) {
  if (!std::isfinite(radius)) return "";
  return score <= radius ? "inside" : "outside";
}

void draw_caption(Canvas& canvas, Point at, int rank, const ScoredSample& sample, double radius) {
  const std::string name = std::to_string(rank) + ". " + sample.source;
  canvas.text({at.x, at.y + 8.0}, elide_middle(canvas, name, kCaption, kCellWidth), kCaption);
  canvas.text({at.x, at.y + 17.5}, core::number_text(sample.score), kCaptionScore);
  canvas.text_right({at.x + kCellWidth, at.y + 17.5}, place_text(sample.score, radius), kCaption);
  const TextStyle small{6.2, Face::kRegular, kGrey};
  const std::string size = std::to_string(sample.width_px) + " × " +
                           std::to_string(sample.height_px);
  canvas.text({at.x, at.y + 26.0}, size + " px", small);
  canvas.text_right({at.x + kCellWidth, at.y + 26.0}, sample.sha256.substr(0, 10), small);
}

std::string introduction(std::size_t shown, std::size_t total, double radius) {
  if (total == 0) return "No suspect image was scored.";
  std::string text =
      "Suspect images in order of score, smallest (most like a coated image) first. Under each "
      "image: name, score (bold), size in pixels and the first digits of the SHA-256 of its file.";
  if (std::isfinite(radius)) {
    text += " \"Inside\" means a score of at most " + core::number_text(radius) +
            ", the radius of the key; single images decide nothing.";
  }
  if (shown < total) {
    text += " Shown are the " + core::count_text(static_cast<std::int64_t>(shown)) +
            " smallest scores of " + core::count_text(static_cast<std::int64_t>(total)) +
            "; all scores stand in scores.csv, all images in data/samples.";
  }
  return text;
}

}  // namespace

void draw_contact_sheet(Canvas& canvas,
                        const Evidence& evidence,
                        const LoadSample& load_sample,
                        const PdfOptions& options) {
  const auto ordered = in_order_of_score(evidence.suspect);
  const auto most = static_cast<std::size_t>(std::max(0, options.contact_sheet_max));
  const std::size_t shown = std::min(ordered.size(), most);
  const double radius = evidence.options.radius_score;
  Flow flow(canvas, "Suspect images");
  flow.paragraph(introduction(shown, ordered.size(), radius), kBody);
  flow.gap(4.0);
  const int longer_side = std::max(1, options.thumbnail_px);
  for (std::size_t i = 0; i < shown; ++i) {
    const int column = static_cast<int>(i % kColumns);
    if (column == 0) flow.ensure(kRowHeight);
    const Point at{kMargin + column * (kCellWidth + kGutter), flow.y()};
    draw_picture(canvas, at, load_thumbnail(*ordered[i], load_sample, longer_side));
    draw_caption(
        canvas, {at.x, at.y + kImageSide + 2.0}, static_cast<int>(i) + 1, *ordered[i], radius);
    if (column == kColumns - 1 || i + 1 == shown) flow.gap(kRowHeight);
  }
}

}  // namespace patina::report::pdf
