// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "core/numbers.h"
#include "report/pdf/pdf_pages.h"
#include "report/pdf/pdf_plot.h"
#include "report/pdf/pdf_table.h"

namespace patina::report::pdf {
namespace {

constexpr TextStyle kBody = {9.5, Face::kRegular, kInk};

Cell decision_cell(const stats::NamedTest& test, double alpha) {
  const std::string limit = core::p_value_text(alpha);
  const Face face = test.primary ? Face::kBold : Face::kRegular;
  if (test.rejected) return {"rejected", face, "p < " + limit};
  return {"not rejected", face, "p ≥ " + limit};
}

Row test_row(const stats::NamedTest& test, double alpha) {
  const Face face = test.primary ? Face::kBold : Face::kRegular;
  return {{test.name, face, (test.primary ? "decides; H1: " : "H1: ") + test.alternative},
          {core::number_text(test.statistic), face, ""},
          {core::p_value_text(test.p_value, test.log10_p_value), face, ""},
          {test.method, Face::kRegular, ""},
          decision_cell(test, alpha)};
}

void draw_tests(Canvas& canvas, Flow& flow, const Evidence& evidence) {
  flow.heading("Tests");
  flow.paragraph("Null hypothesis H0: " + evidence.null_hypothesis, kBody);
  const std::string companions =
      stats::facts_of(evidence.comparison.protocol).null_hypothesis_of_companions;
  if (!companions.empty()) {
    flow.paragraph("Of the other tests, which decide nothing: " + companions, kBody);
  }
  std::vector<Row> rows;
  for (const stats::NamedTest& test : evidence.comparison.tests) {
    rows.push_back(test_row(test, evidence.options.alpha));
  }
  draw_table(canvas,
             flow,
             {{"test", 172.0},
              {"statistic", 58.0},
              {"p-value", 90.0},
              {"method", 66.0},
              {"H0 is", kContentWidth - 386.0}},
             rows);
}

std::string interval_text(const stats::Interval& interval, bool as_percent) {
  if (!std::isfinite(interval.low) || !std::isfinite(interval.high)) return "";
  if (as_percent)
    return core::percent_text(interval.low) + " to " + core::percent_text(interval.high);
  return core::number_text(interval.low) + " to " + core::number_text(interval.high);
}

void draw_effect(Canvas& canvas, Flow& flow, const Evidence& evidence) {
  const stats::EffectSize& effect = evidence.comparison.effect;
  std::vector<Row> rows;
  rows.push_back({{"A suspect image scores below a benign one",
                   Face::kRegular,
                   "share of pairs; 50 % = no difference, 100 % = complete separation"},
                  {core::percent_text(effect.superiority), Face::kBold, ""},
                  {interval_text(effect.superiority_interval, true), Face::kRegular, ""}});
  rows.push_back({{"Median score, suspect and benign", Face::kRegular, ""},
                  {core::number_text(effect.median_suspect) + " and " +
                       core::number_text(effect.median_benign),
                   Face::kRegular,
                   ""},
                  {"", Face::kRegular, ""}});
  rows.push_back(
      {{"Shift of the scores", Face::kRegular, "Hodges-Lehmann: median of suspect minus benign"},
       {core::number_text(effect.hodges_lehmann_shift), Face::kRegular, ""},
       {"", Face::kRegular, ""}});
  if (std::isfinite(evidence.options.radius_score)) {
    const std::string radius = "a score of at most the radius, " +
                               core::number_text(evidence.options.radius_score);
    rows.push_back(
        {{"Suspect images inside", Face::kRegular, radius},
         {core::percent_text(effect.share_inside_suspect), Face::kRegular, ""},
         {interval_text(effect.share_inside_suspect_interval, true), Face::kRegular, ""}});
    rows.push_back(
        {{"Benign images inside", Face::kRegular, ""},
         {core::percent_text(effect.share_inside_benign), Face::kRegular, ""},
         {interval_text(effect.share_inside_benign_interval, true), Face::kRegular, ""}});
  }
  const std::string level = core::level_text(evidence.options.confidence) + " interval";
  const std::vector<Column> columns = {
      {"measure", 272.0}, {"value", 105.0}, {level, kContentWidth - 377.0}};
  constexpr double kHeadingHeight = 26.0;
  flow.ensure(kHeadingHeight + table_height(canvas, columns, rows));
  flow.heading("Size of the difference");
  draw_table(canvas, flow, columns, rows);
}

}  // namespace

void draw_numbers_pages(Canvas& canvas, const Evidence& evidence) {
  constexpr double kPlotHeight = 212.0;
  Flow flow(canvas, "Scores and tests");
  flow.paragraph(
      "Each line climbs from 0 to 100 % as the score grows. A line further left means smaller "
      "scores, that is, images more like coated ones.",
      kBody);
  draw_ecdf_plot(canvas, {kMargin, flow.y(), kContentWidth, kPlotHeight}, evidence);
  flow.gap(kPlotHeight + 4.0);
  draw_tests(canvas, flow, evidence);
  draw_effect(canvas, flow, evidence);
}

void draw_skipped_pages(Canvas& canvas, const Evidence& evidence) {
  constexpr std::size_t kMostListed = 400;
  const std::size_t total = evidence.suspect.skipped.size() + evidence.benign.skipped.size();
  if (total == 0) return;
  Flow flow(canvas, "Items not scored");
  flow.paragraph("These items were met in the two sources but are no part of the scores.", kBody);
  std::vector<Row> rows;
  const auto list = [&rows](const std::string& role, const SampleSet& set) {
    for (const SkippedSample& item : set.skipped) {
      if (rows.size() == kMostListed) return;
      rows.push_back({{role, Face::kRegular, ""},
                      {item.source, Face::kRegular, ""},
                      {item.reason, Face::kRegular, ""}});
    }
  };
  list("suspect", evidence.suspect);
  list("benign", evidence.benign);
  draw_table(
      canvas, flow, {{"role", 55.0}, {"item", 215.0}, {"reason", kContentWidth - 270.0}}, rows);
  if (total > rows.size()) {
    const auto rest = static_cast<std::int64_t>(total - rows.size());
    flow.paragraph(
        "And " + core::counted_text(rest, "more item") + ", all listed in evidence.json.", kBody);
  }
}

}  // namespace patina::report::pdf
