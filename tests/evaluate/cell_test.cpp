// SPDX-License-Identifier: Apache-2.0
// Cells: one file each, never run twice, and known by their parameters.
#include "evaluate/cells/cell.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/files.h"
#include "core/json.h"
#include "core/version.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"

namespace patina::evaluate {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class Cells : public ::testing::Test {
 protected:
  std::vector<CellRecord> run(const std::vector<Cell>& cells) {
    const auto one = [this](const Cell& cell, const core::Observer&) {
      ++runs_;
      if (cell.parameters.at("n") == killed_) {
        throw core::Error(core::ErrorKind::kCancelled, "the run", "was killed");
      }
      const int n = cell.parameters.at("n").get<int>();
      return CellOutcome{{{"draws", "17"}}, {{"square", n * n}}};
    };
    return run_cells(scratch_.path(), cells, {one, {{"processor", "abacus"}}});
  }
  static Cell cell(int n, const std::string& name = "cell") { return {name, {{"n", n}}}; }

  core::ScratchFolder scratch_;
  int runs_ = 0;
  int killed_ = -1;
};

TEST_F(Cells, ComeInTheOrderOfThePlan) {
  const std::vector<CellRecord> records = run({cell(3), cell(2)});
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].outcome.result["square"], 9);
  EXPECT_EQ(records[1].outcome.result["square"], 4);
}

TEST_F(Cells, HaveAFileEachThatSaysAllAboutThem) {
  run({cell(3, "three")});
  const json file = json::parse(core::read_text_file(cell_path(scratch_.path(), cell(3, "three"))));
  EXPECT_EQ(file["parameters"], (json{{"n", 3}}));
  EXPECT_EQ(file["seeds"], (json{{"draws", "17"}}));
  EXPECT_EQ(file["result"], (json{{"square", 9}}));
  EXPECT_EQ(file["machine"], (json{{"processor", "abacus"}}));
  EXPECT_EQ(file["tool"]["version"], core::kVersion);
  EXPECT_EQ(file["tool"]["revision"], core::kRevision);
  EXPECT_GE(file["seconds"].get<double>(), 0.0);
  EXPECT_EQ(file.size(), 6U);
}

TEST_F(Cells, AreNotRunAgain) {
  run({cell(3), cell(2)});
  const std::vector<CellRecord> records = run({cell(2), cell(3), cell(4)});
  EXPECT_EQ(runs_, 3);
  EXPECT_EQ(records[1].outcome.result["square"], 9);
}

TEST_F(Cells, ThatWereFinishedBeforeAKillStay) {
  killed_ = 2;
  EXPECT_EQ(core::caught([&] {
              run({cell(3), cell(2), cell(4)});
            }).kind(),
            core::ErrorKind::kCancelled);
  EXPECT_EQ(read_finished_cells(scratch_.path(), {cell(3), cell(2), cell(4)}).size(), 1U);
  killed_ = -1;
  run({cell(3), cell(2), cell(4)});
  EXPECT_EQ(runs_, 4);
}

TEST_F(Cells, OfOtherParametersHaveOtherFiles) {
  EXPECT_NE(cell_path(scratch_.path(), cell(3)), cell_path(scratch_.path(), cell(4)));
  EXPECT_EQ(cell_path(scratch_.path(), cell(3)), cell_path(scratch_.path(), cell(3)));
}

// Such as a file that someone renamed.
TEST_F(Cells, RefuseAFileOfOtherParameters) {
  run({cell(3)});
  std::filesystem::rename(cell_path(scratch_.path(), cell(3)), cell_path(scratch_.path(), cell(4)));
  const core::Error error = core::caught([&] { run({cell(4)}); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kInput);
  EXPECT_EQ(error.where(), cell_path(scratch_.path(), cell(4)).string());
  EXPECT_EQ(error.problem(), "holds a cell of other parameters: n is 3 there and 4 here");
  EXPECT_EQ(runs_, 1);
}

TEST_F(Cells, RefuseADamagedFile) {
  run({cell(3)});
  const std::filesystem::path path = cell_path(scratch_.path(), cell(3));
  core::write_file_atomic(path, core::read_text_file(path).substr(0, 40));
  EXPECT_THAT(core::caught_text([&] { run({cell(3)}); }), HasSubstr(path.string()));
}

TEST_F(Cells, RefuseAFileThatLacksAPart) {
  for (const char* part : {"parameters", "seeds", "result", "machine", "tool", "seconds"}) {
    std::filesystem::remove_all(scratch_.path() / "cells");
    run({cell(3)});
    const std::filesystem::path path = cell_path(scratch_.path(), cell(3));
    json file = json::parse(core::read_text_file(path));
    file.erase(part);
    core::write_file_atomic(path, core::dump_json(file));
    EXPECT_THAT(core::caught_text([&] { run({cell(3)}); }),
                HasSubstr(std::string("it lacks ") + part));
  }
}

}  // namespace
}  // namespace patina::evaluate
