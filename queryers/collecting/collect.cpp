// SPDX-License-Identifier: Apache-2.0
#include "queryers/collecting/collect.h"

#include <chrono>
#include <exception>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/clock.h"
#include "core/error.h"
#include "http/client.h"
#include "queryers/collecting/asking.h"
#include "queryers/collecting/internal/item_worker.h"

namespace patina::queryers {
namespace {

namespace fs = std::filesystem;
using core::Error;
using core::ErrorKind;
using nlohmann::json;
using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::seconds kSyncInterval(2);

void require(bool holds, const char* field, const std::string& problem) {
  if (!holds) throw Error(ErrorKind::kInput, field, problem, "change it");
}

InventoryAnswers take_inventory(const Service& service,
                                Asker& asker,
                                const std::string& when,
                                std::vector<std::string>* told) {
  InventoryAnswers answers;
  for (const InventoryCall& call : service.inventory) {
    const http::HttpExchange exchange = asker.ask_through(
        call.request, {"", "inventory/" + when + "/" + call.name, 1});
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
  void keep(ItemWorker::Got& got);
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
  const double cost = budget.price_per_image *
                      static_cast<double>(collection_.ended_items() + asked_.load());
  const auto over = [this](const char* what) {
    shared_.stop(std::string("the budget of ") + what + " is used up");
    return true;
  };
  if (collection_.requests() >= budget.max_requests) return over("requests");
  if (collection_.count(Outcome::kImage) + asked_ >= budget.max_images) return over("images");
  if (budget.price_per_image > 0.0 && cost + budget.price_per_image > budget.max_cost) {
    return over("money");
  }
  if (core::seconds_since(began_) > budget.max_minutes * 60.0) return over("time");
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

void Run::keep(ItemWorker::Got& got) {
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
    ItemWorker worker(service_, options_, record_into(collection_), shared_);
    while (const PlannedImage* image = take_next()) {
      ItemWorker::Got got = worker.run(*image);
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
  ItemWorker worker(service, options, {}, shared);
  const auto start = SteadyClock::now();
  const ItemWorker::Got got = worker.run(*image);
  result.seconds = core::seconds_since(start);
  result.outcome = got.end.outcome;
  result.detail = got.end.detail.empty() ? shared.reason() : got.end.detail;
  result.image = got.header;
  result.reachable = result.reachable || got.header.has_value();
  return result;
}

}  // namespace patina::queryers
