// SPDX-License-Identifier: Apache-2.0
// Progress for people: a bar on a terminal, otherwise a line now and then.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>

#include "core/observer.h"

namespace patina::cli {

enum class ProgressStyle { kSilent, kLines, kBar };

/// "coating  [=========>          ]  45 %, 9 of 20, 12 s left"; counts alone without a total.
/// `seconds` is the time since the stage began, `done_before` what was done by then, as in a run
/// that goes on where another stopped.
std::string bar_text(const core::Progress& progress, double seconds, std::int64_t done_before = 0);
/// "coating: 9 of 20 (45 %), 12 s left".
std::string line_text(const core::Progress& progress, double seconds, std::int64_t done_before = 0);

/// Not for use by several threads at once.
class ProgressPrinter {
 public:
  /// `clock` gives seconds since any fixed moment.
  ProgressPrinter(std::ostream& err, ProgressStyle style, std::function<double()> clock);
  /// Ends an open bar with a newline.
  ~ProgressPrinter();
  ProgressPrinter(const ProgressPrinter&) = delete;
  ProgressPrinter& operator=(const ProgressPrinter&) = delete;

  void show(const core::Progress& progress);
  /// A line of its own, above an open bar.
  void say(const std::string& sentence);

 private:
  void draw_bar(const core::Progress& progress, double now);
  void print_line_if_due(const core::Progress& progress, double now);
  void close_bar();

  std::ostream& err_;
  ProgressStyle style_;
  std::function<double()> clock_;
  std::string stage_;
  double stage_began_ = 0.0;
  std::int64_t done_before_ = 0;  // of the stage
  double last_shown_ = 0.0;
  double last_share_ = 0.0;
  bool bar_open_ = false;
  bool ended_ = false;
};

/// Bar if `err` is the standard error stream and that a terminal.
ProgressStyle style_for(const std::ostream& err, bool quiet);

/// Seconds on a clock that never goes back.
double steady_seconds();

}  // namespace patina::cli
