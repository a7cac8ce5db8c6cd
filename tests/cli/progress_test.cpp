// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <sstream>

#include <gtest/gtest.h>

#include "cli/table.h"

namespace patina::cli {
namespace {

constexpr const char* kClear = "\r\033[K";

TEST(BarText, ShowsShareCountsAndTimeLeft) {
  EXPECT_EQ(bar_text({"coating", 5, 20, ""}, 4.0),
            "coating  [======>                 ]  25 %, 5 of 20, 12 s left");
}

TEST(BarText, IsEmptyAtTheStartAndFullAtTheEnd) {
  EXPECT_EQ(bar_text({"coating", 0, 20, ""}, 4.0),
            "coating  [>                       ]  0 %, 0 of 20");
  EXPECT_EQ(bar_text({"coating", 20, 20, ""}, 16.0),
            "coating  [========================]  100 %, 20 of 20, took 16 s");
}

TEST(BarText, CountsWhenTheTotalIsUnknown) {
  EXPECT_EQ(bar_text({"asking", 7, 0, "page 3"}, 1.0), "asking  7 done, page 3");
}

TEST(BarText, FitsOneTerminalLine) {
  const std::string text = bar_text({"coating", 5, 20, std::string(200, 'x')}, 4.0);
  EXPECT_EQ(text.size(), 79U);
  EXPECT_EQ(text.substr(76), "...");
}

TEST(BarText, IsCutBetweenCharactersNotInThem) {
  std::string accents;
  for (int i = 0; i < 100; ++i) accents += "é";
  const std::string text = bar_text({"asking", 7, 0, accents}, 1.0);
  EXPECT_EQ(display_width(text), 79U);
  EXPECT_EQ(text.substr(text.size() - 5), "é...");
}

TEST(BarText, KeepsShareWithinItsEndsWhateverIsReported) {
  EXPECT_EQ(bar_text({"coating", 30, 20, ""}, 4.0),
            "coating  [========================]  100 %, 30 of 20, took 4.0 s");
}

TEST(BarText, NeverShowsAHundredPercentBeforeTheEnd) {
  EXPECT_EQ(bar_text({"coating", 999, 1000, ""}, 999.0),
            "coating  [=======================>]  99 %, 999 of 1000, 1.0 s left");
}

TEST(LineText, CountsWhenTheTotalIsUnknown) {
  EXPECT_EQ(line_text({"asking", 7, 0, "page 3"}, 1.0), "asking: 7 done, page 3");
}

TEST(LineText, ShowsControlCharactersOfDetailsAsEscapes) {
  EXPECT_EQ(line_text({"asking", 7, 0, "a\x1B[2J"}, 1.0), "asking: 7 done, a\\u001B[2J");
}

TEST(LineText, LeavesOutTheTimeUntilSomethingIsDone) {
  EXPECT_EQ(line_text({"training", 60, 100, ""}, 5.0, 60), "training: 60 of 100 (60 %)");
}

TEST(LineText, SaysTheSameInWords) {
  EXPECT_EQ(line_text({"coating", 5, 20, "loss 0.31"}, 4.0),
            "coating: 5 of 20 (25 %), 12 s left, loss 0.31");
}

class Printer : public testing::Test {
 protected:
  std::unique_ptr<ProgressPrinter> make(ProgressStyle style) {
    return std::make_unique<ProgressPrinter>(err_, style, [this] { return now_; });
  }

  std::ostringstream err_;
  double now_ = 100.0;
};

TEST_F(Printer, WritesALineEveryFiveSeconds) {
  const auto printer = make(ProgressStyle::kLines);
  for (int done = 0; done <= 12; ++done) {
    printer->show({"scoring", done, 1000, ""});
    now_ += 1.0;
  }
  EXPECT_EQ(err_.str(),
            "scoring: 5 of 1000 (0 %), 17 min left\n"
            "scoring: 10 of 1000 (1 %), 17 min left\n");
}

TEST_F(Printer, WritesALineForEveryTenthOfTheWork) {
  const auto printer = make(ProgressStyle::kLines);
  for (int done = 0; done < 6; ++done) {
    printer->show({"scoring", done * 5, 100, ""});
    now_ += 1.0;
  }
  EXPECT_EQ(err_.str(),
            "scoring: 10 of 100 (10 %), 18 s left\nscoring: 20 of 100 (20 %), 16 s left\n");
}

TEST_F(Printer, EstimatesFromItsOwnWorkWhenARunGoesOn) {
  const auto printer = make(ProgressStyle::kLines);
  printer->show({"personalising", 60, 100, ""});
  now_ += 10.0;
  printer->show({"personalising", 70, 100, ""});
  EXPECT_EQ(err_.str(), "personalising: 70 of 100 (70 %), 30 s left\n");
}

TEST_F(Printer, WritesOneLineForShortWork) {
  const auto printer = make(ProgressStyle::kLines);
  for (int done = 0; done <= 100; ++done) printer->show({"scoring", done, 100, ""});
  EXPECT_EQ(err_.str(), "scoring: 100 of 100 (100 %), took 0.0 s\n");
}

TEST_F(Printer, EndsAStageOnce) {
  const auto printer = make(ProgressStyle::kLines);
  printer->show({"scoring", 2, 2, ""});
  printer->show({"scoring", 2, 2, ""});
  EXPECT_EQ(err_.str(), "scoring: 2 of 2 (100 %), took 0.0 s\n");
}

TEST_F(Printer, RedrawsABarInPlaceAndEndsItWithANewline) {
  {
    const auto printer = make(ProgressStyle::kBar);
    printer->show({"scoring", 0, 2, ""});
    now_ += 1.0;
    printer->show({"scoring", 1, 2, ""});
  }
  EXPECT_EQ(err_.str(),
            std::string(kClear) + "scoring  [>                       ]  0 %, 0 of 2" + kClear +
                "scoring  [============>           ]  50 %, 1 of 2, 1.0 s left\n");
}

TEST_F(Printer, RedrawsABarAtMostTenTimesASecond) {
  const auto printer = make(ProgressStyle::kBar);
  printer->show({"scoring", 0, 100, ""});
  const std::size_t first = err_.str().size();
  now_ += 0.05;
  printer->show({"scoring", 1, 100, ""});
  EXPECT_EQ(err_.str().size(), first);
  now_ += 0.06;
  printer->show({"scoring", 2, 100, ""});
  EXPECT_NE(err_.str().find("2 of 100"), std::string::npos);
}

TEST_F(Printer, EndsTheBarOfAStageBeforeTheNextStage) {
  const auto printer = make(ProgressStyle::kBar);
  printer->show({"training", 1, 2, ""});
  printer->show({"coating", 0, 0, ""});
  EXPECT_NE(err_.str().find("1 of 2\n" + std::string(kClear) + "coating  0 done"),
            std::string::npos)
      << err_.str();
}

TEST_F(Printer, StartsTheClockAnewWithEachStage) {
  const auto printer = make(ProgressStyle::kLines);
  printer->show({"training", 2, 2, ""});
  now_ += 30.0;
  printer->show({"coating", 0, 2, ""});
  now_ += 2.0;
  printer->show({"coating", 2, 2, ""});
  EXPECT_EQ(err_.str(),
            "training: 2 of 2 (100 %), took 0.0 s\ncoating: 2 of 2 (100 %), took 2.0 s\n");
}

TEST_F(Printer, PutsASentenceAboveTheBar) {
  const auto printer = make(ProgressStyle::kBar);
  printer->show({"scoring", 0, 0, ""});
  printer->say("Skipped a.png.");
  EXPECT_EQ(err_.str(), std::string(kClear) + "scoring  0 done" + kClear + "Skipped a.png.\n");
}

TEST_F(Printer, SaysNothingWhenSilent) {
  const auto printer = make(ProgressStyle::kSilent);
  printer->show({"scoring", 2, 2, ""});
  printer->say("Skipped a.png.");
  EXPECT_EQ(err_.str(), "");
}

TEST(StyleFor, IsLinesForAnythingButATerminal) {
  std::ostringstream err;
  EXPECT_EQ(style_for(err, false), ProgressStyle::kLines);
  EXPECT_EQ(style_for(err, true), ProgressStyle::kSilent);
}

}  // namespace
}  // namespace patina::cli
