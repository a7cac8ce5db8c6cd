// SPDX-License-Identifier: Apache-2.0
// The pacing, retrying, following and recording that endpoints and galleries share.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "core/rng.h"
#include "http/client.h"
#include "queryers/collecting/collect.h"

namespace patina::queryers {

/// Where exchanges are kept; any member may be empty (a probe keeps nothing).
struct Record {
  std::function<std::optional<http::HttpExchange>(const ExchangeTag&, const http::HttpRequest&)>
      replay;
  std::function<void(const http::HttpExchange&, const ExchangeTag&)> keep;
  std::function<bool(const std::string& item)> can_replay;
  /// Called before a request is sent that must not be sent twice.
  std::function<void(const ExchangeTag&)> announce;
  /// When an earlier run announced a request whose answer it did not see.
  std::function<std::optional<std::string>(const std::string& item)> unanswered_since;
};
Record record_into(Collection& collection);

/// What the threads of a run share. Thread-safe.
class Shared {
 public:
  /// `observer`: asked while this thread waits, so that an interruption ends the waiting; null
  /// where the threads that wait may not call it.
  explicit Shared(const CollectOptions& options, const core::Observer* observer = nullptr)
      : options_(options), observer_(observer), rng_(options.seed) {}

  /// Waits for this request's turn; false when the run stops.
  bool take_turn();
  /// Sleeps in slices; false when the run stops.
  bool sleep(double seconds);
  double jittered_backoff(int attempt);
  /// Ends the run with a reason; the first one counts.
  void stop(const std::string& reason);
  bool stopping();
  std::string reason() const;

 private:
  const CollectOptions& options_;
  const core::Observer* observer_;
  std::atomic<bool> stop_{false};
  std::string reason_;
  core::Rng rng_;
  std::chrono::steady_clock::time_point next_{};
  mutable std::mutex mutex_;
};

/// One thread's client; not for use by several threads at once.
class Asker {
 public:
  Asker(const CollectOptions& options, Record record, Shared& shared);

  /// One exchange: from the record, or over the network in its turn and then recorded.
  http::HttpExchange ask(const http::HttpRequest& request, const ExchangeTag& tag);
  /// As ask(), announced in the record before it is sent.
  http::HttpExchange ask_once(const http::HttpRequest& request, const ExchangeTag& tag);
  /// As ask(), following redirects: of GET up to the limit, of other methods not at all. A
  /// downgrade to http is refused.
  http::HttpExchange ask_through(http::HttpRequest request, const ExchangeTag& tag);
  /// Pauses unless the answer comes from the record. False when the run stops.
  bool pause(double seconds, const std::string& item);
  /// Sends although the run stops: takes back a job.
  http::HttpExchange ask_at_last(const http::HttpRequest& request, const ExchangeTag& tag);

  std::optional<std::string> unanswered_since(const std::string& item) const {
    return record_.unanswered_since ? record_.unanswered_since(item) : std::nullopt;
  }
  Shared& shared() { return shared_; }
  const CollectOptions& options() const { return options_; }

 private:
  http::HttpExchange ask(const http::HttpRequest& request, const ExchangeTag& tag, bool announced);

  const CollectOptions& options_;
  Record record_;
  Shared& shared_;
  http::HttpClient client_;
  std::optional<http::HttpClient> last_client_;
};

/// How an exchange without an answer counts. `repeatable`: asking twice costs nothing.
Interpretation read_failure(const http::HttpExchange& exchange, bool repeatable);

}  // namespace patina::queryers
