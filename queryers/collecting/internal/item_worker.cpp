// SPDX-License-Identifier: Apache-2.0
#include "queryers/collecting/internal/item_worker.h"

#include <algorithm>
#include <utility>

#include "core/clock.h"
#include "http/client.h"
#include "images/check.h"
#include "images/metadata.h"
#include "queryers/services/answers.h"

namespace patina::queryers {

using nlohmann::json;
using Next = Interpretation::Next;
using SteadyClock = std::chrono::steady_clock;

namespace {

constexpr double kLongestPollS = 5.0;
constexpr int kMaxTriesOf500 = 3;
constexpr int kLookups = 3;

// The answer was lost or says that something broke: the image may exist and be charged for.
bool may_have_been_made(const http::HttpExchange& exchange, const Interpretation& result) {
  switch (exchange.failure) {
    case http::HttpFailure::kNone: {
      const int status = exchange.response.status;
      return result.next == Next::kRetry && status != 429 && status != 503;
    }
    case http::HttpFailure::kNoAnswer:
    case http::HttpFailure::kTruncated:
    case http::HttpFailure::kTimeout:
    case http::HttpFailure::kMalformed:
    case http::HttpFailure::kTooLarge:
      return true;
    default:
      return false;
  }
}

}  // namespace

// Waits before another attempt; false if there is to be none.
bool ItemWorker::again(const Interpretation& result, const std::string& item, int attempt) {
  if (attempt >= asker_.options().max_attempts) return false;
  const double wait = std::max(
      result.wait_s, asker_.shared().jittered_backoff(attempt) * (result.wait_s > 0.0 ? 0.0 : 1.0));
  if (wait > asker_.options().longest_wait_s) {
    asker_.shared().stop("the service asks to wait " + std::to_string(static_cast<long>(wait)) +
                         " s: " + result.detail);
    return false;
  }
  if (core::seconds_since(began_) + wait > asker_.options().item_timeout_s) return false;
  return asker_.pause(wait, item);
}

Interpretation ItemWorker::interpret(const PlannedImage& image,
                                     const http::HttpExchange& exchange,
                                     const json& job,
                                     int attempt,
                                     bool repeatable) const {
  if (!exchange.ok()) return read_failure(exchange, repeatable);
  Interpretation result = service_.read(image, exchange.response, job);
  if (exchange.response.status == 500 && attempt >= kMaxTriesOf500) result.next = Next::kDone;
  return result;
}

void ItemWorker::take_back(const Interpretation& result, const std::string& item) {
  if (!result.cancel) return;
  asker_.ask_at_last(*result.cancel, {item, "cancel", 1});
}

// The job whose answer was lost, among those that the service lists; kRetry if it lists none.
Interpretation ItemWorker::look_up(const PlannedImage& image,
                                   const std::string& since,
                                   bool& open) {
  if (!service_.lookup) {
    return done(Outcome::kFailed,
                "an earlier run ended while it was asked for; it may have been made and charged");
  }
  Interpretation result;
  for (int attempt = 1; attempt <= kLookups; ++attempt) {
    open = !asker_.pause(asker_.shared().jittered_backoff(attempt), image.id);
    if (open) return done(Outcome::kCancelled, "the run stopped");
    const http::HttpExchange exchange = asker_.ask_through(service_.lookup->request,
                                                           {image.id, "lookup", attempt});
    open = exchange.failure == http::HttpFailure::kStopped;
    if (open) return done(Outcome::kCancelled, "the run stopped");
    const bool answered = exchange.ok() && exchange.response.status == 200;
    result = answered ? service_.lookup->find(image, exchange.response, since)
                      : done(Outcome::kFailed,
                             "its answer was lost, and whether it was made could not be looked up");
    if (answered && result.next != Next::kRetry) return result;
  }
  return result;
}

Interpretation ItemWorker::submit(const PlannedImage& image, bool& open) {
  const http::HttpRequest request = service_.submit(image);
  for (int attempt = 1;; ++attempt) {
    const ExchangeTag tag{image.id, "submit", attempt};
    const http::HttpExchange exchange = service_.repeatable ? asker_.ask(request, tag)
                                                            : asker_.ask_once(request, tag);
    Interpretation result = interpret(image, exchange, json(), attempt, service_.repeatable);
    open = exchange.failure == http::HttpFailure::kStopped;
    if (open) return result;
    if (!service_.repeatable && may_have_been_made(exchange, result)) {
      result.next = Next::kDone;
      if (service_.lookup) result = look_up(image, exchange.began, open);
    }
    if (open || result.next != Next::kRetry) return result;
    if (again(result, image.id, attempt)) continue;
    open = asker_.shared().stopping();
    if (open) result.next = Next::kAbort;
    return result;
  }
}

Interpretation ItemWorker::follow(const PlannedImage& image, Interpretation pending, bool& open) {
  double pause = service_.poll_s;
  int attempt = 1;
  while (true) {
    if (attempt == 1 && core::seconds_since(began_) > asker_.options().item_timeout_s) {
      take_back(pending, image.id);
      return done(Outcome::kTimeout, "the job did not end in time");
    }
    open = attempt == 1 && !asker_.pause(std::max(pause, pending.wait_s), image.id);
    if (open) {
      take_back(pending, image.id);
      return pending;
    }
    pause = std::min(pause * 1.3, std::max(kLongestPollS, service_.poll_s));
    const http::HttpExchange exchange = asker_.ask(pending.poll, {image.id, "poll", attempt});
    Interpretation result = interpret(image, exchange, pending.job, attempt, true);
    open = exchange.failure == http::HttpFailure::kStopped;
    if (result.next == Next::kRetry && !again(result, image.id, attempt)) {
      open = asker_.shared().stopping();
      if (open) result.next = Next::kAbort;
      if (!open) return result;
    }
    if (open) {
      take_back(pending, image.id);
      return result;
    }
    attempt = result.next == Next::kRetry ? attempt + 1 : 1;
    if (result.next == Next::kPoll) {
      pending = std::move(result);
    } else if (result.next != Next::kRetry) {
      return result;
    }
  }
}

Interpretation ItemWorker::converse(const PlannedImage& image, bool& open) {
  Interpretation result;
  result.next = Next::kRetry;
  if (const auto since = asker_.unanswered_since(image.id)) result = look_up(image, *since, open);
  if (!open && result.next == Next::kRetry) result = submit(image, open);
  if (!open && result.next == Next::kPoll) result = follow(image, std::move(result), open);
  return result;
}

void ItemWorker::fetch(FoundImage& found,
                       const std::string& item,
                       Interpretation& result,
                       bool& open) {
  http::HttpRequest request;
  request.url = found.url;
  request.headers.add("Accept", "image/png,image/jpeg,image/webp;q=0.9,*/*;q=0.5");
  for (int attempt = 1;; ++attempt) {
    const http::HttpExchange exchange = asker_.ask_through(request, {item, "image", attempt});
    if (exchange.failure == http::HttpFailure::kStopped) {
      open = true;
      return;
    }
    Interpretation answer = exchange.ok() ? read_status(exchange.response)
                                          : read_failure(exchange, true);
    if (exchange.ok() && exchange.response.status == 200) {
      found.bytes = exchange.response.body;
      return;
    }
    const int status = exchange.response.status;
    if (exchange.ok() && (status == 403 || status == 404 || status == 410)) {
      answer = done(Outcome::kExpired, "the picture's URL answers " + answer.detail);
    }
    const bool more = answer.next == Next::kRetry && again(answer, item, attempt);
    if (more) continue;
    open = asker_.shared().stopping() && answer.next == Next::kRetry;
    answer.reported = result.reported;
    answer.next = Next::kDone;
    result = std::move(answer);
    return;
  }
}

// The picture itself: whole, one, still, not blank.
void ItemWorker::judge(const PlannedImage& image, const Interpretation& result, Got& got) {
  const images::ImageCheck check = images::check_image(got.bytes, asker_.options().limits);
  if (!check.problem.empty()) {
    got.end.outcome = Outcome::kProtocolError;
    got.end.detail = "the picture " + check.problem;
    return;
  }
  got.header = check.header;
  CollectedSample sample;
  sample.flags = result.images.front().flags;
  sample.flags.insert(sample.flags.end(), check.flags.begin(), check.flags.end());
  sample.source = result.images.front().url;
  sample.metadata = images::read_image_metadata(got.bytes, *check.header);
  if (image.control) sample.flags.emplace_back("control");
  if (got.end.outcome == Outcome::kImage && images::is_blank(got.bytes, *check.header)) {
    got.end.outcome = Outcome::kFiltered;
    got.end.detail = "the picture has one colour";
  }
  const json seed = result.reported.value("seed", json());
  const std::string told = seed.is_string() ? seed.get<std::string>() : seed.dump();
  if (!seed.is_null() && told != std::to_string(image.seed))
    sample.flags.emplace_back("other-seed");
  const bool resized = check.header->width_px != image.size.width_px ||
                       check.header->height_px != image.size.height_px;
  if (resized) sample.flags.emplace_back("other-size");
  got.end.sample = std::move(sample);
}

ItemWorker::Got ItemWorker::run(const PlannedImage& image) {
  began_ = SteadyClock::now();
  Got got;
  got.end.item = image.id;
  Interpretation result = converse(image, got.open);
  if (result.next == Next::kAbort) {
    asker_.shared().stop(result.detail);
    got.open = true;
    got.stale = result.detail;
  }
  if (!got.open && !result.images.empty() && result.images.front().bytes.empty()) {
    fetch(result.images.front(), image.id, result, got.open);
  }
  got.end.outcome = result.outcome;
  got.end.detail = result.detail;
  got.end.reported = result.reported;
  if (got.open) return got;
  if (!result.images.empty() && !result.images.front().bytes.empty()) {
    const std::string& bytes = result.images.front().bytes;
    got.bytes.assign(bytes.begin(), bytes.end());
    judge(image, result, got);
  } else if (got.end.outcome == Outcome::kImage) {
    got.end.outcome = Outcome::kProtocolError;
    got.end.detail = "the answer holds no image";
  }
  return got;
}

}  // namespace patina::queryers
