// SPDX-License-Identifier: Apache-2.0
// Collections over a real socket, from servers that behave and servers that do not.
#include "queryers/collecting/collect.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <signal.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "core/base64.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/files.h"
#include "core/journal.h"
#include "http/client.h"
#include "http/url.h"
#include "queryers/services/services.h"
#include "tests/core/scratch_folder.h"
#include "tests/http/loopback.h"
#include "tests/images/pictures.h"

namespace patina::queryers {
namespace {

using core::ScratchFolder;
using nlohmann::json;

CollectOptions fast() {
  CollectOptions options;
  options.http.user_agent = "Patina/test";
  options.http.named.hosts = {"127.0.0.1"};
  options.http.idle_timeout_ms = 500;
  options.http.total_timeout_ms = 2'000;
  options.backoff = {0.001, 0.01, 0.0};
  options.max_attempts = 3;
  return options;
}

std::vector<PlannedImage> plan_of(int count) {
  PlanOptions options;
  options.count = count;
  options.sizes = {{64, 64}};
  options.prompts = {"a cat"};
  return make_plan(options);
}

Service service_at(const http::Loopback& server, const std::string& scheme = "a1111") {
  Service service = make_service(parse_endpoint(scheme + "+" + server.url()).value(), {});
  service.poll_s = 0.005;
  return service;
}

std::string a1111_picture(const http::Asked& asked) {
  const json body = json::parse(asked.body);
  const std::uint64_t seed = body.at("seed");
  return json{{"images", {core::encode_base64(images::noise_png(seed))}},
              {"parameters", json::object()},
              {"info", json{{"seed", seed}}.dump()}}
      .dump();
}

/// Outcomes by name, as "image 3, refused 1".
std::string outcomes(const std::filesystem::path& folder) {
  std::map<std::string, int> counts;
  read_collection(folder, [&counts](const ItemEnd& end) { ++counts[to_string(end.outcome)]; });
  std::string text;
  for (const auto& [name, count] : counts) {
    text += (text.empty() ? "" : ", ") + name + " " + std::to_string(count);
  }
  return text;
}

std::string first_detail(const std::filesystem::path& folder) {
  std::string detail;
  read_collection(folder, [&detail](const ItemEnd& end) {
    if (detail.empty()) detail = end.detail;
  });
  return detail;
}

/// Collects two images from a server that answers its requests for pictures so.
std::string outcomes_from(const http::Loopback::Handler& handler,
                          const std::string& scheme = "a1111") {
  http::Loopback server(handler);
  const ScratchFolder folder;
  const CollectResult result = collect_images(
      service_at(server, scheme), plan_of(2), folder / "c", fast());
  const std::string ended = outcomes(folder / "c");
  return result.stopped.empty() ? ended : ended + "; stopped: " + result.stopped;
}

TEST(CollectImages, KeepsOneImageForEachOfThePlan) {
  http::Loopback server([](const http::Asked& asked) {
    return asked.method == "POST" ? http::reply(200, a1111_picture(asked)) : http::reply(404, "{}");
  });
  const ScratchFolder folder;
  CollectOptions options = fast();
  options.concurrency = 4;
  const CollectResult result = collect_images(
      service_at(server), plan_of(20), folder / "c", options);
  EXPECT_EQ(result.images, 20U);
  EXPECT_EQ(outcomes(folder / "c"), "image 20");
  std::set<std::string> digests;
  open_collection(folder / "c")
      ->collect([&](Sample&& sample) { digests.insert(sample.sha256); },
                [](Refusal&& refusal) { ADD_FAILURE() << refusal.reason; });
  EXPECT_EQ(digests.size(), 20U);
  EXPECT_EQ(server.count("/sdapi/v1/txt2img"), 20U);
}

TEST(CollectImages, ASecondRunAsksNothingAgain) {
  http::Loopback server([](const http::Asked& asked) {
    return asked.method == "POST" ? http::reply(200, a1111_picture(asked)) : http::reply(404, "{}");
  });
  const ScratchFolder folder;
  for (int run = 0; run < 2; ++run) {
    collect_images(service_at(server), plan_of(5), folder / "c", fast());
  }
  EXPECT_EQ(server.count("/sdapi/v1/txt2img"), 5U);
}

TEST(CollectImages, EveryFaultIsAnOutcome) {
  const auto always = [](const http::Scripted& scripted) {
    return [scripted](const http::Asked& asked) {
      return asked.method == "POST" ? scripted : http::reply(404, "{}");
    };
  };
  const std::string html = "<html>Just a moment...</html>";
  EXPECT_EQ(outcomes_from(always(http::reply(422, "{}"))), "failed 2");
  EXPECT_EQ(outcomes_from(always(http::reply(429, "{}"))), "rate-limited 2");
  EXPECT_EQ(outcomes_from(always(http::reply(503, html, "text/html"))), "not-ready 2");
  EXPECT_EQ(outcomes_from(always(http::reply(500, "{}"))), "failed 2");
  EXPECT_EQ(outcomes_from(always(http::reply(200, html, "text/html"))), "protocol-error 2");
  EXPECT_EQ(outcomes_from(always({"", 800, 0, true})), "timeout 2");
  EXPECT_EQ(outcomes_from(always({"", 0, 0, true})), "failed 2");
  EXPECT_EQ(outcomes_from(always({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", 0, 0, true})),
            "protocol-error 2");
  EXPECT_EQ(
      outcomes_from(always(http::reply(200, "x", "text/plain", "Transfer-Encoding: chunked\r\n"))),
      "protocol-error 2");
  EXPECT_EQ(
      outcomes_from(always(http::reply(302, "", "text/html", "Location: http://10.0.0.1/\r\n"))),
      "protocol-error 2");
}

TEST(CollectImages, CredentialsCreditAndModelsEndTheRunAndNothingIsLost) {
  std::atomic<bool> paid{false};
  http::Loopback server([&paid](const http::Asked& asked) {
    if (asked.method != "POST") return http::reply(404, "{}");
    return paid ? http::reply(200, a1111_picture(asked))
                : http::reply(402, R"({"detail":"no credit"})");
  });
  const ScratchFolder folder;
  const CollectResult first = collect_images(service_at(server), plan_of(3), folder / "c", fast());
  EXPECT_EQ(first.stopped, "status 402: no credit");
  EXPECT_EQ(first.images, 0U);
  EXPECT_EQ(server.count("/sdapi/v1/txt2img"), 1U) << "nobody knocks on a closed door";
  paid = true;
  const CollectResult second = collect_images(service_at(server), plan_of(3), folder / "c", fast());
  EXPECT_EQ(second.images, 3U);
  EXPECT_EQ(outcomes(folder / "c"), "image 3");
}

TEST(CollectImages, WaitsAsLongAsItIsToldTo) {
  std::atomic<int> asked_times{0};
  http::Loopback server([&asked_times](const http::Asked& asked) {
    if (asked.method != "POST") return http::reply(404, "{}");
    return ++asked_times == 1
               ? http::reply(429, "{}", "application/json", "retry-after-ms: 400\r\n")
               : http::reply(200, a1111_picture(asked));
  });
  const ScratchFolder folder;
  const auto began = std::chrono::steady_clock::now();
  collect_images(service_at(server), plan_of(1), folder / "c", fast());
  EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(400));
  EXPECT_EQ(outcomes(folder / "c"), "image 1");
}

TEST(CollectImages, AServerThatAsksForADayEndsTheRun) {
  EXPECT_EQ(outcomes_from([](const http::Asked& asked) {
              return asked.method == "POST"
                         ? http::reply(429, "{}", "application/json", "Retry-After: 86400\r\n")
                         : http::reply(404, "{}");
            }),
            "; stopped: the service asks to wait 86400 s: status 429");
}

TEST(CollectImages, ABlankPictureIsAFiltersAndHtmlIsNone) {
  const auto picture = [](const std::string& bytes) {
    return outcomes_from([bytes](const http::Asked& asked) {
      return asked.method == "POST"
                 ? http::reply(
                       200, json{{"images", {core::encode_base64(bytes)}}, {"info", "{}"}}.dump())
                 : http::reply(404, "{}");
    });
  };
  EXPECT_EQ(picture(images::blank_png()), "filtered-image 2");
  EXPECT_EQ(picture("<html></html>"), "protocol-error 2");
  EXPECT_EQ(picture(images::noise_png(1).substr(0, 900)), "protocol-error 2");
  EXPECT_EQ(picture(images::noise_png(1) + "PK\x03\x04"), "protocol-error 2");
}

// Replicate's way: create, poll, fetch from another host, which must not see the key.
TEST(CollectImages, FollowsAJobToItsFileWithoutGivingTheKeyAway) {
  http::Loopback files([](const http::Asked& asked) {
    return asked.headers.count("authorization") > 0
               ? http::reply(400, "leaked")
               : http::reply(200, images::noise_png(1), "image/png");
  });
  std::atomic<int> polls{0};
  http::Loopback api([&](const http::Asked& asked) {
    if (asked.headers.count("authorization") == 0) return http::reply(401, "{}");
    json prediction = {{"id", "p1"}, {"status", "starting"}};
    if (asked.method == "GET" && ++polls >= 3) {
      prediction["status"] = "succeeded";
      prediction["output"] = {files.url("/1.png")};
    }
    return http::reply(asked.method == "POST" ? 201 : 200, prediction.dump());
  });
  const ScratchFolder folder;
  const Service service = service_at(api, "replicate");
  CollectOptions options = fast();
  options.http.credential = {service.origin, "Authorization", "Bearer r8_key", {"r8_key"}};
  collect_images(service, plan_of(1), folder / "c", options);
  EXPECT_EQ(outcomes(folder / "c"), "image 1");
  EXPECT_EQ(polls, 3);
  for (const char* file : {"c/journal.jsonl", "c/plan.json", "c/collection.json"}) {
    EXPECT_EQ(core::read_text_file(folder / file).find("r8_key"), std::string::npos) << file;
  }
}

TEST(CollectImages, AnExpiredPictureIsAnOutcomeAndAPrivateAddressIsRefused) {
  const auto from = [](const std::string& picture_url) {
    http::Loopback api([&picture_url](const http::Asked& asked) {
      if (asked.target == "/gone.png") return http::reply(404, "gone");
      return http::reply(
          200, json{{"id", "p"}, {"status", "succeeded"}, {"output", picture_url}}.dump());
    });
    const ScratchFolder folder;
    const std::string url = picture_url.empty() ? api.url("/gone.png") : picture_url;
    http::Loopback pointing([&url](const http::Asked&) {
      return http::reply(200, json{{"id", "p"}, {"status", "succeeded"}, {"output", url}}.dump());
    });
    collect_images(service_at(pointing, "replicate"), plan_of(1), folder / "c", fast());
    return outcomes(folder / "c") + ": " + first_detail(folder / "c");
  };
  EXPECT_EQ(from(""), "expired 1: the picture's URL answers status 404: gone");
  EXPECT_EQ(from("http://169.254.169.254/latest/meta-data"),
            "failed 1: 169.254.169.254 leads to 169.254.169.254, which is not a public address and "
            "was not named");
  EXPECT_EQ(from("http://localhost:1/x"),
            "failed 1: localhost leads to 127.0.0.1, which is not a public address and was not "
            "named");
}

TEST(CollectImages, FollowsRedirectsOfPicturesUpToALimit) {
  http::Loopback files([](const http::Asked& asked) {
    if (asked.target == "/endless") {
      return http::reply(302, "", "text/plain", "Location: /endless\r\n");
    }
    if (asked.target == "/inside") {
      return http::reply(302, "", "text/plain", "Location: http://10.0.0.1/\r\n");
    }
    if (asked.target == "/once")
      return http::reply(307, "", "text/plain", "Location: there.png\r\n");
    return http::reply(200, images::noise_png(1), "image/png");
  });
  const auto at = [&files](const std::string& target) {
    http::Loopback api([&](const http::Asked&) {
      return http::reply(
          200, json{{"id", "p"}, {"status", "succeeded"}, {"output", files.url(target)}}.dump());
    });
    const ScratchFolder folder;
    collect_images(service_at(api, "replicate"), plan_of(1), folder / "c", fast());
    return outcomes(folder / "c") + ": " + first_detail(folder / "c");
  };
  EXPECT_EQ(at("/once"), "image 1: ");
  EXPECT_EQ(at("/endless"), "failed 1: redirects more than 5 times");
  EXPECT_EQ(
      at("/inside"),
      "failed 1: 10.0.0.1 leads to 10.0.0.1, which is not a public address and was not named");
}

TEST(CollectImages, APaidServiceIsNotAskedTwiceForWhatItMayHaveMade) {
  std::atomic<int> posts{0};
  http::Loopback server([&posts](const http::Asked& asked) {
    if (asked.method == "POST") ++posts;
    return asked.method == "POST" ? http::Scripted{"", 0, 0, true} : http::reply(404, "{}");
  });
  Service service = service_at(server, "replicate");
  service.repeatable = false;  // as for the hosted one
  const ScratchFolder folder;
  collect_images(service, plan_of(1), folder / "c", fast());
  EXPECT_EQ(posts, 1);
  EXPECT_EQ(outcomes(folder / "c"), "failed 1");
}

/// A hosted Replicate that loses the answer to its first prediction, and tells of it later if
/// `lists`. Counts what it is asked to make.
class Forgetful {
 public:
  explicit Forgetful(bool lists) : lists_(lists) {}

  http::Scripted answer(const http::Asked& asked) {
    if (asked.method == "POST") return create(asked);
    if (asked.target == "/predictions") return list();
    return asked.target == "/predictions/p1" ? http::reply(200, prediction().dump())
                                             : http::reply(404, "{}");
  }
  int made() const { return made_; }

 private:
  http::Scripted create(const http::Asked& asked) {
    const std::lock_guard<std::mutex> lock(mutex_);
    input_ = json::parse(asked.body).at("input");
    created_ = core::utc_now_ms();
    if (++made_ == 1) return {"", 0, 0, true};
    return http::reply(201, prediction().dump());
  }
  http::Scripted list() {
    const std::lock_guard<std::mutex> lock(mutex_);
    json results = json::array();
    results.push_back({{"id", "old"}, {"input", input_}, {"created_at", "2001-01-01T00:00:00Z"}});
    results.push_back({{"id", "other"}, {"input", {{"seed", 1}}}, {"created_at", created_}});
    if (lists_) {
      results.push_back(
          {{"id", "p1"}, {"input", input_}, {"created_at", created_}, {"status", "processing"}});
    }
    return http::reply(200, json{{"next", nullptr}, {"results", results}}.dump());
  }
  json prediction() const {
    return {{"id", "p1"},
            {"status", "succeeded"},
            {"output", "data:image/png;base64," + core::encode_base64(images::noise_png(1))}};
  }

  const bool lists_;
  std::atomic<int> made_{0};
  json input_;
  std::string created_;
  std::mutex mutex_;
};

TEST(CollectImages, APaidJobWhoseAnswerWasLostIsFoundAgain) {
  for (const bool listed : {true, false}) {
    Forgetful replicate(listed);
    http::Loopback server([&](const http::Asked& asked) { return replicate.answer(asked); });
    Service service = service_at(server, "replicate");
    service.repeatable = false;  // as for the hosted one
    const ScratchFolder folder;
    collect_images(service, plan_of(1), folder / "c", fast());
    EXPECT_EQ(replicate.made(), listed ? 1 : 2);
    EXPECT_EQ(outcomes(folder / "c"), "image 1");
  }
}

TEST(CollectImages, WhatARunDidNotSeeTheEndOfIsNotPaidForTwice) {
  const auto second_run = [](bool with_lookup) {
    std::atomic<bool> silent{true};
    Forgetful replicate(true);
    http::Loopback server([&](const http::Asked& asked) {
      http::Scripted answer = replicate.answer(asked);
      if (silent && asked.method == "POST") answer = {"", 1'000, 0, true};
      return answer;
    });
    Service service = service_at(server, "replicate");
    service.repeatable = false;
    if (!with_lookup) service.lookup.reset();
    const ScratchFolder folder;
    core::Observer impatient;
    impatient.progress = [&](const core::Progress&) { return replicate.made() == 0; };
    EXPECT_THROW(collect_images(service, plan_of(1), folder / "c", fast(), impatient), core::Error);
    silent = false;
    collect_images(service, plan_of(1), folder / "c", fast());
    EXPECT_EQ(replicate.made(), 1);
    return outcomes(folder / "c") + ": " + first_detail(folder / "c");
  };
  EXPECT_EQ(second_run(true), "image 1: ");
  EXPECT_EQ(second_run(false),
            "failed 1: an earlier run ended while it was asked for; it may have been made and "
            "charged");
}

TEST(CollectImages, TellsOfAServersWrongClock) {
  const auto remarks_at = [](const std::string& date) {
    http::Loopback server([&date](const http::Asked& asked) {
      return asked.method == "POST"
                 ? http::reply(200, a1111_picture(asked), "application/json", date)
                 : http::reply(404, "{}");
    });
    const ScratchFolder folder;
    collect_images(service_at(server), plan_of(1), folder / "c", fast());
    std::string text;
    const SuspectInfo info = open_collection(folder / "c")->info();
    for (const std::string& remark : info.acquisition->remarks) {
      if (remark.find("clock") != std::string::npos) text += remark;
    }
    return text;
  };
  EXPECT_EQ(remarks_at(""), "");
  EXPECT_NE(remarks_at("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n").find("s behind the clock"),
            std::string::npos);
  EXPECT_NE(remarks_at("Date: Sun, 06 Nov 2094 08:49:37 GMT\r\n").find("s ahead of the clock"),
            std::string::npos);
}

TEST(CollectImages, KeepsToItsBudgets) {
  const auto with = [](auto change) {
    http::Loopback server([](const http::Asked& asked) {
      return asked.method == "POST" ? http::reply(200, a1111_picture(asked))
                                    : http::reply(404, "{}");
    });
    const ScratchFolder folder;
    CollectOptions options = fast();
    change(options.budget);
    const CollectResult result = collect_images(
        service_at(server), plan_of(9), folder / "c", options);
    return std::to_string(result.images) + " " + result.stopped;
  };
  EXPECT_EQ(with([](Budget& budget) { budget.max_images = 4; }),
            "4 the budget of images is used up");
  EXPECT_EQ(with([](Budget& budget) {
              budget.price_per_image = 0.5;
              budget.max_cost = 1.6;
            }),
            "3 the budget of money is used up");
  EXPECT_EQ(with([](Budget& budget) { budget.max_requests = 8; }),
            "3 the budget of requests is used up")
      << "five went to the questions about the service";
}

TEST(CollectImages, PacesItself) {
  http::Loopback server([](const http::Asked& asked) {
    return asked.method == "POST" ? http::reply(200, a1111_picture(asked)) : http::reply(404, "{}");
  });
  const ScratchFolder folder;
  CollectOptions options = fast();
  options.pause_s = 0.03;
  options.concurrency = 4;
  const auto began = std::chrono::steady_clock::now();
  collect_images(service_at(server), plan_of(6), folder / "c", options);
  EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(10 * 30));
}

TEST(CollectImages, AnInterruptionTakesTheJobBackAndTheNextRunGoesOn) {
  std::atomic<bool> ready{false};
  std::atomic<int> cancelled{0};
  http::Loopback server([&](const http::Asked& asked) {
    if (asked.target.find("/cancel") != std::string::npos) {
      ++cancelled;
      return http::reply(200, "{}");
    }
    if (ready) {
      return http::reply(
          200,
          json{{"id", "p"},
               {"status", "succeeded"},
               {"output", "data:image/png;base64," + core::encode_base64(images::noise_png(1))}}
              .dump());
    }
    return http::reply(201, json{{"id", "p"}, {"status", "processing"}}.dump());
  });
  const ScratchFolder folder;
  core::Observer impatient;
  int reports = 0;
  impatient.progress = [&reports](const core::Progress&) { return ++reports < 10; };
  EXPECT_THROW(
      collect_images(service_at(server, "replicate"), plan_of(1), folder / "c", fast(), impatient),
      core::Error);
  EXPECT_EQ(cancelled, 1);
  ready = true;
  collect_images(service_at(server, "replicate"), plan_of(1), folder / "c", fast());
  EXPECT_EQ(outcomes(folder / "c"), "image 1");
}

TEST(CollectImages, AnInterruptionEndsTheWaitForAServerThatIsSilent) {
  http::Loopback server([](const http::Asked&) { return http::Scripted{"", 3'000, 0, true}; });
  const ScratchFolder folder;
  CollectOptions options = fast();
  options.http.idle_timeout_ms = 60'000;
  options.http.total_timeout_ms = 60'000;
  core::Observer impatient;
  impatient.progress = [](const core::Progress&) { return false; };
  const auto began = std::chrono::steady_clock::now();
  EXPECT_THROW(collect_images(service_at(server), plan_of(1), folder / "c", options, impatient),
               core::Error);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(2));
}

// Killed at random moments, no image is lost and none
// that was answered is asked twice.
TEST(CollectImages, SurvivesKillsAtAnyMoment) {
  constexpr int kImages = 100;
  std::mutex mutex;
  std::map<std::uint64_t, int> finished;  ///< By seed: answers that were sent whole.
  http::Loopback server([&](const http::Asked& asked) {
    if (asked.method != "POST") return http::reply(404, "{}");
    const std::lock_guard<std::mutex> lock(mutex);
    ++finished[json::parse(asked.body).at("seed").get<std::uint64_t>()];
    http::Scripted answer = http::reply(200, a1111_picture(asked));
    answer.delay_ms = 3;  // slow enough that kills fall into the collection
    return answer;
  });
  const Service service = service_at(server);
  const ScratchFolder folder;
  const auto plan = plan_of(kImages);
  core::Rng rng(7);
  int kills = 0;
  for (int attempt = 0; attempt < 200; ++attempt) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        collect_images(service, plan, folder / "c", fast());
        ::_exit(0);
      } catch (...) {
        ::_exit(1);
      }
    }
    ::usleep(static_cast<useconds_t>(3'000 + rng.below(40'000)));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status)) {
      ASSERT_EQ(WEXITSTATUS(status), 0);
      break;
    }
    ++kills;
  }
  collect_images(service, plan, folder / "c", fast());
  EXPECT_EQ(outcomes(folder / "c"), "image " + std::to_string(kImages));
  EXPECT_GT(kills, 3);
  int asked = 0;
  for (const auto& [seed, times] : finished) asked += times;
  // A kill may fall while an answer is on its way: at most one more question each.
  EXPECT_LE(asked, kImages + kills);
  EXPECT_EQ(finished.size(), static_cast<std::size_t>(kImages));
}

TEST(ProbeService, TellsWhatAnswersAndKeepsNothing) {
  http::Loopback server([](const http::Asked& asked) {
    if (asked.target == "/sdapi/v1/options")
      return http::reply(200, R"({"sd_model_checkpoint":"m"})");
    if (asked.target == "/sdapi/v1/samplers") return http::reply(200, R"([{"name":"Euler"}])");
    return asked.method == "POST" ? http::reply(200, a1111_picture(asked)) : http::reply(404, "{}");
  });
  const ProbeResult result = probe_service(service_at(server), plan_of(1).front(), fast());
  EXPECT_TRUE(result.reachable);
  EXPECT_EQ(result.facts.model, "m");
  EXPECT_EQ(result.facts.samplers, std::vector<std::string>{"Euler"});
  EXPECT_EQ(result.outcome, Outcome::kImage);
  EXPECT_EQ(result.image->width_px, 64);
}

}  // namespace
}  // namespace patina::queryers
