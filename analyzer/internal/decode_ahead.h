// SPDX-License-Identifier: Apache-2.0
// Decoding on a second thread, ahead of the extractor: a bounded queue between a producer that
// reads and decodes and a consumer that scores. What the producer throws, the consumer sees.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "images/image_io.h"
#include "images/pixels/image.h"

namespace patina::analyzer {

/// One item of a source on its way to the extractor.
struct DecodedSample {
  std::string source;
  std::string sha256;
  images::ImageFormat format = images::ImageFormat::kPNG;
  int width_px = 0;
  int height_px = 0;
  images::Image image;            ///< Empty if not needed, the item a repeat or not an image.
  std::optional<double> score;    ///< Known from an earlier run.
  std::vector<double> key_terms;  ///< Where they are asked for.
  bool repeat = false;            ///< The same bytes came before from this source.
  std::string problem;            ///< Why it is not an image; empty otherwise.

  std::int64_t pixels() const { return std::int64_t{width_px} * height_px; }
};

/// Decoded items that may wait: few, and not too large together (3 bytes per pixel at 8 bits).
struct AheadLimits {
  std::size_t max_items = 8;  ///< At least 1. More even out slow files and take more memory.
  /// Sum over the waiting items, above 0. More take more memory.
  std::int64_t max_pixels = std::int64_t{64} << 20;
};

class DecodeAhead {
 public:
  using Push = std::function<void(DecodedSample&&)>;

  /// Starts `produce` on a second thread; it hands each item to the given function, which waits
  /// while the queue is full.
  DecodeAhead(std::function<void(const Push&)> produce, const AheadLimits& limits);
  /// Stops the producer at its next item and joins it.
  ~DecodeAhead();
  DecodeAhead(const DecodeAhead&) = delete;
  DecodeAhead& operator=(const DecodeAhead&) = delete;

  /// The next item in order, none at the end. Rethrows what the producer threw, after its last
  /// item.
  std::optional<DecodedSample> next();

 private:
  void push(DecodedSample&& sample);
  void run(const std::function<void(const Push&)>& produce);
  bool full(std::int64_t pixels) const;

  AheadLimits limits_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<DecodedSample> queue_;
  std::int64_t queued_pixels_ = 0;
  bool stopped_ = false;
  bool finished_ = false;
  std::exception_ptr failure_;
  std::thread thread_;  // Last: it starts when everything above exists.
};

}  // namespace patina::analyzer
