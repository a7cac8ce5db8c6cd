// SPDX-License-Identifier: Apache-2.0
#include "queryers/collect.h"

#include <algorithm>
#include <exception>
#include <thread>
#include <utility>

#include "core/error.h"
#include "core/hash.h"
#include "core/json.h"
#include "queryers/images/check.h"
#include "queryers/images/metadata.h"
#include "queryers/internal/asking.h"
#include "queryers/services/answers.h"

namespace patina::queryers {
namespace {

namespace fs = std::filesystem;
using core::Error;
using core::ErrorKind;
using nlohmann::json;
using Next = Interpretation::Next;
using SteadyClock = std::chrono::steady_clock;

constexpr double kLongestPollS = 5.0;
constexpr int kMaxTriesOf500 = 3;
constexpr int kLookups = 3;
constexpr std::chrono::seconds kSyncInterval(2);

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

void require(bool holds, const char* field, const std::string& problem) {
  if (!holds) throw Error(ErrorKind::kInput, field, problem, "change it");
}

// The answer was lost or says that something broke: the image may exist and be charged for.
bool may_have_been_made(const HttpExchange& exchange, const Interpretation& result) {
  switch (exchange.failure) {
    case HttpFailure::kNone: {
      const int status = exchange.response.status;
      return result.next == Next::kRetry && status != 429 && status != 503;
    }
    case HttpFailure::kNoAnswer:
    case HttpFailure::kTruncated:
    case HttpFailure::kTimeout:
    case HttpFailure::kMalformed:
    case HttpFailure::kTooLarge:
      return true;
    default:
      return false;
  }
}

// What one thread does with one item after another.
class Worker {
 public:
  Worker(const Service& service, const CollectOptions& options, Record record, Shared& shared)
      : service_(service), asker_(options, std::move(record), shared) {}

  struct Got {
    ItemEnd end;
    std::vector<std::uint8_t> bytes;
    std::optional<core::ImageHeader> header;
    bool open = false;  ///< The run stops and the item has not ended.
    std::string stale;  ///< Of an open item: why its answers must not be taken for answers again.
  };
  Got run(const PlannedImage& image);

 private:
  Interpretation converse(const PlannedImage& image, bool& open);
  Interpretation submit(const PlannedImage& image, bool& open);
  Interpretation follow(const PlannedImage& image, Interpretation pending, bool& open);
  Interpretation look_up(const PlannedImage& image, const std::string& since, bool& open);
  Interpretation interpret(const PlannedImage& image,
                           const HttpExchange& exchange,
                           const json& job,
                           int attempt,
                           bool repeatable) const;
  bool again(const Interpretation& result, const std::string& item, int attempt);
  void take_back(const Interpretation& result, const std::string& item);
  void fetch(FoundImage& found, const std::string& item, Interpretation& result, bool& open);
  void judge(const PlannedImage& image, const Interpretation& result, Got& got);

  const Service& service_;
  Asker asker_;
  SteadyClock::time_point began_{};
};

// Waits before another attempt; false if there is to be none.
bool Worker::again(const Interpretation& result, const std::string& item, int attempt) {
  if (attempt >= asker_.options().max_attempts) return false;
  const double wait = std::max(
      result.wait_s, asker_.shared().jittered_backoff(attempt) * (result.wait_s > 0.0 ? 0.0 : 1.0));
  if (wait > asker_.options().longest_wait_s) {
    asker_.shared().stop("the service asks to wait " + std::to_string(static_cast<long>(wait)) +
                         " s: " + result.detail);
    return false;
  }
  if (seconds_since(began_) + wait > asker_.options().item_timeout_s) return false;
  return asker_.pause(wait, item);
}

Interpretation Worker::interpret(const PlannedImage& image,
                                 const HttpExchange& exchange,
                                 const json& job,
                                 int attempt,
                                 bool repeatable) const {
  if (!exchange.ok()) return read_failure(exchange, repeatable);
  Interpretation result = service_.read(image, exchange.response, job);
  if (exchange.response.status == 500 && attempt >= kMaxTriesOf500) result.next = Next::kDone;
  return result;
}

void Worker::take_back(const Interpretation& result, const std::string& item) {
  if (!result.cancel) return;
  asker_.ask_at_last(*result.cancel, {item, "cancel", 1});
}

// The job whose answer was lost, among those that the service lists; kRetry if it lists none.
Interpretation Worker::look_up(const PlannedImage& image, const std::string& since, bool& open) {
  if (!service_.lookup) {
    return done(Outcome::kFailed,
                "an earlier run ended while it was asked for; it may have been made and charged");
  }
  Interpretation result;
  for (int attempt = 1; attempt <= kLookups; ++attempt) {
    open = !asker_.pause(asker_.shared().jittered_backoff(attempt), image.id);
    if (open) return done(Outcome::kCancelled, "the run stopped");
    const HttpExchange exchange =
        asker_.ask_through(service_.lookup->request, {image.id, "lookup", attempt});
    open = exchange.failure == HttpFailure::kStopped;
    if (open) return done(Outcome::kCancelled, "the run stopped");
    const bool answered = exchange.ok() && exchange.response.status == 200;
    result = answered ? service_.lookup->find(image, exchange.response, since)
                      : done(Outcome::kFailed,
                             "its answer was lost, and whether it was made could not be looked up");
    if (answered && result.next != Next::kRetry) return result;
  }
  return result;
}

Interpretation Worker::submit(const PlannedImage& image, bool& open) {
  const HttpRequest request = service_.submit(image);
  for (int attempt = 1;; ++attempt) {
    const ExchangeTag tag{image.id, "submit", attempt};
    const HttpExchange exchange =
        service_.repeatable ? asker_.ask(request, tag) : asker_.ask_once(request, tag);
    Interpretation result = interpret(image, exchange, json(), attempt, service_.repeatable);
    open = exchange.failure == HttpFailure::kStopped;
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

Interpretation Worker::follow(const PlannedImage& image, Interpretation pending, bool& open) {
  double pause = service_.poll_s;
  int attempt = 1;
  while (true) {
    if (attempt == 1 && seconds_since(began_) > asker_.options().item_timeout_s) {
      take_back(pending, image.id);
      return done(Outcome::kTimeout, "the job did not end in time");
    }
    open = attempt == 1 && !asker_.pause(std::max(pause, pending.wait_s), image.id);
    if (open) {
      take_back(pending, image.id);
      return pending;
    }
    pause = std::min(pause * 1.3, std::max(kLongestPollS, service_.poll_s));
    const HttpExchange exchange = asker_.ask(pending.poll, {image.id, "poll", attempt});
    Interpretation result = interpret(image, exchange, pending.job, attempt, true);
    open = exchange.failure == HttpFailure::kStopped;
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

Interpretation Worker::converse(const PlannedImage& image, bool& open) {
  Interpretation result;
  result.next = Next::kRetry;
  if (const auto since = asker_.unanswered_since(image.id)) result = look_up(image, *since, open);
  if (!open && result.next == Next::kRetry) result = submit(image, open);
  if (!open && result.next == Next::kPoll) result = follow(image, std::move(result), open);
  return result;
}

void Worker::fetch(FoundImage& found, const std::string& item, Interpretation& result, bool& open) {
  HttpRequest request;
  request.url = found.url;
  request.headers.add("Accept", "image/png,image/jpeg,image/webp;q=0.9,*/*;q=0.5");
  for (int attempt = 1;; ++attempt) {
    const HttpExchange exchange = asker_.ask_through(request, {item, "image", attempt});
    if (exchange.failure == HttpFailure::kStopped) {
      open = true;
      return;
    }
    Interpretation answer =
        exchange.ok() ? read_status(exchange.response) : read_failure(exchange, true);
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
void Worker::judge(const PlannedImage& image, const Interpretation& result, Got& got) {
  const ImageCheck check = check_image(got.bytes, asker_.options().limits);
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
  sample.metadata = read_image_metadata(got.bytes, *check.header);
  if (image.control) sample.flags.emplace_back("control");
  if (got.end.outcome == Outcome::kImage && is_blank(got.bytes, *check.header)) {
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

Worker::Got Worker::run(const PlannedImage& image) {
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

InventoryAnswers take_inventory(const Service& service,
                                Asker& asker,
                                const std::string& when,
                                std::vector<std::string>* told) {
  InventoryAnswers answers;
  for (const InventoryCall& call : service.inventory) {
    const HttpExchange exchange =
        asker.ask_through(call.request, {"", "inventory/" + when + "/" + call.name, 1});
    if (exchange.ok() && exchange.response.status == 200) answers[call.name] = exchange.response;
    if (told != nullptr) {
      told->push_back(call.name + ": " +
                      (exchange.ok() ? "status " + std::to_string(exchange.response.status)
                                     : exchange.problem));
    }
  }
  return answers;
}

json to_json(const ServiceFacts& facts) {
  return {{"server", facts.server},
          {"model", facts.model},
          {"model_digest", facts.model_digest},
          {"identity_grade", to_string(facts.grade)},
          {"models", facts.models},
          {"loras", facts.loras},
          {"samplers", facts.samplers},
          {"remarks", facts.remarks}};
}

json plan_to_json(const Service& service,
                  const std::vector<PlannedImage>& plan,
                  const CollectOptions& options) {
  json images = json::array();
  for (const PlannedImage& image : plan) images.push_back(queryers::to_json(image));
  return {{"format", "patina-collection-plan"},
          {"version", 1},
          {"service", service.kind},
          {"source", service.location},
          {"model", service.model},
          {"insecure", options.http.insecure},
          {"images", std::move(images)}};
}

// The run itself: a queue of items for some threads, and the caller's thread for progress.
class Run {
 public:
  Run(const Service& service,
      const std::vector<PlannedImage>& plan,
      Collection& collection,
      const CollectOptions& options)
      : service_(service),
        plan_(plan),
        collection_(collection),
        options_(options),
        shared_(options) {}

  CollectResult go(const core::Observer& observer);

 private:
  void work();
  const PlannedImage* take_next();
  void keep(Worker::Got& got);
  void watch(const core::Observer& observer);
  bool over_budget();

  const Service& service_;
  const std::vector<PlannedImage>& plan_;
  Collection& collection_;
  const CollectOptions& options_;
  Shared shared_;
  std::atomic<std::size_t> next_{0};
  std::atomic<int> running_{0};
  std::atomic<std::uint64_t> asked_{0};
  std::exception_ptr failure_;
  std::mutex mutex_;
  SteadyClock::time_point began_ = SteadyClock::now();
};

bool Run::over_budget() {
  const Budget& budget = options_.budget;
  const double cost =
      budget.price_per_image * static_cast<double>(collection_.ended_items() + asked_.load());
  const auto over = [this](const char* what) {
    shared_.stop(std::string("the budget of ") + what + " is used up");
    return true;
  };
  if (collection_.requests() >= budget.max_requests) return over("requests");
  if (collection_.count(Outcome::kImage) + asked_ >= budget.max_images) return over("images");
  if (budget.price_per_image > 0.0 && cost + budget.price_per_image > budget.max_cost) {
    return over("money");
  }
  if (seconds_since(began_) > budget.max_minutes * 60.0) return over("time");
  return false;
}

const PlannedImage* Run::take_next() {
  const std::lock_guard<std::mutex> lock(mutex_);
  while (!shared_.stopping()) {
    const std::size_t index = next_++;
    if (index >= plan_.size()) return nullptr;
    if (collection_.ended(plan_[index].id)) continue;
    if (over_budget()) return nullptr;
    ++asked_;
    return &plan_[index];
  }
  return nullptr;
}

void Run::keep(Worker::Got& got) {
  if (got.open) {
    if (!got.stale.empty()) collection_.forget(got.end.item, got.stale);
    return;
  }
  if (got.end.sample && got.header) {
    CollectedSample place = collection_.keep(got.bytes, *got.header);
    place.flags = std::move(got.end.sample->flags);
    place.source = std::move(got.end.sample->source);
    place.metadata = std::move(got.end.sample->metadata);
    got.end.sample = std::move(place);
  }
  collection_.end_item(got.end);
}

void Run::work() {
  try {
    Worker worker(service_, options_, record_into(collection_), shared_);
    while (const PlannedImage* image = take_next()) {
      Worker::Got got = worker.run(*image);
      keep(got);
      --asked_;
    }
  } catch (...) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!failure_) failure_ = std::current_exception();
    shared_.stop("failed");
  }
  --running_;
}

void Run::watch(const core::Observer& observer) {
  auto synced = SteadyClock::now();
  while (running_ > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    if (SteadyClock::now() - synced > kSyncInterval) {
      collection_.sync();
      synced = SteadyClock::now();
    }
    observer.report({"collecting",
                     static_cast<std::int64_t>(collection_.ended_items()),
                     static_cast<std::int64_t>(plan_.size()),
                     std::to_string(collection_.count(Outcome::kImage)) + " images"});
  }
}

CollectResult Run::go(const core::Observer& observer) {
  CollectResult result;
  result.planned = plan_.size();
  Shared beforehand(options_, &observer);
  Asker asker(options_, record_into(collection_), beforehand);
  result.before = service_.describe(take_inventory(service_, asker, "before", nullptr));
  observer.report({"collecting", 0, static_cast<std::int64_t>(plan_.size()), ""});
  collection_.note("service before", to_json(result.before));
  std::vector<std::thread> threads;
  running_ = options_.concurrency;
  for (int i = 0; i < options_.concurrency; ++i) threads.emplace_back([this] { work(); });
  std::exception_ptr interruption;
  try {
    watch(observer);
  } catch (...) {
    interruption = std::current_exception();
    shared_.stop("interrupted");
  }
  for (std::thread& thread : threads) thread.join();
  if (failure_) std::rethrow_exception(failure_);
  if (interruption) {
    collection_.sync();
    std::rethrow_exception(interruption);
  }
  result.stopped = shared_.reason();
  Shared afterwards(options_, &observer);
  Asker last(options_, record_into(collection_), afterwards);
  result.after = service_.describe(take_inventory(service_, last, "after", nullptr));
  collection_.note("service after", to_json(result.after));
  result.model_changed = result.before.model != result.after.model ||
                         result.before.model_digest != result.after.model_digest;
  result.images = collection_.count(Outcome::kImage);
  observer.report({"collecting",
                   static_cast<std::int64_t>(collection_.ended_items()),
                   static_cast<std::int64_t>(plan_.size()),
                   std::to_string(result.images) + " images"});
  return result;
}

}  // namespace

void validate(const CollectOptions& options) {
  require(options.concurrency >= 1 && options.concurrency <= 64,
          "concurrency",
          "is " + std::to_string(options.concurrency) + ", 1 to 64 are allowed");
  require(options.max_attempts >= 1 && options.max_attempts <= 100,
          "max_attempts",
          "is " + std::to_string(options.max_attempts) + ", 1 to 100 are allowed");
  require(options.pause_s >= 0.0 && options.pause_s <= 3600.0,
          "pause_s",
          "must lie between 0 and 3600 seconds");
}

CollectResult collect_images(const Service& service,
                             const std::vector<PlannedImage>& plan,
                             const fs::path& folder,
                             const CollectOptions& options,
                             const core::Observer& observer) {
  validate(options);
  Collection collection(folder, plan_to_json(service, plan, options));
  Run run(service, plan, collection, options);
  const CollectResult result = run.go(observer);
  collection.summarize({{"source_kind", service.kind},
                        {"source", service.location},
                        {"model_requested", service.model},
                        {"service_before", to_json(result.before)},
                        {"service_after", to_json(result.after)},
                        {"model_changed", result.model_changed},
                        {"insecure", options.http.insecure},
                        {"planned", result.planned},
                        {"stopped", result.stopped}});
  return result;
}

ProbeResult probe_service(const Service& service,
                          const std::optional<PlannedImage>& image,
                          const CollectOptions& options,
                          const core::Observer& observer) {
  validate(options);
  ProbeResult result;
  Shared shared(options, &observer);
  Asker asker(options, {}, shared);
  observer.report({"asking", 0, 0, service.location});
  const InventoryAnswers answers = take_inventory(service, asker, "probe", &result.answers);
  result.facts = service.describe(answers);
  result.reachable = !answers.empty();
  if (!image) return result;
  Worker worker(service, options, {}, shared);
  const auto start = SteadyClock::now();
  const Worker::Got got = worker.run(*image);
  result.seconds = seconds_since(start);
  result.outcome = got.end.outcome;
  result.detail = got.end.detail.empty() ? shared.reason() : got.end.detail;
  result.image = got.header;
  result.reachable = result.reachable || got.header.has_value();
  return result;
}

}  // namespace patina::queryers
