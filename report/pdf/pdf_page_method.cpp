// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "core/numbers.h"
#include "report/pdf/pdf_layout.h"
#include "report/pdf/pdf_pages.h"

namespace patina::report::pdf {
namespace {

constexpr TextStyle kBody = {9.2, Face::kRegular, kInk};

void draw_statistic(Flow& flow, const Evidence& evidence) {
  flow.heading("What is tested");
  flow.paragraph("Null hypothesis H0: " + evidence.null_hypothesis, kBody);
  flow.heading("What the numbers are");
  const keys::MethodRecord& method = evidence.key.extractor.method;
  flow.paragraph("Coating score. " + method.score, kBody);
  if (std::isfinite(method.radius_score)) {
    flow.paragraph("Inside: a score of at most " + core::number_text(method.radius_score) +
                       ", the radius of the key. " + method.inside,
                   kBody);
  }
  flow.paragraph(deciding_test_text(evidence.comparison.protocol, evidence.key_terms.size()),
                 kBody);
  flow.paragraph(
      "The other tests are printed for comparison and decide nothing. p-value: how probable a "
      "difference at least this large is if H0 is true. It is not the probability that H0 is true.",
      kBody);
}

void draw_error_rate(Flow& flow, const Evidence& evidence) {
  const stats::ProtocolFacts& facts = stats::facts_of(evidence.comparison.protocol);
  const std::string condition = facts.further_condition;
  flow.heading("Error rate");
  flow.paragraph(
      "Evidence is reported when p is below alpha = " + core::p_value_text(evidence.options.alpha) +
          ". If H0 is true" + (condition.empty() ? "" : " " + condition) +
          ", the share of audits that report evidence by mistake is at most alpha. The smallest "
          "p-value " +
          facts.bounded_by + " can give is " +
          core::p_value_text(evidence.comparison.smallest_possible_p) + ".",
      kBody);
}

std::string outcome_text(const AcquisitionRecord& record) {
  std::string text;
  for (const auto& [name, count] : record.outcomes) {
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + name;
  }
  return text.empty() ? "none" : text;
}

void draw_acquisition(Flow& flow, const std::string& role, const SampleSet& set) {
  if (!set.acquisition) return;
  const AcquisitionRecord& record = *set.acquisition;
  flow.heading("How the " + role + " images were got");
  flow.paragraph(
      "From " + set.location + " (" + record.service + ") between " + record.began + " and " +
          record.ended + ", in " + std::to_string(record.requests) + " requests for " +
          std::to_string(record.planned) + " planned images. Outcomes: " + outcome_text(record) +
          ". Model as the service names it: " + (record.model.empty() ? "not told" : record.model) +
          (record.model_digest.empty() ? "" : ", digest as it states it " + record.model_digest) +
          ". Identity grade " + record.identity_grade +
          " (A: a digest of the weights, B: an identifier that does not change, C: a name, D: "
          "unknown).",
      kBody);
  flow.paragraph(
      "Every request and answer stands in data/acquisition/" + role +
          "/transcript.warc.gz (WARC 1.1, ISO 28500), in the order of journal.jsonl, whose "
          "lines are chained by their digests; the last one has SHA-256 " +
          record.journal_sha256 + ".",
      kBody);
}

void draw_list(Flow& flow, const std::string& heading, const std::vector<std::string>& items) {
  if (items.empty()) return;
  flow.heading(heading);
  for (std::size_t i = 0; i < items.size(); ++i) {
    flow.item(std::to_string(i + 1) + ".", items[i], kBody);
  }
}

void draw_repeat(Flow& flow, const std::string& evidence_sha256) {
  constexpr double kBlockHeight = 150.0;  // The section stays on one page.
  flow.ensure(kBlockHeight);
  flow.heading("How to repeat this audit");
  flow.paragraph(
      "This report is part of a bundle: a folder in the BagIt layout (RFC 8493) with every image, "
      "the extractor, all scores and evidence.json, from which this report was printed. The "
      "command",
      kBody);
  flow.item("", "patina verify BUNDLE", {9.5, Face::kBold, kInk});
  flow.paragraph(
      "recomputes the digests of all files, the scores from the images, and the tests and the "
      "verdict from the scores, without network, and names every difference. The digests can also "
      "be checked with \"sha256sum --check manifest-sha256.txt tagmanifest-sha256.txt\" inside the "
      "folder, the tests with any statistics program from scores.csv.",
      kBody);
  flow.paragraph("SHA-256 of evidence.json: " + evidence_sha256, {8.5, Face::kRegular, kInk});
}

}  // namespace

void draw_method_pages(Canvas& canvas,
                       const Evidence& evidence,
                       const std::string& evidence_sha256) {
  Flow flow(canvas, "Method and limits");
  draw_statistic(flow, evidence);
  draw_error_rate(flow, evidence);
  draw_acquisition(flow, "suspect", evidence.suspect);
  draw_acquisition(flow, "benign", evidence.benign);
  draw_list(flow, "What this evidence does not show", evidence.limits);
  draw_list(flow, "Notes on this audit", evidence.notes);
  draw_repeat(flow, evidence_sha256);
}

void draw_footers(Canvas& canvas, const Evidence& evidence, const std::string& evidence_sha256) {
  constexpr double kRuleY = kPageHeight - 48.0;
  const TextStyle style{7.8, Face::kRegular, kGrey};
  const int pages = canvas.page_count();
  const std::string revision = evidence.tool_revision.empty()
                                   ? ""
                                   : " (" + evidence.tool_revision.substr(0, 12) + ")";
  const std::string left = "Patina " + evidence.tool_version + revision +
                           "   evidence.json SHA-256 " + evidence_sha256.substr(0, 16) + "…";
  for (int i = 0; i < pages; ++i) {
    canvas.go_to_page(i);
    canvas.line({kMargin, kRuleY}, {kMargin + kContentWidth, kRuleY}, {0.5, kRule});
    canvas.text(
        {kMargin, kRuleY + 13.0}, elide_middle(canvas, left, style, kContentWidth - 90.0), style);
    canvas.text_right({kMargin + kContentWidth, kRuleY + 13.0},
                      "page " + std::to_string(i + 1) + " of " + std::to_string(pages),
                      style);
  }
}

}  // namespace patina::report::pdf
