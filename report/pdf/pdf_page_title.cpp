// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "core/numbers.h"
#include "report/pdf/pdf_layout.h"
#include "report/pdf/pdf_pages.h"

namespace patina::report::pdf {
namespace {

constexpr TextStyle kLabel = {8.5, Face::kRegular, kGrey};
constexpr TextStyle kBody = {9.0, Face::kRegular, kInk};
constexpr TextStyle kSection = {11.0, Face::kBold, kInk};

/// Equally strong colours: none of the three results shouts louder than another.
Colour band_colour(stats::Decision decision) {
  switch (decision) {
    case stats::Decision::kEvidence:
      return {0.11, 0.27, 0.52};
    case stats::Decision::kNoEvidence:
      return {0.09, 0.38, 0.36};
    case stats::Decision::kInconclusive:
      return {0.44, 0.31, 0.08};
  }
  return kInk;
}

double draw_head(Canvas& canvas, const Evidence& evidence) {
  canvas.text({kMargin, 76.0}, "Patina", {22.0, Face::kBold, kInk});
  canvas.text_right({kMargin + kContentWidth, 68.0}, "Audit report", {11.0, Face::kBold, kInk});
  canvas.text_right({kMargin + kContentWidth, 82.0}, evidence.created, kLabel);
  double y = 94.0;
  if (!evidence.case_name.empty()) {
    const TextStyle style{14.0, Face::kRegular, kInk};
    y = draw_paragraph(canvas, {{kMargin, y}, kContentWidth, 2}, evidence.case_name, style);
  }
  return y + 8.0;
}

double draw_band(Canvas& canvas, double y, const Verdict& verdict) {
  constexpr double kPadding = 16.0;
  const TextStyle headline{18.0, Face::kBold, kWhite};
  const TextStyle label{8.5, Face::kBold, kWhite};
  const ParagraphBox inner{{kMargin + kPadding, 0.0}, kContentWidth - 2 * kPadding, 4};
  const double text_height = paragraph_height(canvas, inner, verdict.headline, headline);
  const double height = text_height + label.line_height() + 2 * kPadding;
  canvas.fill({kMargin, y, kContentWidth, height}, band_colour(verdict.decision));
  canvas.text({inner.at.x, y + kPadding + label.size}, "RESULT", label);
  const double top = y + kPadding + label.line_height() + 2.0;
  draw_paragraph(
      canvas, {{inner.at.x, top}, inner.width, inner.max_lines}, verdict.headline, headline);
  return y + height + 10.0;
}

struct KeyNumber {
  std::string label;
  std::string value;
  std::string detail;
};

std::string interval_text(const stats::Interval& interval, double confidence) {
  if (!std::isfinite(interval.low) || !std::isfinite(interval.high)) return "";
  return core::level_text(confidence) + " interval " + core::percent_text(interval.low) + " to " +
         core::percent_text(interval.high);
}

KeyNumber p_value_number(const Evidence& evidence) {
  const stats::NamedTest& test = evidence.comparison.tests.front();
  return {"p-value of the deciding test",
          core::p_value_text(test.p_value, test.log10_p_value),
          test.name};
}

std::vector<KeyNumber> key_numbers(const Evidence& evidence) {
  const stats::EffectSize& effect = evidence.comparison.effect;
  const double confidence = evidence.options.confidence;
  const auto images = [](const SampleSet& set) {
    return core::count_text(static_cast<std::int64_t>(set.samples.size()));
  };
  return {p_value_number(evidence),
          {"limit alpha",
           core::p_value_text(evidence.options.alpha),
           "evidence is reported when p is below it"},
          {"images examined",
           images(evidence.suspect) + " suspect, " + images(evidence.benign) + " benign",
           "smallest possible p: " + core::p_value_text(evidence.comparison.smallest_possible_p)},
          {"a suspect image scores below a benign one",
           core::percent_text(effect.superiority) + " of pairs",
           interval_text(effect.superiority_interval, confidence)},
          {"suspect images inside the coated range",
           core::percent_text(effect.share_inside_suspect),
           interval_text(effect.share_inside_suspect_interval, confidence)},
          {"benign images inside the coated range",
           core::percent_text(effect.share_inside_benign),
           interval_text(effect.share_inside_benign_interval, confidence)}};
}

double draw_key_numbers(Canvas& canvas, double y, const std::vector<KeyNumber>& numbers) {
  constexpr int kColumns = 2;
  constexpr double kCellHeight = 46.0;
  constexpr double kPadding = 10.0;
  const double cell_width = kContentWidth / kColumns;
  const int rows = (static_cast<int>(numbers.size()) + kColumns - 1) / kColumns;
  const Box box{kMargin, y, kContentWidth, rows * kCellHeight + kPadding};
  canvas.fill(box, kPale);
  canvas.frame(box, {0.6, kRule});
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const int column = static_cast<int>(i) % kColumns;
    const int row = static_cast<int>(i) / kColumns;
    const Point at{kMargin + kPadding + column * cell_width, y + kPadding + row * kCellHeight};
    const double width = cell_width - 2 * kPadding;
    const TextStyle value{numbers[i].value.size() > 26 ? 9.5 : 12.5, Face::kBold, kInk};
    canvas.text({at.x, at.y + 8.0}, elide_middle(canvas, numbers[i].label, kLabel, width), kLabel);
    canvas.text({at.x, at.y + 23.0}, elide_middle(canvas, numbers[i].value, value, width), value);
    canvas.text(
        {at.x, at.y + 34.0}, elide_middle(canvas, numbers[i].detail, kLabel, width), kLabel);
  }
  return y + box.height + 12.0;
}

/// "label   value" with the value shortened in the middle where it is too long.
double draw_fact(Canvas& canvas, double y, const std::string& label, const std::string& value) {
  constexpr double kLabelWidth = 108.0;
  const double width = kContentWidth - kLabelWidth;
  canvas.text({kMargin, y + 9.0}, label, kLabel);
  canvas.text({kMargin + kLabelWidth, y + 9.0}, elide_middle(canvas, value, kBody, width), kBody);
  return y + 13.5;
}

double draw_source(Canvas& canvas, double y, const std::string& role, const SampleSet& set) {
  const auto scored = static_cast<std::int64_t>(set.samples.size());
  const auto skipped = static_cast<std::int64_t>(set.skipped.size());
  y = draw_fact(canvas, y, role + " (" + set.kind + ")", set.location);
  const std::string rest = skipped == 0 ? ", none skipped"
                                        : ", " + core::counted_text(skipped, "item") + " skipped";
  y = draw_fact(canvas, y, "", core::counted_text(scored, "image") + " scored" + rest);
  if (!set.acquisition) return y;
  const AcquisitionRecord& record = *set.acquisition;
  const std::string model = record.model.empty() ? "a model it does not name" : record.model;
  y = draw_fact(canvas, y, "", model + "; identity grade " + record.identity_grade);
  return draw_fact(
      canvas,
      y,
      "",
      core::counted_text(record.requests, "request") + ", " + record.began + " to " + record.ended);
}

double draw_compared(Canvas& canvas, double y, const Evidence& evidence) {
  canvas.text({kMargin, y + 11.0}, "What was compared", kSection);
  y += 17.0;
  y = draw_source(canvas, y, "suspect", evidence.suspect);
  return draw_source(canvas, y, "benign", evidence.benign) + 8.0;
}

double draw_commitment(Canvas& canvas,
                       double y,
                       const std::optional<keys::CommitmentRecord>& commitment) {
  if (!commitment) return draw_fact(canvas, y, "public commitment", "none was given");
  const std::string match = commitment->key_matches ? "the key matches it"
                                                    : "THE KEY DOES NOT MATCH IT";
  y = draw_fact(canvas,
                y,
                "public commitment",
                "of " + commitment->created + " over " +
                    core::counted_text(commitment->file_count, "file") + "; " + match);
  return draw_fact(canvas, y, "Merkle root", commitment->merkle_root);
}

double draw_digests(Canvas& canvas,
                    double y,
                    const Evidence& evidence,
                    const std::string& evidence_sha256) {
  canvas.text({kMargin, y + 11.0}, "Key and digests (SHA-256)", kSection);
  y += 17.0;
  const KeyRecord& key = evidence.key;
  y = draw_fact(
      canvas,
      y,
      "key",
      key.extractor.method.title + " (" + key.extractor.method.name + "), made " + key.created);
  y = draw_fact(canvas, y, "key file", key.key_sha256);
  y = draw_fact(
      canvas,
      y,
      "extractor",
      "reader " + std::to_string(key.extractor.method.reader) + ", " + key.extractor.precision);
  y = draw_fact(canvas, y, "extractor weights", key.extractor.weights_sha256);
  y = draw_commitment(canvas, y, evidence.commitment);
  return draw_fact(canvas, y, "evidence.json", evidence_sha256) + 8.0;
}

}  // namespace

void draw_title_page(Canvas& canvas, const Evidence& evidence, const std::string& evidence_sha256) {
  canvas.new_page();
  double y = draw_head(canvas, evidence);
  y = draw_band(canvas, y, evidence.verdict);
  const TextStyle plain{10.5, Face::kRegular, kInk};
  const ParagraphBox box{{kMargin, y}, kContentWidth, 9};
  y = draw_paragraph(canvas, box, evidence.verdict.explanation, plain) + 10.0;
  y = draw_key_numbers(canvas, y, key_numbers(evidence));
  y = draw_compared(canvas, y, evidence);
  y = draw_digests(canvas, y, evidence, evidence_sha256);
  const auto notes = static_cast<std::int64_t>(evidence.notes.size());
  std::string pointer = "Read \"Method and limits\" at the end: what this evidence does not show";
  if (notes > 0) pointer += ", and " + core::counted_text(notes, "note") + " on this audit";
  draw_paragraph(canvas, {{kMargin, y}, kContentWidth, 2}, pointer + ".", {9.0, Face::kBold, kInk});
}

}  // namespace patina::report::pdf
