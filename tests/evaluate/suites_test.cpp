// SPDX-License-Identifier: Apache-2.0
// The table of suites, and what all of them share: cells, then tables.
#include "evaluate/suites/suites.h"

#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/files.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"

namespace patina::evaluate {
namespace {

using ::testing::HasSubstr;

int cells_run =
    0;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): of a made-up suite

// Two cells, of which the second fails while there is no file "go".
Suite made_up_suite() {
  return {"made-up",
          "for this test",
          [](const SuiteOptions&) {
            return std::vector<Cell>{{"one", {{"n", 1}}}, {"two", {{"n", 2}}}};
          },
          [](const SuiteOptions& options) {
            return RunCell([output = options.output](const Cell& cell, const core::Observer&) {
              ++cells_run;
              if (cell.name == "two" && !std::filesystem::exists(output / "go")) {
                throw core::Error(core::ErrorKind::kCancelled, "the run", "was killed");
              }
              return CellOutcome{nlohmann::json::object(), {{"of", cell.name}}};
            });
          },
          [](const std::vector<CellRecord>& records) {
            Tables tables;
            for (const CellRecord& record : records) {
              tables.markdown += record.outcome.result["of"].get<std::string>() + "\n";
            }
            tables.files = {{"made-up.md", tables.markdown}};
            return tables;
          }};
}

class SuiteRuns : public ::testing::Test {
 protected:
  SuiteRuns() {
    cells_run = 0;
    options_.output = scratch_ / "out";
    options_.compute.num_threads = 3;
  }
  core::ScratchFolder scratch_;
  SuiteOptions options_;
};

TEST_F(SuiteRuns, WriteTablesOfAllCells) {
  core::make_folder(options_.output);
  core::write_file_atomic(options_.output / "go", std::string("x"));
  EXPECT_EQ(run_suite(made_up_suite(), options_).markdown, "one\ntwo\n");
  EXPECT_EQ(core::read_text_file(options_.output / "made-up.md"), "one\ntwo\n");
}

TEST_F(SuiteRuns, TabulateWhatIsFinishedWithoutComputing) {
  EXPECT_EQ(core::caught([&] { run_suite(made_up_suite(), options_); }).kind(),
            core::ErrorKind::kCancelled);
  cells_run = 0;
  EXPECT_EQ(tabulate_suite(made_up_suite(), options_).markdown, "one\n");
  EXPECT_EQ(cells_run, 0);
}

TEST_F(SuiteRuns, SayInEachCellOnWhatItWasComputed) {
  EXPECT_THROW(run_suite(made_up_suite(), options_), core::Error);
  const std::vector<CellRecord> records = read_finished_cells(options_.output,
                                                              made_up_suite().plan(options_));
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].machine["threads"], 3);
  for (const char* fact : {"processor", "instruction_set", "device", "precision"}) {
    EXPECT_FALSE(records[0].machine.at(fact).get<std::string>().empty()) << fact;
  }
}

TEST_F(SuiteRuns, NeedAFolder) {
  options_.output.clear();
  EXPECT_THAT(core::caught_text([&] { run_suite(made_up_suite(), options_); }),
              HasSubstr("--output: not given"));
}

TEST(Suites, HaveNamesOfTheirOwn) {
  std::set<std::string> names;
  for (const Suite& suite : suites()) {
    EXPECT_TRUE(names.insert(suite.name).second) << suite.name;
    EXPECT_EQ(&suite_from_name(suite.name), &suite);
  }
}

TEST(Suites, AreListedToWhoeverNamesAnother) {
  const core::Error error = core::caught([] { suite_from_name("chian"); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
  EXPECT_THAT(error.what(), HasSubstr("--suite \"chian\": unknown suite; use chain"));
}

}  // namespace
}  // namespace patina::evaluate
