// SPDX-License-Identifier: Apache-2.0
// /sdapi/v1 against AUTOMATIC1111's own modules/api/api.py, modules/api/models.py and
// modules/processing.py: defaults, fields, errors.
#include <atomic>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/serve/running.h"

namespace patina::serve {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

/// A model that remembers what it was asked and draws one grey pixel at once.
class Recorder {
 public:
  MakeImages model() {
    return [this](const diffusion::GenerateOptions& options, const core::Observer&) {
      const std::lock_guard<std::mutex> lock(mutex_);
      asked_.push_back(options);
      return std::vector<images::Image>(static_cast<std::size_t>(options.batch),
                                        images::make_image(8, 8));
    };
  }
  std::vector<diffusion::GenerateOptions> asked() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return asked_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<diffusion::GenerateOptions> asked_;
};

class A1111 : public ::testing::Test {
 protected:
  json drawn(const json& request) {
    const http::HttpResponse response = draw_at(running_, request);
    EXPECT_EQ(response.status, 200) << response.body;
    return json::parse(response.body);
  }
  json info(const json& request) {
    return json::parse(drawn(request).at("info").get<std::string>());
  }
  /// What the model was asked for this request.
  diffusion::GenerateOptions asked(const json& request) {
    drawn(request);
    return recorder_.asked().back();
  }
  std::string refusal(const json& request) {
    const http::HttpResponse response = draw_at(running_, request);
    const json detail = json::parse(response.body).at("detail");
    return std::to_string(response.status) + " " +
           (detail.is_array() ? detail.at(0).at("loc").dump() : detail.dump());
  }
  json get(const std::string& name) {
    const http::HttpResponse response = ask("GET", running_.url("/sdapi/v1/" + name));
    EXPECT_EQ(response.status, 200) << name;
    return json::parse(response.body);
  }
  http::HttpResponse post(const std::string& name, const std::string& body = "{}") {
    return ask("POST", running_.url("/sdapi/v1/" + name), body);
  }

  Recorder recorder_;
  Running running_{{}, recorder_.model()};
};

TEST_F(A1111, FillsAnEmptyRequestWithTheDefaultsOfTheWebUI) {
  const diffusion::GenerateOptions options = asked(json::object());
  EXPECT_EQ(options.prompt, "");
  EXPECT_EQ(options.negative_prompt, "");
  EXPECT_EQ(options.steps, 50);
  EXPECT_EQ(options.guidance_scale, 7.0);
  EXPECT_EQ(options.width_px, 64) << "the model's own size";
  EXPECT_EQ(options.height_px, 64);
  EXPECT_EQ(options.batch, 1);
  EXPECT_EQ(options.scheduler, "euler");
}

TEST_F(A1111, TakesNullForAFieldLeftOut) {
  const diffusion::GenerateOptions options = asked({{"prompt", nullptr},
                                                    {"steps", nullptr},
                                                    {"cfg_scale", nullptr},
                                                    {"sampler_name", nullptr},
                                                    {"seed", nullptr}});
  EXPECT_EQ(options.steps, 50);
  EXPECT_EQ(options.guidance_scale, 7.0);
  EXPECT_EQ(options.scheduler, "euler");
}

TEST_F(A1111, PassesEveryFieldOnToTheModel) {
  const diffusion::GenerateOptions options = asked({{"prompt", "a cat"},
                                                    {"negative_prompt", "fog"},
                                                    {"steps", 150},
                                                    {"cfg_scale", 1.5},
                                                    {"width", 128},
                                                    {"height", 2048},
                                                    {"batch_size", 3},
                                                    {"seed", 9'223'372'036'854'775'807}});
  EXPECT_EQ(options.prompt, "a cat");
  EXPECT_EQ(options.negative_prompt, "fog");
  EXPECT_EQ(options.steps, 150);
  EXPECT_EQ(options.guidance_scale, 1.5);
  EXPECT_EQ(options.width_px, 128);
  EXPECT_EQ(options.height_px, 2048);
  EXPECT_EQ(options.batch, 3);
  EXPECT_EQ(options.seed, 9'223'372'036'854'775'807U);
}

// random.randrange(4294967294) in modules/processing.py.
TEST_F(A1111, DrawsASeedOf32BitsForMinusOneAndTellsIt) {
  const json first = info({{"seed", -1}});
  const json second = info(json::object());
  EXPECT_LT(first.at("seed").get<std::uint64_t>(), std::uint64_t{1} << 32);
  EXPECT_NE(first.at("seed"), second.at("seed"));
  EXPECT_EQ(recorder_.asked().at(0).seed, first.at("seed"));
}

TEST_F(A1111, CountsSeedsOnThroughItsRounds) {
  const json told = info({{"seed", 40}, {"batch_size", 2}, {"n_iter", 3}});
  EXPECT_EQ(told.at("all_seeds"), (json{40, 41, 42, 43, 44, 45}));
  const auto asked = recorder_.asked();
  ASSERT_EQ(asked.size(), 3U);
  EXPECT_EQ(asked[0].seed, 40U);
  EXPECT_EQ(asked[1].seed, 42U);
  EXPECT_EQ(asked[2].seed, 44U);
}

// modules/processing.py, Processed.js().
TEST_F(A1111, TellsInItsInfoEveryKeyThatTheWebUITells) {
  const json told = info({{"prompt", "a cat"}, {"batch_size", 2}});
  for (const char* key : {"prompt",
                          "all_prompts",
                          "negative_prompt",
                          "all_negative_prompts",
                          "seed",
                          "all_seeds",
                          "subseed",
                          "all_subseeds",
                          "subseed_strength",
                          "width",
                          "height",
                          "sampler_name",
                          "cfg_scale",
                          "steps",
                          "batch_size",
                          "restore_faces",
                          "face_restoration_model",
                          "sd_model_name",
                          "sd_model_hash",
                          "sd_vae_name",
                          "sd_vae_hash",
                          "seed_resize_from_w",
                          "seed_resize_from_h",
                          "denoising_strength",
                          "extra_generation_params",
                          "index_of_first_image",
                          "infotexts",
                          "styles",
                          "job_timestamp",
                          "clip_skip",
                          "is_using_inpainting_conditioning",
                          "version"}) {
    EXPECT_TRUE(told.contains(key)) << key;
  }
  EXPECT_EQ(told.at("all_prompts"), (json{"a cat", "a cat"}));
  EXPECT_EQ(told.at("infotexts").size(), 2U);
  EXPECT_EQ(told.at("sd_model_name"), "tiny");
}

TEST_F(A1111, EchoesTheRequestWithTheSeedThatWasUsed) {
  const json body = drawn({{"prompt", "a cat"}, {"seed", -1}, {"my_own", "note"}});
  EXPECT_EQ(body.at("parameters").at("prompt"), "a cat");
  EXPECT_EQ(body.at("parameters").at("my_own"), "note");
  EXPECT_EQ(body.at("parameters").at("steps"), 50);
  EXPECT_EQ(body.at("parameters").at("seed"), recorder_.asked().at(0).seed);
}

TEST_F(A1111, LeavesImagesOutWhereTheyAreNotWanted) {
  const json body = drawn({{"send_images", false}, {"seed", 3}});
  EXPECT_TRUE(body.at("images").empty());
  EXPECT_EQ(json::parse(body.at("info").get<std::string>()).at("all_seeds"), json{3});
}

TEST_F(A1111, SendsBareBase64OfAPng) {
  const std::string image = drawn({{"seed", 1}}).at("images")[0].get<std::string>();
  EXPECT_EQ(image.substr(0, 11), "iVBORw0KGgo") << "a PNG's signature in base64 [RFC 4648]";
  EXPECT_EQ(image.size() % 4, 0U);
}

// Both pass silently in the web UI: what is served stays what it is.
TEST_F(A1111, IgnoresOverridesAndFieldsThatItDoesNotKnow) {
  EXPECT_EQ(info({{"override_settings", {{"sd_model_checkpoint", "another"}}},
                  {"alwayson_scripts", json::object()},
                  {"styles", nullptr},
                  {"enable_hr", false}})
                .at("sd_model_hash"),
            "aaaaaaaaaa");
}

TEST_F(A1111, TakesLoraTagsOutOfThePromptButTellsThem) {
  struct Case {
    const char* prompt;
    const char* for_the_model;
  };
  for (const Case& one : {Case{"a cat <lora:sks:1>", "a cat"},
                          Case{"<lora:sks:0.5>a cat", "a cat"},
                          Case{"a <lora:sks:1><lora:none:1>cat", "a cat"},
                          Case{"a cat <lora:sks:1", "a cat <lora:sks:1"},
                          Case{"a < b > c", "a < b > c"},
                          Case{"<lora:sks:1>", ""}}) {
    EXPECT_EQ(info({{"prompt", one.prompt}}).at("prompt"), one.prompt);
    EXPECT_EQ(recorder_.asked().back().prompt, one.for_the_model) << one.prompt;
  }
}

// Names as in the k-diffusion table of modules/sd_samplers_kdiffusion.py, found in any case.
TEST_F(A1111, KnowsItsSamplersByNameAndByAlias) {
  struct Case {
    const char* given;
    const char* shown;
    const char* scheduler;
  };
  for (const Case& one : {Case{"Euler", "Euler", "euler"},
                          Case{"k_euler", "Euler", "euler"},
                          Case{"EULER A", "Euler a", "euler-ancestral"},
                          Case{"k_euler_a", "Euler a", "euler-ancestral"},
                          Case{"DPM++ 2M", "DPM++ 2M", "dpm++2m"},
                          Case{"k_dpmpp_2m", "DPM++ 2M", "dpm++2m"},
                          Case{"dpm++ 2m karras", "DPM++ 2M Karras", "dpm++2m-karras"},
                          Case{"k_dpmpp_2m_ka", "DPM++ 2M Karras", "dpm++2m-karras"},
                          Case{"ddim", "DDIM", "ddim"},
                          Case{"PLMS", "PLMS", "pndm"},
                          Case{"LCM", "LCM", "lcm"}}) {
    EXPECT_EQ(info({{"sampler_name", one.given}}).at("sampler_name"), one.shown) << one.given;
    EXPECT_EQ(recorder_.asked().back().scheduler, one.scheduler) << one.given;
  }
}

// validate_sampler_name(sampler_name or sampler_index) in modules/api/api.py.
TEST_F(A1111, FallsBackToTheSamplerIndex) {
  EXPECT_EQ(asked({{"sampler_index", "DDIM"}}).scheduler, "ddim");
  EXPECT_EQ(asked({{"sampler_name", nullptr}, {"sampler_index", "DDIM"}}).scheduler, "ddim");
  EXPECT_EQ(asked({{"sampler_name", ""}, {"sampler_index", "DDIM"}}).scheduler, "ddim");
  EXPECT_EQ(asked({{"sampler_name", "LCM"}, {"sampler_index", "DDIM"}}).scheduler, "lcm");
}

TEST_F(A1111, DrawsWithEverySamplerThatItLists) {
  for (const json& sampler : get("samplers")) {
    EXPECT_EQ(info({{"sampler_name", sampler.at("name")}}).at("sampler_name"), sampler.at("name"));
    ASSERT_EQ(sampler.at("aliases").size(), 1U);
    EXPECT_EQ(info({{"sampler_name", sampler.at("aliases")[0]}}).at("sampler_name"),
              sampler.at("name"));
    EXPECT_TRUE(sampler.at("options").is_object());
  }
}

TEST_F(A1111, PointsAtTheFieldThatItCannotUse) {
  struct Case {
    const char* field;
    json value;
  };
  const std::vector<Case> cases = {{"steps", 0},
                                   {"steps", 151},
                                   {"steps", 1.5},
                                   {"cfg_scale", -0.5},
                                   {"cfg_scale", 100.5},
                                   {"cfg_scale", "seven"},
                                   {"width", 7},
                                   {"width", 2056},
                                   {"height", -64},
                                   {"batch_size", 0},
                                   {"batch_size", 17},
                                   {"n_iter", 0},
                                   {"n_iter", 17},
                                   {"prompt", 7},
                                   {"prompt", json::array({"a cat"})},
                                   {"negative_prompt", json::object()},
                                   {"seed", "7"},
                                   {"seed", 1e300},
                                   {"send_images", "yes"},
                                   {"sampler_name", 1}};
  for (const Case& one : cases) {
    EXPECT_EQ(refusal({{one.field, one.value}}),
              "422 [\"body\",\"" + std::string(one.field) + "\"]")
        << one.value;
  }
  EXPECT_TRUE(recorder_.asked().empty()) << "none of them reached the model";
}

TEST_F(A1111, LimitsTheProductOfRoundsAndBatch) {
  EXPECT_EQ(drawn({{"batch_size", 4}, {"n_iter", 4}}).at("images").size(), 16U);
  EXPECT_EQ(refusal({{"batch_size", 4}, {"n_iter", 5}}), "422 [\"body\",\"n_iter\"]");
}

// Each is no JSON text [RFC 8259], nests deeper than 64, or is no object.
TEST_F(A1111, RefusesABodyThatIsNoObject) {
  const std::string deep(100'000, '[');
  for (const std::string& body : {std::string(),
                                  std::string("{"),
                                  std::string("{} {}"),
                                  std::string("{\"steps\": NaN}"),
                                  std::string("{\"prompt\": \"\xff\"}"),
                                  std::string("{\"prompt\": \"\\ud800\"}"),
                                  std::string("{\"cfg_scale\": 1e999}"),
                                  std::string("{'steps': 3}"),
                                  std::string("null"),
                                  std::string("[]"),
                                  std::string("\"a cat\""),
                                  deep}) {
    const http::HttpResponse response = post("txt2img", body);
    EXPECT_EQ(response.status, 422) << body.substr(0, 40);
    const json error = json::parse(response.body).at("detail").at(0);
    EXPECT_EQ(error.at("loc").at(0), "body") << body.substr(0, 40);
    EXPECT_TRUE(error.at("msg").is_string());
    EXPECT_TRUE(error.at("type").is_string());
  }
}

TEST_F(A1111, HasTheErrorBodyOfTheWebUI) {
  const json body = json::parse(draw_at(running_, {{"sampler_name", "Nonsense"}}).body);
  EXPECT_EQ(body.at("error"), "HTTPException");
  EXPECT_EQ(body.at("detail"), "Sampler not found");
  EXPECT_EQ(body.at("body"), "");
  EXPECT_TRUE(body.at("errors").is_string());
}

TEST_F(A1111, SelectsTheServedCheckpointByNameTitleOrHashAndNoOther) {
  for (const char* served : {"tiny", "tiny [aaaaaaaaaa]", "aaaaaaaaaa"}) {
    const http::HttpResponse response = post("options",
                                             json{{"sd_model_checkpoint", served}}.dump());
    EXPECT_EQ(response.status, 200) << served;
    EXPECT_EQ(response.body, "null");
  }
  EXPECT_EQ(post("options", R"({"samples_format": "jpg"})").status, 200);
  const http::HttpResponse refused = post("options", R"({"sd_model_checkpoint": "v1-5"})");
  EXPECT_EQ(refused.status, 500);
  EXPECT_EQ(json::parse(refused.body).at("error"), "RuntimeError");
  EXPECT_EQ(json::parse(refused.body).at("detail"), "model 'v1-5' not found");
  EXPECT_EQ(post("options", R"({"sd_model_checkpoint": 5})").status, 422);
}

TEST_F(A1111, ListsTheOneCheckpointByTitleAndDigests) {
  const json models = get("sd-models");
  ASSERT_EQ(models.size(), 1U);
  EXPECT_EQ(models[0].at("title"), get("options").at("sd_model_checkpoint"));
  EXPECT_EQ(models[0].at("model_name"), "tiny");
  EXPECT_EQ(models[0].at("filename"), "tiny.safetensors");
  EXPECT_EQ(models[0].at("hash"), models[0].at("sha256").get<std::string>().substr(0, 10));
  EXPECT_EQ(get("options").at("sd_checkpoint_hash"), models[0].at("sha256"));
}

TEST_F(A1111, TellsTheDigestOfAServedLora) {
  const json lora = get("loras").at(0);
  EXPECT_EQ(lora.at("alias"), "sks");
  EXPECT_EQ(lora.at("path"), "sks.safetensors");
  EXPECT_EQ(lora.at("metadata").at("sshs_sha256"), std::string(64, 'c'));
}

TEST_F(A1111, AnswersInventoriesItHasNothingInWithEmptyLists) {
  for (const char* name : {"sd-vae",
                           "upscalers",
                           "hypernetworks",
                           "scripts",
                           "extensions",
                           "face-restorers",
                           "prompt-styles",
                           "realesrgan-models"}) {
    EXPECT_EQ(get(name), json::array()) << name;
  }
  EXPECT_EQ(get("embeddings"), (json{{"loaded", json::object()}, {"skipped", json::object()}}));
  EXPECT_EQ(get("schedulers").at(0).at("name"), "automatic");
  EXPECT_EQ(get("cmd-flags").at("api"), true);
  EXPECT_TRUE(get("memory").contains("ram"));
}

// modules/api/models.py, ProgressResponse; modules/shared_state.py, State.dict().
TEST_F(A1111, IsIdleWithEveryKeyOfAProgress) {
  const json progress = get("progress?skip_current_image=true");
  EXPECT_EQ(progress.at("progress"), 0.0);
  EXPECT_EQ(progress.at("eta_relative"), 0.0);
  for (const char* key : {"current_image", "textinfo", "current_task"}) {
    EXPECT_TRUE(progress.at(key).is_null()) << key;
  }
  EXPECT_EQ(progress.at("state"),
            (json{{"skipped", false},
                  {"interrupted", false},
                  {"stopping_generation", false},
                  {"job", ""},
                  {"job_count", 0},
                  {"job_timestamp", "0"},
                  {"job_no", 0},
                  {"sampling_step", 0},
                  {"sampling_steps", 0}}));
}

TEST_F(A1111, TakesInterruptSkipAndRefreshWhenIdle) {
  EXPECT_EQ(post("interrupt", "").body, "{}");
  EXPECT_EQ(post("skip", "").body, "null");
  for (const char* name : {"refresh-loras", "refresh-checkpoints", "refresh-vae"}) {
    EXPECT_EQ(post(name, "").status, 200) << name;
  }
  EXPECT_EQ(drawn({{"n_iter", 2}}).at("images").size(), 2U) << "what came before does not count";
}

// They end the process of whoever serves; the web UI has them only where the operator asks for it.
TEST_F(A1111, CannotBeKilledByItsClients) {
  for (const char* name : {"server-kill", "server-stop", "server-restart"}) {
    EXPECT_EQ(post(name, "").status, 404) << name;
  }
  EXPECT_EQ(get("progress").at("progress"), 0.0);
}

TEST(A1111Failures, AreTheirsOrOursByTheirKind) {
  struct Case {
    core::ErrorKind kind;
    int status;
    const char* name;
  };
  for (const Case& one : {Case{core::ErrorKind::kUsage, 422, "ValueError"},
                          Case{core::ErrorKind::kInput, 422, "ValueError"},
                          Case{core::ErrorKind::kResource, 500, "RuntimeError"},
                          Case{core::ErrorKind::kInternal, 500, "RuntimeError"}}) {
    const Running running({}, [&one](const auto&, const auto&) -> std::vector<images::Image> {
      throw core::Error(one.kind, "the model", "cannot");
    });
    const http::HttpResponse response = draw_at(running, {{"seed", 1}});
    EXPECT_EQ(response.status, one.status);
    EXPECT_EQ(json::parse(response.body).at("error"), one.name);
    EXPECT_THAT(json::parse(response.body).at("detail").get<std::string>(), HasSubstr("cannot"));
  }
}

TEST(A1111Failures, OfAnyExceptionLeaveTheServerAtWork) {
  std::atomic<int> calls{0};
  const Running running({}, [&calls](const auto&, const auto&) {
    if (++calls == 1) throw std::runtime_error("out of memory");
    return std::vector<images::Image>{images::make_image(8, 8)};
  });
  const http::HttpResponse failed = draw_at(running, {{"seed", 1}});
  EXPECT_EQ(failed.status, 500);
  EXPECT_THAT(failed.body, HasSubstr("out of memory"));
  EXPECT_EQ(draw_at(running, {{"seed", 1}}).status, 200);
}

TEST(A1111Limits, AreThoseOfTheOptions) {
  ServeOptions options;
  options.max_images = 2;
  options.max_side_px = 128;
  const Running running(options);
  EXPECT_EQ(draw_at(running, {{"steps", 1}, {"batch_size", 2}}).status, 200);
  EXPECT_EQ(draw_at(running, {{"steps", 1}, {"batch_size", 3}}).status, 422);
  EXPECT_EQ(draw_at(running, {{"steps", 1}, {"width", 128}}).status, 200);
  EXPECT_EQ(draw_at(running, {{"steps", 1}, {"width", 136}}).status, 422);
}

}  // namespace
}  // namespace patina::serve
