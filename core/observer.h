// SPDX-License-Identifier: Apache-2.0
// How long work reports to its caller. Libraries never print: they call an Observer, which the
// command line turns into a progress bar and log lines on stderr. Empty members mean silence.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace patina::core {

struct Progress {
  std::string stage;       ///< What is being done, e.g. "coating".
  std::int64_t done = 0;   ///< Units finished so far.
  std::int64_t total = 0;  ///< Units in all; 0 = unknown.
  std::string detail;      ///< Optional, e.g. "loss 0.31" or a file name.
};

/// Hears of the progress. A library calls it from one thread at a time, so that its functions need
/// no lock.
struct Observer {
  std::function<void(const std::string& sentence)> log;
  /// Returns false to cancel.
  std::function<bool(const Progress&)> progress;

  void say(const std::string& sentence) const;
  /// Reports progress. Throws Error{kCancelled} if the receiver asked to stop.
  void report(const Progress& progress_now) const;
};

}  // namespace patina::core
