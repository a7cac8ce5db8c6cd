// SPDX-License-Identifier: Apache-2.0
#include "serve/internal/jobs.h"

#include <exception>
#include <utility>

#include "core/clock.h"

namespace patina::serve {
namespace {

constexpr std::chrono::milliseconds kPatience(100);

}  // namespace

std::optional<JobResult> JobQueue::submit(const diffusion::GenerateOptions& options) {
  auto job = std::make_shared<Job>();
  job->options = options;
  std::unique_lock<std::mutex> lock(mutex_);
  if (closed_ || static_cast<int>(waiting_.size()) >= most_waiting_) return std::nullopt;
  waiting_.push_back(job);
  changed_.notify_all();
  changed_.wait(lock, [&job] { return job->done; });
  return std::move(job->result);
}

void JobQueue::run_next(const MakeImages& make, const std::function<bool()>& stop) {
  std::shared_ptr<Job> job;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    if (!changed_.wait_for(lock, kPatience, [this] { return !waiting_.empty(); })) return;
    job = waiting_.front();
    waiting_.pop_front();
    running_ = true;
    interrupt_ = false;
    step_ = 0;
    steps_ = job->options.steps;
    began_ = std::chrono::steady_clock::now();
  }
  core::Observer observer;
  observer.progress = [this, &stop](const core::Progress& now) {
    const bool stopping = stop();
    const std::lock_guard<std::mutex> lock(mutex_);
    step_ = static_cast<int>(now.done);
    return !interrupt_ && !stopping;
  };
  JobResult result;
  try {
    result.images = make(job->options, observer);
  } catch (const core::Error& error) {
    result.interrupted = error.kind() == core::ErrorKind::kCancelled;
    if (!result.interrupted) result.error = error;
  } catch (const std::exception& error) {
    result.error = core::Error(core::ErrorKind::kInternal, "the model", error.what());
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  job->result = std::move(result);
  job->done = true;
  running_ = false;
  changed_.notify_all();
}

void JobQueue::interrupt() {
  const std::lock_guard<std::mutex> lock(mutex_);
  interrupt_ = running_;
}

void JobQueue::close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  closed_ = true;
  interrupt_ = true;
  for (const auto& job : waiting_) {
    job->result.interrupted = true;
    job->done = true;
  }
  waiting_.clear();
  changed_.notify_all();
}

JobProgress JobQueue::progress() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  JobProgress progress;
  progress.waiting = static_cast<int>(waiting_.size());
  progress.running = running_;
  if (!running_) return progress;
  progress.step = step_;
  progress.steps = steps_;
  progress.interrupted = interrupt_;
  progress.seconds = core::seconds_since(began_);
  return progress;
}

}  // namespace patina::serve
