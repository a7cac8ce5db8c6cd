// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <unistd.h>
#include <utility>

#include "cli/table.h"

namespace patina::cli {
namespace {

constexpr int kBarColumns = 24;
constexpr std::size_t kMaxColumns = 79;
constexpr double kBarInterval = 0.1;    // seconds between two drawings
constexpr double kLineInterval = 5.0;   // seconds after which a line is due
constexpr double kShareInterval = 0.1;  // share of the work after which a line is due, ...
constexpr double kShareSeconds = 1.0;   // ... but not more often than this
constexpr const char* kClearLine = "\r\033[K";

double share_of(const core::Progress& progress) {
  if (progress.total <= 0) return 0.0;
  const double share = static_cast<double>(progress.done) / static_cast<double>(progress.total);
  return std::clamp(share, 0.0, 1.0);
}

bool is_complete(const core::Progress& progress) {
  return progress.total > 0 && progress.done >= progress.total;
}

std::string counts(const core::Progress& progress) {
  const std::string done = std::to_string(progress.done);
  return progress.total > 0 ? done + " of " + std::to_string(progress.total) : done + " done";
}

std::string time_text(const core::Progress& progress, double seconds, std::int64_t done_before) {
  if (is_complete(progress)) return ", took " + format_duration(seconds);
  if (progress.done <= done_before) return "";
  const double left = static_cast<double>(progress.total - progress.done);
  return ", " + format_duration(seconds * left / static_cast<double>(progress.done - done_before)) +
         " left";
}

std::string percent(const core::Progress& progress) {
  return std::to_string(static_cast<int>(std::floor(100.0 * share_of(progress)))) + " %";
}

std::string detail_text(const core::Progress& progress) {
  return progress.detail.empty() ? "" : ", " + printable(progress.detail);
}

// At most `columns` characters, cut between characters.
std::string cut(const std::string& text, std::size_t columns) {
  if (display_width(text) <= columns) return text;
  std::size_t end = text.size();
  while (display_width(text.substr(0, end)) > columns - 3) --end;
  return text.substr(0, end) + "...";
}

}  // namespace

std::string bar_text(const core::Progress& progress, double seconds, std::int64_t done_before) {
  if (progress.total <= 0) {
    return cut(progress.stage + "  " + counts(progress) + detail_text(progress), kMaxColumns);
  }
  const int filled = static_cast<int>(std::floor(share_of(progress) * kBarColumns));
  std::string bar(static_cast<std::size_t>(filled), '=');
  if (filled < kBarColumns) bar += '>';
  bar.resize(kBarColumns, ' ');
  return cut(progress.stage + "  [" + bar + "]  " + percent(progress) + ", " + counts(progress) +
                 time_text(progress, seconds, done_before) + detail_text(progress),
             kMaxColumns);
}

std::string line_text(const core::Progress& progress, double seconds, std::int64_t done_before) {
  std::string text = progress.stage + ": " + counts(progress);
  if (progress.total > 0) {
    text += " (" + percent(progress) + ")" + time_text(progress, seconds, done_before);
  }
  return text + detail_text(progress);
}

ProgressPrinter::ProgressPrinter(std::ostream& err,
                                 ProgressStyle style,
                                 std::function<double()> clock)
    : err_(err), style_(style), clock_(std::move(clock)) {}

ProgressPrinter::~ProgressPrinter() { close_bar(); }

void ProgressPrinter::show(const core::Progress& progress) {
  if (style_ == ProgressStyle::kSilent) return;
  const double now = clock_();
  if (progress.stage != stage_) {
    close_bar();
    stage_ = progress.stage;
    stage_began_ = last_shown_ = now;
    last_share_ = 0.0;
    done_before_ = progress.done;
    ended_ = false;
  }
  if (ended_) return;
  if (style_ == ProgressStyle::kBar) {
    draw_bar(progress, now);
  } else {
    print_line_if_due(progress, now);
  }
}

void ProgressPrinter::draw_bar(const core::Progress& progress, double now) {
  ended_ = is_complete(progress);
  if (bar_open_ && !ended_ && now - last_shown_ < kBarInterval) return;
  err_ << kClearLine << bar_text(progress, now - stage_began_, done_before_) << std::flush;
  last_shown_ = now;
  bar_open_ = true;
  if (ended_) close_bar();
}

void ProgressPrinter::print_line_if_due(const core::Progress& progress, double now) {
  ended_ = is_complete(progress);
  const double waited = now - last_shown_;
  const bool moved = share_of(progress) - last_share_ >= kShareInterval && waited >= kShareSeconds;
  if (!ended_ && !moved && waited < kLineInterval) return;
  err_ << line_text(progress, now - stage_began_, done_before_) << "\n" << std::flush;
  last_shown_ = now;
  last_share_ = share_of(progress);
}

void ProgressPrinter::say(const std::string& sentence) {
  if (style_ == ProgressStyle::kSilent) return;
  if (bar_open_) err_ << kClearLine;
  bar_open_ = false;
  err_ << printable(sentence) << "\n" << std::flush;
}

void ProgressPrinter::close_bar() {
  if (bar_open_) err_ << "\n" << std::flush;
  bar_open_ = false;
}

ProgressStyle style_for(const std::ostream& err, bool quiet) {
  if (quiet) return ProgressStyle::kSilent;
  const char* terminal = std::getenv("TERM");
  const bool dumb = terminal == nullptr || std::string(terminal) == "dumb";
  const bool is_terminal = &err == &std::cerr && isatty(STDERR_FILENO) == 1;
  return is_terminal && !dumb ? ProgressStyle::kBar : ProgressStyle::kLines;
}

double steady_seconds() {
  using Seconds = std::chrono::duration<double>;
  return Seconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace patina::cli
