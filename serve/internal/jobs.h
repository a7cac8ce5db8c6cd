// SPDX-License-Identifier: Apache-2.0
// Requests on their way to the one model: a bounded queue between the clients' threads and the
// thread that makes images.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "images/pixels/image.h"
#include "serve/serve.h"

namespace patina::serve {

struct JobResult {
  std::vector<images::Image> images;
  bool interrupted = false;
  std::optional<core::Error> error;
};

/// What runs now.
struct JobProgress {
  int waiting = 0;  ///< Behind it.
  bool running = false;
  int step = 0;
  int steps = 0;
  double seconds = 0.0;
  bool interrupted = false;
};

/// Thread-safe; run_next() is for the one thread that makes images.
class JobQueue {
 public:
  explicit JobQueue(int most_waiting) : most_waiting_(most_waiting) {}

  /// Waits for the result. Nothing if the queue is full.
  std::optional<JobResult> submit(const diffusion::GenerateOptions& options);
  /// Runs the next job, if one comes within a tenth of a second; `stop` ends it after a step.
  void run_next(const MakeImages& make, const std::function<bool()>& stop);
  /// Stops the running job after its current step.
  void interrupt();
  /// Ends every job that waits; no more are taken.
  void close();
  JobProgress progress() const;

 private:
  struct Job {
    diffusion::GenerateOptions options;
    JobResult result;
    bool done = false;
  };
  int most_waiting_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Job>> waiting_;
  bool closed_ = false;
  bool running_ = false;
  bool interrupt_ = false;
  int step_ = 0;
  int steps_ = 0;
  std::chrono::steady_clock::time_point began_{};
};

}  // namespace patina::serve
