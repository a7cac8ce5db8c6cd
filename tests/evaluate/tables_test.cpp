// SPDX-License-Identifier: Apache-2.0
// From cells' files to tables: rates that were computed by hand, and names that hold anything.
#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "evaluate/chain/chain.h"
#include "evaluate/chain/row.h"
#include "evaluate/chain/summary.h"
#include "tests/core/caught.h"

namespace patina::evaluate {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

const Rates kNoRates = {0.0, 0.0, 0.0, 0.0};

ChainRow make_row(const char* set, const char* method, double power, double accused) {
  ChainRow row;
  row.set = set;
  row.method = method;
  row.coating = "frame";
  row.true_positive = Rates(4, power);
  row.false_uncoated = kNoRates;
  row.false_other = Rates(4, accused);
  row.false_base = kNoRates;
  row.psnr_db = 38.0;
  row.frechet_reseeded = std::nan("");
  return row;
}

CellRecord make_record(const ChainRow& row) {
  CellRecord record;
  record.parameters = {{"set", row.set},
                       {"method", row.method},
                       {"coating", row.coating},
                       {"share_percent", row.share_percent},
                       {"other_sets", {"b", "c"}},
                       {"other_owners", json::array()},
                       {"count", 48},
                       {"suspect_images", 20},
                       {"repeats", 50}};
  record.outcome.result = result_of(row);
  return record;
}

std::string file_of(const Tables& tables, const std::string& name) {
  for (const TableFile& file : tables.files) {
    if (file.name == name) return file.text;
  }
  return "no file " + name;
}

TEST(Rates, MeanAndLargestAreLevelByLevel) {
  const std::vector<Rates> all = {{1.0, 0.5, 0.0, 0.0}, {0.0, 1.0, 0.25, 0.0}};
  EXPECT_EQ(mean_of(all), (Rates{0.5, 0.75, 0.125, 0.0}));
  EXPECT_EQ(largest_of(all), (Rates{1.0, 1.0, 0.25, 0.0}));
  EXPECT_TRUE(mean_of({}).empty());
  EXPECT_TRUE(largest_of({}).empty());
}

// Without a success Clopper and Pearson's limit is 1 - 0.025^(1/n); R's binom.test gives for 682 of
// 925 (the example of its manual) 0.7076683 to 0.7654066.
TEST(Rates, HaveTheExactIntervalOfABinomialShare) {
  EXPECT_EQ(interval_of(0.0, 50).low, 0.0);
  EXPECT_NEAR(interval_of(0.0, 50).high, 1.0 - std::pow(0.025, 1.0 / 50.0), 1e-12);
  EXPECT_NEAR(interval_of(1.0, 50).low, std::pow(0.025, 1.0 / 50.0), 1e-12);
  EXPECT_EQ(interval_of(1.0, 50).high, 1.0);
  EXPECT_NEAR(interval_of(682.0 / 925.0, 925).low, 0.7076683, 1e-6);
  EXPECT_NEAR(interval_of(682.0 / 925.0, 925).high, 0.7654066, 1e-6);
}

TEST(ChainRow, ComesBackFromItsCellAsItWentIn) {
  ChainRow row = make_row("a", "lora", 0.75, 0.25);
  row.auc = 0.875;
  row.ssim = 0.5;
  row.loss_coated = 0.125;
  row.frechet = 3.0;
  row.false_owners = {1.0, 0.5, 0.25, 0.125};
  const ChainRow back = row_of(make_record(row));
  EXPECT_EQ(back.method, "lora");
  EXPECT_EQ(back.true_positive, row.true_positive);
  EXPECT_EQ(back.false_other, row.false_other);
  EXPECT_EQ(back.false_owners, row.false_owners);
  EXPECT_EQ(back.auc, 0.875);
  EXPECT_EQ(back.ssim, 0.5);
  EXPECT_EQ(back.loss_coated, 0.125);
  EXPECT_EQ(back.frechet, 3.0);
  EXPECT_TRUE(std::isnan(back.frechet_reseeded));
  EXPECT_EQ(back.other_models, 2);
  EXPECT_EQ(back.sampling.suspect_images, 20);
}

TEST(ChainRow, RefusesACellThatIsNotOfTheChain) {
  CellRecord record = make_record(make_row("a", "full", 1.0, 0.0));
  record.outcome.result.erase("auc");
  EXPECT_EQ(core::caught([&] { row_of(record); }).kind(), core::ErrorKind::kInput);
  record = make_record(make_row("a", "full", 1.0, 0.0));
  record.outcome.result["true_positive"] = {1.0, 1.0};
  EXPECT_THAT(core::caught_text([&] { row_of(record); }), HasSubstr("a rate for each level"));
}

TEST(ChainSummary, AveragesTruePositivesOverSets) {
  const auto summaries = summarise(
      {make_row("a", "full", 1.0, 0.0), make_row("b", "full", 0.5, 0.0)});
  ASSERT_EQ(summaries.size(), 1U);
  EXPECT_EQ(summaries[0].sets, 2);
  EXPECT_EQ(summaries[0].true_positive, Rates(4, 0.75));
  EXPECT_EQ(summaries[0].psnr_db, 38.0);
}

TEST(ChainSummary, KeepsMethodsAndSharesApart) {
  ChainRow half = make_row("a", "full", 0.25, 0.0);
  half.share_percent = 50;
  const auto summaries = summarise(
      {make_row("a", "full", 1.0, 0.0), half, make_row("a", "lora", 0.5, 0.0)});
  ASSERT_EQ(summaries.size(), 3U);
  EXPECT_EQ(summaries[1].true_positive, Rates(4, 0.25));
  EXPECT_EQ(summaries[2].method, "lora");
}

// Three kinds of models in each of two rows, one kind of one row accused in 3 of 10 draws.
TEST(ChainSummary, FalsePositivesAreAMeanAndAWorst) {
  const auto summaries = summarise(
      {make_row("a", "full", 1.0, 0.3), make_row("b", "full", 1.0, 0.0)});
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_DOUBLE_EQ(summaries[0].false_positive[i], 0.3 / 6.0);
    EXPECT_EQ(summaries[0].worst[i], 0.3);
  }
}

TEST(ChainSummary, CountsOtherOwnersOnlyWhereTheyWereMeasured) {
  ChainRow with_owners = make_row("a", "full", 1.0, 0.0);
  with_owners.false_owners = Rates(4, 0.8);
  const auto summaries = summarise({with_owners, make_row("b", "full", 1.0, 0.0)});
  EXPECT_DOUBLE_EQ(summaries[0].false_positive[0], 0.8 / 7.0);
  EXPECT_EQ(summaries[0].worst, Rates(4, 0.8));
}

// (1 + 0.5) / 2 = 0.75; (0.3 + 5 * 0) / 6 = 0.05.
TEST(ChainTables, GiveMeansAndWorstRowsInMarkdown) {
  const Tables tables = tabulate_chain(
      {make_record(make_row("a", "full", 1.0, 0.3)), make_record(make_row("b", "full", 0.5, 0.0))});
  EXPECT_THAT(tables.markdown,
              HasSubstr("| full | frame | 100 | 2 | 0.75 / 0.75 / 0.75 / 0.75 | 0.05 / 0.05 / 0.05 "
                        "/ 0.05 | 0.3 / 0.3 / 0.3 / 0.3 | 38.0 | 0.00 |\n"));
  EXPECT_THAT(tables.markdown, HasSubstr("| a | full | frame | 100 | 1 / 1 / 1 / 1 |"));
  EXPECT_THAT(tables.markdown, HasSubstr("Share of 50 draws of 20 images"));
  EXPECT_THAT(tables.markdown, HasSubstr("against 48 images"));
  EXPECT_EQ(file_of(tables, "chain.md"), tables.markdown);
}

// 50 draws of one model; of two models 100, of which 1 - 0.025^(1/100) = 0.0362167.
TEST(ChainTables, GiveEveryRateItsIntervalInCSV) {
  const std::string csv = file_of(tabulate_chain({make_record(make_row("a", "full", 0.0, 0.0))}),
                                  "chain.csv");
  EXPECT_THAT(csv, HasSubstr("\na,full,frame,100,coated,0.001,0,50,0,0.0711217"));
  EXPECT_THAT(csv, HasSubstr("\na,full,frame,100,other-set,1e-12,0,100,0,0.0362166"));
  EXPECT_EQ(csv.find("other-owner"), std::string::npos);
}

TEST(ChainTables, GiveTheNumbersToPrograms) {
  const json result = tabulate_chain({make_record(make_row("a", "full", 0.5, 0.25))}).result;
  EXPECT_EQ(result["alphas"], (std::vector<double>{1e-3, 1e-6, 1e-9, 1e-12}));
  ASSERT_EQ(result["rows"].size(), 1U);
  EXPECT_EQ(result["rows"][0]["set"], "a");
  EXPECT_EQ(result["rows"][0]["true_positive"], Rates(4, 0.5));
  EXPECT_TRUE(result["rows"][0]["frechet_reseeded"].is_null());
}

// Bars are 90 wide.
TEST(ChainTables, DrawPowerAndTheWorstAccusationToScale) {
  const std::string svg = file_of(tabulate_chain({make_record(make_row("a", "full", 0.5, 0.1))}),
                                  "chain.svg");
  EXPECT_THAT(svg, HasSubstr("width=\"45.0\" height=\"11\" fill=\"#2b6cb0\""));
  EXPECT_THAT(svg, HasSubstr("width=\"9.0\" height=\"5\" fill=\"#c53030\""));
}

TEST(ChainTables, CallASetWhatItsFolderIsCalledInEveryFormat) {
  const Tables tables = tabulate_chain(
      {make_record(make_row("Ink & <Wash>, 2|3", "full", 1.0, 0.0))});
  EXPECT_THAT(tables.markdown, HasSubstr("| Ink & \\<Wash>, 2\\|3 | full |"));
  EXPECT_THAT(file_of(tables, "chain.csv"), HasSubstr("\n\"Ink & <Wash>, 2|3\",full,"));
  EXPECT_THAT(file_of(tables, "chain.svg"), HasSubstr(">Ink &amp; &lt;Wash&gt;, 2|3, full, "));
}

// XML 1.0 has no control characters, and a table's row no line breaks.
TEST(ChainTables, WriteWhatCannotBeSeenInANameAsItsCode) {
  const Tables tables = tabulate_chain({make_record(make_row("Ink\n\x1b[7m", "full", 1.0, 0.0))});
  EXPECT_THAT(tables.markdown, HasSubstr("| Ink\\n\\u001B[7m | full |"));
  EXPECT_THAT(file_of(tables, "chain.svg"), HasSubstr(">Ink\\n\\u001B[7m, full, "));
}

TEST(ChainTables, NeedAFinishedCell) {
  EXPECT_THAT(core::caught_text([] { tabulate_chain({}); }), HasSubstr("holds no finished cell"));
}

}  // namespace
}  // namespace patina::evaluate
