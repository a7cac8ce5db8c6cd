// SPDX-License-Identifier: Apache-2.0
#include "analyzer/internal/decode_ahead.h"

#include <utility>

namespace patina::analyzer {
namespace {

// Thrown through the producer when nobody wants more items.
struct Stopped {};

}  // namespace

DecodeAhead::DecodeAhead(std::function<void(const Push&)> produce, const AheadLimits& limits)
    : limits_(limits), thread_([this, produce = std::move(produce)] { run(produce); }) {}

DecodeAhead::~DecodeAhead() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::optional<DecodedSample> DecodeAhead::next() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return !queue_.empty() || finished_; });
  if (queue_.empty()) {
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    return std::nullopt;
  }
  DecodedSample sample = std::move(queue_.front());
  queue_.pop_front();
  queued_pixels_ -= sample.pixels();
  lock.unlock();
  changed_.notify_all();
  return sample;
}

bool DecodeAhead::full(std::int64_t pixels) const {
  return !queue_.empty() &&
         (queue_.size() >= limits_.max_items || queued_pixels_ + pixels > limits_.max_pixels);
}

void DecodeAhead::push(DecodedSample&& sample) {
  {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return stopped_ || !full(sample.pixels()); });
    if (stopped_) throw Stopped{};
    queued_pixels_ += sample.pixels();
    queue_.push_back(std::move(sample));
  }
  changed_.notify_all();
}

void DecodeAhead::run(const std::function<void(const Push&)>& produce) {
  std::exception_ptr failure;
  try {
    produce([this](DecodedSample&& sample) { push(std::move(sample)); });
  } catch (const Stopped&) {
    failure = nullptr;
  } catch (...) {
    failure = std::current_exception();
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    failure_ = failure;
    finished_ = true;
  }
  changed_.notify_all();
}

}  // namespace patina::analyzer
