// SPDX-License-Identifier: Apache-2.0
#include "report/pdf/pdf.h"

#include <cstdio>
#include <cstdlib>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json.h"
#include "images/pixels/image.h"
#include "tests/core/scratch_folder.h"
#include "tests/report/example_evidence.h"

namespace patina::report {
namespace {

using testing::HasSubstr;
using testing::Not;

images::Image picture(const ScoredSample&) { return test::example_image(64, 48, 1); }

std::string digest_of(const Evidence& evidence) {
  return core::to_hex(core::sha256(core::dump_json(to_json(evidence))));
}

std::string render(const Evidence& evidence, const PdfOptions& options = {}) {
  const auto bytes = render_pdf(evidence, digest_of(evidence), picture, options);
  return {bytes.begin(), bytes.end()};
}

int count(const std::string& text, const std::string& word) {
  int found = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
    ++found;
  return found;
}

int page_count(const std::string& pdf) { return count(pdf, "/Type /Page\n"); }

/// Text of the report as poppler reads it; empty where pdftotext is not installed.
std::string read_text(const std::string& pdf) {
  const core::ScratchFolder scratch;
  core::write_file_atomic(scratch / "r.pdf", pdf);
  const std::string in = (scratch / "r.pdf").string();
  const std::string out = (scratch / "r.txt").string();
  const std::string command = "pdftotext -layout '" + in + "' '" + out + "' 2> /dev/null";
  return std::system(command.c_str()) == 0 ? core::read_text_file(out) : "";
}

TEST(Pdf, IsAPdfWithEmbeddedFonts) {
  const std::string pdf = render(test::example_evidence({6, 9}));
  EXPECT_EQ(pdf.substr(0, 5), "%PDF-");
  EXPECT_THAT(pdf.substr(pdf.size() - 8), HasSubstr("%%EOF"));
  EXPECT_EQ(page_count(pdf), 4);
  EXPECT_EQ(count(pdf, "/FontFile2"), 2) << "regular and bold, nothing else";
  EXPECT_EQ(count(pdf, "/Subtype /Image"), 6);
}

TEST(Pdf, HasTheSameBytesEveryTime) {
  const Evidence evidence = test::example_evidence(
      {6, 9, stats::Decision::kEvidence, "日本語 Größe"});
  EXPECT_EQ(render(evidence), render(evidence));
}

TEST(Pdf, DependsOnTheEvidence) {
  Evidence evidence = test::example_evidence({6, 9});
  const std::string before = render(evidence);
  evidence.benign.samples[0].score += 1e-12;
  EXPECT_NE(render(evidence), before);
}

TEST(Pdf, CarriesTheDateOfTheAudit) {
  EXPECT_THAT(render(test::example_evidence({1, 1})),
              HasSubstr("/CreationDate (D:20260304050607Z"));
  Evidence evidence = test::example_evidence({1, 1});
  evidence.created = "sometime";
  EXPECT_THAT(render(evidence), Not(HasSubstr("/CreationDate")));
}

TEST(Pdf, ShowsAtMostTheAllowedNumberOfImages) {
  const Evidence evidence = test::example_evidence({300, 9});
  PdfOptions options;
  EXPECT_EQ(count(render(evidence, options), "/Subtype /Image"), 60);
  options.contact_sheet_max = 3;
  EXPECT_EQ(count(render(evidence, options), "/Subtype /Image"), 3);
  options.contact_sheet_max = 0;
  EXPECT_EQ(count(render(evidence, options), "/Subtype /Image"), 0);
}

TEST(Pdf, RendersEveryVerdictAndNoImagesAtAll) {
  for (const stats::Decision decision :
       {stats::Decision::kEvidence, stats::Decision::kNoEvidence, stats::Decision::kInconclusive}) {
    EXPECT_GE(page_count(render(test::example_evidence({2, 2, decision, "x"}))), 4);
    EXPECT_GE(page_count(render(test::example_evidence({0, 0, decision, "x"}))), 4);
  }
}

TEST(Pdf, ShowsABoxForAnImageThatCannotBeLoaded) {
  const auto broken = [](const ScoredSample& sample) -> images::Image {
    throw core::Error(core::ErrorKind::kInput, sample.file, "is truncated");
  };
  const auto bytes = render_pdf(test::example_evidence({3, 3}), std::string(64, 'e'), broken);
  EXPECT_EQ(count({bytes.begin(), bytes.end()}, "/Subtype /Image"), 0);
}

TEST(Pdf, StopsWhenLoadingIsCancelled) {
  const auto cancelled = [](const ScoredSample&) -> images::Image {
    throw core::Error(core::ErrorKind::kCancelled, "audit", "was interrupted");
  };
  EXPECT_THROW(render_pdf(test::example_evidence({3, 3}), std::string(64, 'e'), cancelled),
               core::Error);
}

TEST(Pdf, TakesImagesOfAnyShapeAndDepth) {
  const auto odd = [](const ScoredSample& sample) {
    switch (sample.source[6] - '0') {
      case 0:
        return images::make_image(1, 2000);
      case 1:
        return images::make_image(2000, 1);
      case 2:
        return images::make_image(1, 1);
      default:
        return images::make_image(300, 200, 16);
    }
  };
  const auto bytes = render_pdf(test::example_evidence({4, 3}), std::string(64, 'e'), odd);
  EXPECT_EQ(count({bytes.begin(), bytes.end()}, "/Subtype /Image"), 4);
}

TEST(Pdf, SurvivesNumbersThatAreMissing) {
  Evidence evidence = test::example_evidence({3, 3});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  evidence.options.radius_score = nan;
  evidence.comparison.effect = {nan, {nan, nan}, nan, nan, nan, nan, {nan, nan}, nan, {nan, nan}};
  evidence.comparison.tests.resize(1);
  evidence.comparison.tests[0].p_value = nan;
  evidence.comparison.tests[0].statistic = nan;
  evidence.commitment.reset();
  evidence.case_name.clear();
  EXPECT_EQ(page_count(render(evidence)), 4);
}

TEST(Pdf, TellsHowImagesWereGot) {
  const Evidence evidence = test::example_evidence(
      {6, 9, stats::Decision::kEvidence, "image", true});
  const std::string text = read_text(render(evidence));
  if (text.empty()) GTEST_SKIP() << "no pdftotext here";
  for (const std::string& part : {std::string("sd15 [6ce0161689]; identity grade A"),
                                  std::string("18 requests, 2026-01-31T12:00:00.000Z to"),
                                  std::string("How the suspect images were got"),
                                  std::string("Outcomes: 6"),
                                  evidence.suspect.acquisition->journal_sha256}) {
    EXPECT_NE(text.find(part), std::string::npos) << part;
  }
}

TEST(Pdf, PrintsWhatMatters) {
  Evidence evidence = test::example_evidence({6, 9});
  evidence.notes = {"Twelve images occur in both sources."};
  evidence.suspect.skipped = {{"broken.png", "is truncated"}};
  const std::string text = read_text(render(evidence));
  if (text.empty()) GTEST_SKIP() << "no pdftotext here";
  const std::string digest = digest_of(evidence);
  for (const std::string& part : {std::string("Evidence found: the suspect images carry"),
                                  std::string("3.2 × 10⁻¹²"),
                                  std::string("6 suspect, 9 benign"),
                                  std::string("95 % interval 91.0 % to 99.0 %"),
                                  std::string("/cases/7/suspect"),
                                  evidence.key.key_sha256,
                                  digest,
                                  std::string("D = 0.930"),
                                  std::string("radius of the key 3.000"),
                                  std::string("1. image-"),
                                  std::string("broken.png"),
                                  std::string("is truncated"),
                                  std::string("What this evidence does not show"),
                                  std::string("Twelve images occur"),
                                  std::string("patina verify BUNDLE"),
                                  std::string("page 1 of ")}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(Pdf, PrintsNamesInManyScripts) {
  Evidence evidence = test::example_evidence({1, 1});
  const std::string name = "Größe Ελλάς Ёжик Việt 日本語 한국 中";
  evidence.suspect.location = name +
                              "\n\xE2\x80\xAE"
                              "gnp \xF0\x9F\x98\x80";
  const std::string pdf = render(evidence);
  EXPECT_EQ(count(pdf, "/FontFile2"), 3);
  const std::string text = read_text(pdf);
  if (text.empty()) GTEST_SKIP() << "no pdftotext here";
  EXPECT_THAT(text, HasSubstr(name + "\\n\\u202Egnp \xEF\xBF\xBD"));
}

TEST(Pdf, ListsHundredsOfSkippedItemsOverSeveralPages) {
  Evidence evidence = test::example_evidence({1, 1});
  const int before = page_count(render(evidence));
  for (int i = 0; i < 450; ++i) {
    evidence.benign.skipped.push_back(
        {"folder/" + std::string(300, 'x') + std::to_string(i), "no image"});
  }
  const std::string pdf = render(evidence);
  EXPECT_GT(page_count(pdf), before + 10);
  const std::string text = read_text(pdf);
  if (text.empty()) GTEST_SKIP() << "no pdftotext here";
  EXPECT_THAT(text, HasSubstr("And 50 more items, all listed in evidence.json."));
}

}  // namespace
}  // namespace patina::report
