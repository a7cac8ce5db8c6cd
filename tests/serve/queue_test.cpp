// SPDX-License-Identifier: Apache-2.0
// The queue in front of the one model: order, what waits, what is told of it, interrupts, the end.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/serve/running.h"

namespace patina::serve {
namespace {

using nlohmann::json;

/// A model whose jobs begin at once and take the steps that a test lets them take.
class SteppedModel {
 public:
  MakeImages model() {
    return [this](const diffusion::GenerateOptions& options, const core::Observer& observer) {
      begin(options.prompt);
      for (int step = 1; step <= options.steps; ++step) {
        wait_for_step();
        observer.report({"generating", step, options.steps, ""});
      }
      return std::vector<images::Image>(static_cast<std::size_t>(options.batch),
                                        images::make_image(8, 8));
    };
  }
  void allow(int steps) {
    const std::lock_guard<std::mutex> lock(mutex_);
    allowed_ += steps;
    changed_.notify_all();
  }
  std::vector<std::string> begun() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return begun_;
  }

 private:
  void begin(const std::string& prompt) {
    const std::lock_guard<std::mutex> lock(mutex_);
    begun_.push_back(prompt);
  }
  void wait_for_step() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [this] { return allowed_ > 0; });
    --allowed_;
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int allowed_ = 0;
  std::vector<std::string> begun_;
};

using Answer = std::future<http::HttpResponse>;

class Queue : public ::testing::Test {
 protected:
  ~Queue() override { model_.allow(1'000'000); }

  Answer draw_later(const std::string& prompt, int steps = 1, int rounds = 1) {
    const json request = {{"prompt", prompt}, {"steps", steps}, {"n_iter", rounds}};
    return std::async(std::launch::async, [this, request] { return draw_at(running_, request); });
  }
  json get(const std::string& target) { return json::parse(ask("GET", running_.url(target)).body); }
  /// Whether the health becomes so within ten seconds.
  bool comes_to(bool busy, int waiting) {
    return comes([&] {
      const json health = get("/health");
      return health.at("busy") == busy && health.at("waiting") == waiting;
    });
  }
  bool comes_to_step(int step) {
    return comes([&] { return get("/sdapi/v1/progress").at("state").at("sampling_step") == step; });
  }
  static ServeOptions three_waiting() {
    ServeOptions options;
    options.max_queue = 3;
    return options;
  }

  SteppedModel model_;
  Running running_{three_waiting(), model_.model()};

 private:
  template <typename Condition>
  static bool comes(const Condition& condition) {
    for (int i = 0; i < 2000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }
};

TEST_F(Queue, ServesFirstWhoCameFirst) {
  std::vector<Answer> answers;
  answers.push_back(draw_later("first"));
  ASSERT_TRUE(comes_to(true, 0));
  int waiting = 0;
  for (const char* prompt : {"second", "third", "fourth"}) {
    answers.push_back(draw_later(prompt));
    ASSERT_TRUE(comes_to(true, ++waiting));
  }
  model_.allow(4);
  for (Answer& answer : answers) EXPECT_EQ(answer.get().status, 200);
  EXPECT_EQ(model_.begun(), (std::vector<std::string>{"first", "second", "third", "fourth"}));
  EXPECT_TRUE(comes_to(false, 0));
}

TEST_F(Queue, TakesAsManyAsItsOptionsAllowAndOneMoreOnceOneIsDone) {
  std::vector<Answer> answers;
  answers.push_back(draw_later("running"));
  ASSERT_TRUE(comes_to(true, 0));
  for (int i = 1; i <= 3; ++i) {
    answers.push_back(draw_later("waiting"));
    ASSERT_TRUE(comes_to(true, i));
  }
  const http::HttpResponse full = draw_at(running_, {{"prompt", "too many"}});
  EXPECT_EQ(full.status, 503);
  EXPECT_EQ(full.headers.get("Retry-After"), "1");
  EXPECT_EQ(json::parse(full.body).at("error"), "QueueFull");
  model_.allow(1);
  ASSERT_TRUE(comes_to(true, 2));
  answers.push_back(draw_later("in time"));
  ASSERT_TRUE(comes_to(true, 3));
  model_.allow(4);
  for (Answer& answer : answers) EXPECT_EQ(answer.get().status, 200);
}

// LocalAI's words for a model that is busy.
TEST_F(Queue, RefusesInTheWordsOfEachApi) {
  std::vector<Answer> answers;
  for (int i = 0; i < 4; ++i) {
    answers.push_back(draw_later("a cat"));
    ASSERT_TRUE(comes_to(true, i));
  }
  const http::HttpResponse full = generate_at(running_, {{"prompt", "a cat"}});
  EXPECT_EQ(full.status, 503);
  EXPECT_EQ(full.headers.get("Retry-After"), "1");
  EXPECT_EQ(json::parse(full.body).at("error").at("code"), "admission_rejected");
  EXPECT_EQ(json::parse(full.body).at("error").at("type"), "server_error");
  model_.allow(4);
}

TEST_F(Queue, AnswersQuestionsWhileTheModelIsBusy) {
  const Answer answer = draw_later("a cat");
  ASSERT_TRUE(comes_to(true, 0));
  for (const char* target : {"/sdapi/v1/options", "/sdapi/v1/samplers", "/v1/models", "/"}) {
    EXPECT_EQ(ask("GET", running_.url(target)).status, 200) << target;
  }
  EXPECT_EQ(draw_at(running_, {{"steps", 0}}).status, 422) << "refused without waiting";
  model_.allow(1);
}

// 1 of 4 steps is a quarter; what is left takes three times as long as what is done.
TEST_F(Queue, TellsTheProgressOfTheRunningJob) {
  Answer answer = draw_later("a cat", 4);
  ASSERT_TRUE(comes_to(true, 0));
  const json before = get("/sdapi/v1/progress");
  EXPECT_EQ(before.at("progress"), 0.0);
  EXPECT_EQ(before.at("eta_relative"), 0.0);
  EXPECT_EQ(before.at("state").at("job"), "txt2img");
  EXPECT_EQ(before.at("state").at("job_count"), 1);
  model_.allow(1);
  ASSERT_TRUE(comes_to_step(1));
  const json quarter = get("/sdapi/v1/progress");
  EXPECT_EQ(quarter.at("progress"), 0.25);
  EXPECT_GT(quarter.at("eta_relative").get<double>(), 0.0);
  EXPECT_EQ(quarter.at("state").at("sampling_steps"), 4);
  model_.allow(2);
  ASSERT_TRUE(comes_to_step(3));
  EXPECT_EQ(get("/sdapi/v1/progress").at("progress"), 0.75);
  model_.allow(1);
  EXPECT_EQ(answer.get().status, 200);
}

TEST_F(Queue, CountsTheJobsThatWaitInItsProgress) {
  const Answer first = draw_later("first");
  ASSERT_TRUE(comes_to(true, 0));
  const Answer second = draw_later("second");
  ASSERT_TRUE(comes_to(true, 1));
  EXPECT_EQ(get("/sdapi/v1/progress").at("state").at("job_count"), 2);
  model_.allow(2);
}

TEST_F(Queue, InterruptsTheRunningJobAndNoneThatWaits) {
  Answer first = draw_later("first", 2);
  ASSERT_TRUE(comes_to(true, 0));
  Answer second = draw_later("second", 2);
  ASSERT_TRUE(comes_to(true, 1));
  EXPECT_EQ(ask("POST", running_.url("/sdapi/v1/interrupt")).status, 200);
  EXPECT_EQ(get("/sdapi/v1/progress").at("state").at("interrupted"), true);
  model_.allow(1);
  const http::HttpResponse stopped = first.get();
  EXPECT_EQ(stopped.status, 200);
  EXPECT_TRUE(json::parse(stopped.body).at("images").empty());
  model_.allow(2);
  EXPECT_EQ(json::parse(second.get().body).at("images").size(), 1U);
}

TEST_F(Queue, KeepsTheRoundsThatWereDoneBeforeAnInterrupt) {
  Answer answer = draw_later("a cat", 1, 4);
  ASSERT_TRUE(comes_to(true, 0));
  model_.allow(2);
  while (model_.begun().size() < 3) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  ASSERT_TRUE(comes_to(true, 0));
  ask("POST", running_.url("/sdapi/v1/skip"));
  model_.allow(1);
  const http::HttpResponse response = answer.get();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(json::parse(response.body).at("images").size(), 2U);
  EXPECT_EQ(model_.begun().size(), 3U) << "the fourth round never begins";
}

TEST_F(Queue, TellsTheOtherApiOfAnInterruptByAnError) {
  auto answer = std::async(std::launch::async, [this] {
    return generate_at(running_, {{"prompt", "a cat"}, {"num_inference_steps", 2}});
  });
  ASSERT_TRUE(comes_to(true, 0));
  ask("POST", running_.url("/sdapi/v1/interrupt"));
  model_.allow(1);
  const http::HttpResponse response = answer.get();
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(json::parse(response.body).at("error").at("message"), "The request was interrupted.");
}

/// A client that waits for its picture, whatever becomes of the connection.
std::future<void> wait_for_picture(int port) {
  return std::async(std::launch::async, [port] {
    http::HttpOptions options;
    options.named.hosts = {"127.0.0.1"};
    http::HttpRequest request;
    request.method = "POST";
    request.url = "http://127.0.0.1:" + std::to_string(port) + "/sdapi/v1/txt2img";
    request.body = "{}";
    http::HttpClient(options).exchange(request);
  });
}

// Nobody makes images here.
TEST(QueueEnd, LetsGoOfWhoeverStillWaits) {
  ServeOptions options;
  options.port = 0;
  auto server = std::make_unique<Server>(tiny_card(), draw_noise, options);
  const std::string health = "http://127.0.0.1:" + std::to_string(server->port()) + "/health";
  const std::future<void> client = wait_for_picture(server->port());
  while (json::parse(ask("GET", health).body).at("waiting") == 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  server.reset();
  EXPECT_EQ(client.wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST(QueueEnd, StopsTheRunningJobAfterItsStep) {
  std::future<void> client;
  std::atomic<int> steps{0};
  {
    const Running running({}, [&steps](const auto&, const core::Observer& observer) {
      for (int step = 1; step <= 10'000; ++step) {
        observer.report({"generating", step, 10'000, ""});
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        ++steps;
      }
      return std::vector<images::Image>{images::make_image(8, 8)};
    });
    client = wait_for_picture(running.port());
    while (steps == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_LT(steps, 10'000);
  EXPECT_EQ(client.wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

}  // namespace
}  // namespace patina::serve
