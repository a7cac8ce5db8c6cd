// SPDX-License-Identifier: Apache-2.0
// The server as clients see it, over a real socket, with a model that needs no weights.
#include "serve/serve.h"

#include <atomic>
#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/base64.h"
#include "core/error.h"
#include "images/image_io.h"
#include "images/metadata.h"
#include "images/texts.h"
#include "queryers/collecting/collect.h"
#include "queryers/services/services.h"
#include "tests/core/scratch_folder.h"
#include "tests/serve/running.h"

namespace patina::serve {
namespace {

using nlohmann::json;

TEST(ServeA1111, HonoursAndEchoesTheSeedOfEachImage) {
  const Running running;
  const json request = {{"prompt", "a cat"}, {"seed", 7}, {"steps", 3}, {"batch_size", 2}};
  const json body = json::parse(draw_at(running, request).body);
  ASSERT_EQ(body.at("images").size(), 2U);
  ASSERT_TRUE(body.at("info").is_string()) << "JSON in a string, as the web UI has it";
  const json info = json::parse(body.at("info").get<std::string>());
  EXPECT_EQ(info.at("all_seeds"), (json{7, 8}));
  EXPECT_EQ(info.at("sd_model_hash"), "aaaaaaaaaa");
  EXPECT_EQ(info.at("index_of_first_image"), 0);
  const json second = json::parse(
      draw_at(running, {{"prompt", "a cat"}, {"seed", 8}, {"steps", 3}}).body);
  const auto pixels = [](const json& image) {
    const std::string png = core::decode_base64(image.get<std::string>(), "x");
    return images::decode_image({png.begin(), png.end()}, "x").image.bytes;
  };
  EXPECT_EQ(pixels(body.at("images")[1]), pixels(second.at("images")[0]));
}

TEST(ServeA1111, WritesItsInfotextIntoThePng) {
  const Running running;
  for (const char* prompt : {"a cat, \"quoted\": x", "grüne Katze"}) {
    const json body = json::parse(
        draw_at(running,
                {{"prompt", prompt}, {"negative_prompt", "fog"}, {"seed", 7}, {"steps", 3}})
            .body);
    const std::string png = core::decode_base64(body.at("images")[0].get<std::string>(), "x");
    const auto texts = images::read_image_texts({png.begin(), png.end()},
                                                images::ImageFormat::kPNG);
    const images::Infotext info = images::parse_infotext(texts.at("parameters"));
    EXPECT_EQ(info.prompt, prompt);
    EXPECT_EQ(info.negative_prompt, "fog");
    EXPECT_EQ(info.values.at("Seed"), "7");
    EXPECT_EQ(info.values.at("Model hash"), "aaaaaaaaaa");
    EXPECT_EQ(info.values.at("Lora hashes"), "sks: cccccccccccc");
  }
}

TEST(ServeA1111, AnswersInventoryAndProgress) {
  const Running running;
  const auto get = [&](const char* name) {
    return json::parse(ask("GET", running.url(std::string("/sdapi/v1/") + name)).body);
  };
  EXPECT_EQ(get("options").at("sd_model_checkpoint"), "tiny [aaaaaaaaaa]");
  EXPECT_EQ(get("sd-models")[0].at("sha256"), std::string(32, 'a') + std::string(32, 'b'));
  EXPECT_EQ(get("loras")[0].at("name"), "sks");
  EXPECT_EQ(get("progress").at("progress"), 0.0);
  EXPECT_EQ(get("progress").at("state").at("job_count"), 0);
  EXPECT_GE(get("samplers").size(), 5U);
}

TEST(ServeA1111, RefusesInTheWordsOfTheOriginal) {
  const Running running;
  const auto refused = [&](const json& request) {
    const auto response = draw_at(running, request);
    return std::to_string(response.status) + " " + json::parse(response.body).at("detail").dump();
  };
  EXPECT_EQ(refused({{"sampler_name", "Nonsense"}}), "400 \"Sampler not found\"");
  EXPECT_EQ(
      refused({{"steps", "many"}}),
      R"(422 [{"loc":["body","steps"],"msg":"value is not an integer","type":"value_error"}])");
  EXPECT_EQ(refused({{"width", 100'000}}).substr(0, 3), "422");
  EXPECT_EQ(refused({{"batch_size", 1'000}}).substr(0, 3), "422");
  EXPECT_EQ(refused(json::array()).substr(0, 3), "422");
  EXPECT_EQ(refused({{"prompt", "impossible"}}).substr(0, 3), "422");
  EXPECT_EQ(ask("POST", running.url("/sdapi/v1/txt2img"), "{").status, 422);
  EXPECT_EQ(ask("GET", running.url("/sdapi/v1/txt2img")).status, 405);
  EXPECT_EQ(ask("GET", running.url("/sdapi/v1/nothing")).status, 404);
  EXPECT_EQ(ask("POST", running.url("/sdapi/v1/options"), R"({"sd_model_checkpoint":"x"})").status,
            500);
  EXPECT_EQ(ask("POST", running.url("/sdapi/v1/txt2img"), std::string(2 << 20, ' ')).status, 413);
  EXPECT_EQ(ask("POST", running.url("/sdapi/v1/txt2img"), std::string(20 << 20, ' ')).status, 413)
      << "the answer comes through although the body is still being sent";
}

TEST(ServeA1111, AnInterruptEndsTheRunningJobWithStatus200) {
  Running running;
  std::thread impatient([&running] {
    for (int i = 0; i < 200; ++i) {
      const json progress = json::parse(ask("GET", running.url("/sdapi/v1/progress")).body);
      if (progress.at("state").at("job_count") > 0) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ask("POST", running.url("/sdapi/v1/interrupt"));
  });
  const auto response = draw_at(running, {{"prompt", "a cat"}, {"steps", 150}, {"n_iter", 16}});
  impatient.join();
  EXPECT_EQ(response.status, 200);
  EXPECT_LT(json::parse(response.body).at("images").size(), 16U);
}

TEST(ServeOpenAI, AnswersBase64AndUrls) {
  const Running running;
  const auto make = [&](json request) {
    request.update({{"prompt", "a cat"}, {"seed", 7}, {"num_inference_steps", 3}});
    return json::parse(ask("POST", running.url("/v1/images/generations"), request.dump()).body);
  };
  const std::string bytes = core::decode_base64(
      make({{"response_format", "b64_json"}}).at("data")[0].at("b64_json").get<std::string>(), "x");
  const std::string url = make(json::object()).at("data")[0].at("url");
  EXPECT_EQ(ask("GET", url).body, bytes);
  EXPECT_EQ(make({{"n", 3}, {"size", "64x128"}}).at("data").size(), 3U);
  EXPECT_EQ(json::parse(ask("GET", running.url("/v1/models")).body).at("data")[0].at("id"), "tiny");
}

TEST(ServeOpenAI, RefusesInTheWordsOfTheOriginal) {
  const Running running;
  const auto error = [&](const json& request) {
    const auto response = ask("POST", running.url("/v1/images/generations"), request.dump());
    const json body = json::parse(response.body).at("error");
    return std::to_string(response.status) + " " + body.at("param").dump();
  };
  EXPECT_EQ(error(json::object()), "400 \"prompt\"");
  EXPECT_EQ(error({{"prompt", "x"}, {"model", "dall-e-3"}}), "404 \"model\"");
  EXPECT_EQ(error({{"prompt", "x"}, {"n", 0}}), "400 \"n\"");
  EXPECT_EQ(error({{"prompt", "x"}, {"size", "63x64"}}), "400 \"size\"");
  EXPECT_EQ(error({{"prompt", "x"}, {"response_format", "gif"}}), "400 \"response_format\"");
  EXPECT_EQ(ask("GET", running.url("/v1/images/files/none.png")).status, 404);
}

TEST(Serve, AsksForItsKey) {
  ServeOptions options;
  options.api_key = "user:secret";
  const Running running(options);
  const std::string target = running.url("/sdapi/v1/options");
  EXPECT_EQ(ask("GET", running.url("/health")).status, 200);
  EXPECT_EQ(ask("GET", target).status, 401);
  EXPECT_EQ(ask("GET", target).headers.get("WWW-Authenticate"), "Basic");
  EXPECT_EQ(ask("GET", target, "", "Bearer wrong").status, 401);
  EXPECT_EQ(ask("GET", target, "", "Basic !!").status, 401);
  EXPECT_EQ(ask("GET", target, "", "Bearer user:secret").status, 200);
  EXPECT_EQ(ask("GET", target, "", "Basic " + core::encode_base64("user:secret")).status, 200);
  EXPECT_EQ(json::parse(ask("GET", running.url("/v1/models")).body).at("error").at("code"),
            "invalid_api_key");
}

TEST(Serve, AFullQueueSaysWhenToComeBack) {
  ServeOptions options;
  options.max_queue = 1;
  const Running running(options);
  std::vector<std::thread> clients;
  std::atomic<int> full{0};
  std::atomic<int> drawn{0};
  for (int i = 0; i < 6; ++i) {
    clients.emplace_back([&] {
      const auto response = draw_at(running, {{"prompt", "a cat"}, {"steps", 100}});
      if (response.status == 503 && response.headers.get("Retry-After") == "1") ++full;
      if (response.status == 200) ++drawn;
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_GE(full, 1);
  EXPECT_EQ(full + drawn, 6);
}

TEST(Serve, HoldsSixtyFourClientsAtOnce) {
  const Running running;
  std::vector<std::thread> clients;
  std::atomic<int> drawn{0};
  for (int i = 0; i < 64; ++i) {
    clients.emplace_back([&] {
      for (int tries = 0; tries < 50; ++tries) {
        const auto response = draw_at(running, {{"prompt", "a cat"}, {"steps", 2}});
        if (response.status == 200) {
          ++drawn;
          return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(drawn, 64);
}

TEST(Serve, IsCollectedFromOverBothOfItsApis) {
  const Running running;
  queryers::PlanOptions plan;
  plan.count = 6;
  plan.sizes = {{64, 64}};
  plan.steps = 2;
  plan.prompts = {"a cat"};
  queryers::CollectOptions options;
  options.http.named.hosts = {"127.0.0.1"};
  for (const char* scheme : {"a1111+", "openai+"}) {
    const core::ScratchFolder folder;
    const auto endpoint = queryers::parse_endpoint(scheme + running.url());
    const queryers::CollectResult result = queryers::collect_images(
        queryers::make_service(*endpoint, {}), queryers::make_plan(plan), folder / "c", options);
    EXPECT_EQ(result.images, 6U) << scheme << result.stopped;
    EXPECT_FALSE(result.model_changed);
    std::set<std::string> digests;
    queryers::read_collection(folder / "c", [&](const queryers::ItemEnd& end) {
      EXPECT_TRUE(end.sample->flags.empty()) << end.sample->flags.front();
      digests.insert(end.sample->sha256);
    });
    EXPECT_EQ(digests.size(), 6U);
  }
}

TEST(Serve, RefusesAnAddressThatIsTakenAndOptionsOutOfRange) {
  Running running;
  ServeOptions options;
  options.port = running.server().port();
  EXPECT_THROW(Server({}, draw_noise, options), core::Error);
  options.port = 70'000;
  EXPECT_THROW(Server({}, draw_noise, options), core::Error);
}

}  // namespace
}  // namespace patina::serve
