// SPDX-License-Identifier: Apache-2.0
#include "queryers/collecting/asking.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "http/url.h"
#include "queryers/services/answers.h"

namespace patina::queryers {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr double kSlice = 0.1;
constexpr int kLastWordMs = 5'000;

SteadyClock::duration seconds_of(double seconds) {
  return std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(seconds));
}

http::HttpOptions with_stop(http::HttpOptions options, std::function<bool()> stop) {
  options.stop = std::move(stop);
  return options;
}

http::HttpOptions last_word(http::HttpOptions options) {
  options.connect_timeout_ms = std::min(options.connect_timeout_ms, kLastWordMs);
  options.idle_timeout_ms = kLastWordMs;
  options.total_timeout_ms = kLastWordMs;
  options.stop = nullptr;
  return options;
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

http::HttpExchange refused(http::HttpExchange exchange, std::string problem) {
  exchange.failure = http::HttpFailure::kAddress;
  exchange.problem = std::move(problem);
  return exchange;
}

}  // namespace

Record record_into(Collection& collection) {
  return {[&collection](const ExchangeTag& tag, const http::HttpRequest& request) {
            return collection.replay(tag, request);
          },
          [&collection](const http::HttpExchange& exchange, const ExchangeTag& tag) {
            collection.record(exchange, tag);
          },
          [&collection](const std::string& item) { return collection.can_replay(item); },
          [&collection](const ExchangeTag& tag) { collection.announce(tag); },
          [&collection](const std::string& item) { return collection.unanswered_since(item); }};
}

bool Shared::stopping() {
  if (!stop_ && observer_ != nullptr && observer_->progress) {
    if (!observer_->progress({"waiting", 0, 0, ""})) stop("interrupted");
  }
  return stop_;
}

bool Shared::sleep(double seconds) {
  const auto until = SteadyClock::now() + seconds_of(std::min(seconds, 1e6));
  while (!stopping()) {
    const auto left = std::chrono::duration<double>(until - SteadyClock::now()).count();
    if (left <= 0.0) return true;
    std::this_thread::sleep_for(seconds_of(std::min(left, kSlice)));
  }
  return false;
}

bool Shared::take_turn() {
  double wait = 0.0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto now = SteadyClock::now();
    wait = std::max(0.0, std::chrono::duration<double>(next_ - now).count());
    const double pause = options_.pause_s * (1.0 + 0.5 * rng_.uniform());
    next_ = std::max(now, next_) + seconds_of(pause);
  }
  return wait > 0.0 ? sleep(wait) : !stop_.load();
}

double Shared::jittered_backoff(int attempt) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return http::backoff_s(options_.backoff, attempt, rng_);
}

void Shared::stop(const std::string& reason) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!stop_) reason_ = reason;
  stop_ = true;
}

std::string Shared::reason() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return reason_;
}

Asker::Asker(const CollectOptions& options, Record record, Shared& shared)
    : options_(options),
      record_(std::move(record)),
      shared_(shared),
      client_(with_stop(options.http, [&shared] { return shared.stopping(); })) {}

http::HttpExchange Asker::ask(const http::HttpRequest& request, const ExchangeTag& tag) {
  return ask(request, tag, false);
}

http::HttpExchange Asker::ask_once(const http::HttpRequest& request, const ExchangeTag& tag) {
  return ask(request, tag, true);
}

http::HttpExchange Asker::ask(const http::HttpRequest& request,
                              const ExchangeTag& tag,
                              bool announced) {
  if (record_.replay) {
    if (auto known = record_.replay(tag, request)) return std::move(*known);
  }
  if (!shared_.take_turn()) {
    http::HttpExchange stopped;
    stopped.method = request.method;
    stopped.url = request.url;
    stopped.failure = http::HttpFailure::kStopped;
    stopped.problem = "was not sent: the run stops";
    return stopped;
  }
  if (announced && record_.announce) record_.announce(tag);
  http::HttpExchange exchange = client_.exchange(request);
  if (record_.keep) record_.keep(exchange, tag);
  return exchange;
}

http::HttpExchange Asker::ask_through(http::HttpRequest request, const ExchangeTag& tag) {
  for (int hop = 0;; ++hop) {
    http::HttpExchange exchange = ask(request, tag);
    if (!exchange.ok() || !is_redirect(exchange.response.status)) return exchange;
    const std::string to = exchange.response.headers.get("Location");
    const auto from = http::parse_url(exchange.url);
    const auto next = from ? http::resolve_url(*from, to) : std::nullopt;
    if (!next) return refused(exchange, "redirects to something that is no http or https URL");
    if (request.method != "GET" && request.method != "HEAD") {
      return refused(exchange, "redirects a " + request.method + " to " + next->to_string());
    }
    if (from->scheme == "https" && next->scheme == "http") {
      return refused(exchange, "redirects from https to http");
    }
    if (hop >= options_.max_redirects) {
      return refused(exchange,
                     "redirects more than " + std::to_string(options_.max_redirects) + " times");
    }
    request.url = next->to_string();
  }
}

bool Asker::pause(double seconds, const std::string& item) {
  if (record_.can_replay && record_.can_replay(item)) return true;
  return shared_.sleep(seconds);
}

http::HttpExchange Asker::ask_at_last(const http::HttpRequest& request, const ExchangeTag& tag) {
  if (!last_client_) last_client_.emplace(last_word(options_.http));
  http::HttpExchange exchange = last_client_->exchange(request);
  if (record_.keep) record_.keep(exchange, tag);
  return exchange;
}

Interpretation read_failure(const http::HttpExchange& exchange, bool repeatable) {
  Interpretation result;
  result.detail = exchange.problem;
  result.outcome = Outcome::kFailed;
  switch (exchange.failure) {
    case http::HttpFailure::kConnect:  // nothing was sent: always safe to repeat
      result.next = Interpretation::Next::kRetry;
      break;
    case http::HttpFailure::kNoAnswer:
      if (repeatable) result.next = Interpretation::Next::kRetry;
      break;
    case http::HttpFailure::kTruncated:
      result.outcome = Outcome::kProtocolError;
      if (repeatable) result.next = Interpretation::Next::kRetry;
      break;
    case http::HttpFailure::kTimeout:
      result.outcome = Outcome::kTimeout;
      if (repeatable) result.next = Interpretation::Next::kRetry;
      break;
    case http::HttpFailure::kTrust:
      return abort_run(exchange.problem);
    case http::HttpFailure::kMalformed:
    case http::HttpFailure::kTooLarge:
      result.outcome = Outcome::kProtocolError;
      break;
    case http::HttpFailure::kStopped:
      result.outcome = Outcome::kCancelled;
      break;
    case http::HttpFailure::kAddress:
    case http::HttpFailure::kNone:
      break;
  }
  return result;
}

}  // namespace patina::queryers
