// SPDX-License-Identifier: Apache-2.0
// /v1 against the schemas CreateImageRequest, ImagesResponse, Model and Error of OpenAI's
// openapi.yaml, with the fields that vLLM-omni, SGLang and LocalAI add.
#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "images/image_io.h"
#include "tests/serve/running.h"

namespace patina::serve {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// An answer's status and its error's parameter and code.
std::string refusal_of(const http::HttpResponse& response) {
  const json error = json::parse(response.body).at("error");
  EXPECT_TRUE(error.at("message").is_string());
  EXPECT_TRUE(error.at("type").is_string());
  return std::to_string(response.status) + " " + error.at("param").dump() + " " +
         error.at("code").dump();
}

class OpenAI : public ::testing::Test {
 protected:
  /// A request of one step; `more` replaces its fields.
  http::HttpResponse generate(const json& more) {
    json request = {{"prompt", "a cat"}, {"num_inference_steps", 1}, {"seed", 7}};
    request.update(more);
    return generate_at(running_, request);
  }
  json drawn(const json& more) {
    const http::HttpResponse response = generate(more);
    EXPECT_EQ(response.status, 200) << response.body;
    return json::parse(response.body);
  }
  std::string refusal(const json& more) { return refusal_of(generate(more)); }

  std::vector<diffusion::GenerateOptions> asked_;
  Running running_{{}, [this](const auto& options, const auto& observer) {
                     asked_.push_back(options);
                     return draw_noise(options, observer);
                   }};
};

TEST_F(OpenAI, TellsWhatItMade) {
  const auto seconds = [] {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
  const auto before = seconds();
  const json body = drawn({{"size", "64x128"}});
  EXPECT_GE(body.at("created").get<std::int64_t>(), before);
  EXPECT_LE(body.at("created").get<std::int64_t>(), seconds());
  EXPECT_EQ(body.at("output_format"), "png");
  EXPECT_EQ(body.at("size"), "64x128");
  EXPECT_EQ(body.at("seed"), 7);
  EXPECT_EQ(body.at("data").size(), 1U);
}

TEST_F(OpenAI, AnswersInTheFormThatIsAskedFor) {
  const json by_default = drawn(json::object()).at("data")[0];
  EXPECT_EQ(by_default.size(), 1U);
  EXPECT_THAT(by_default.at("url").get<std::string>(),
              StartsWith(running_.url("/v1/images/files/")));
  const json encoded = drawn({{"response_format", "b64_json"}}).at("data")[0];
  EXPECT_EQ(encoded.size(), 1U);
  EXPECT_THAT(encoded.at("b64_json").get<std::string>(), StartsWith("iVBORw0KGgo"));
}

TEST_F(OpenAI, ServesAPictureAsPng) {
  const std::string url = drawn(json::object()).at("data")[0].at("url");
  const http::HttpResponse picture = ask("GET", url);
  EXPECT_EQ(picture.status, 200);
  EXPECT_EQ(picture.headers.get("Content-Type"), "image/png");
  const images::Image image =
      images::decode_image({picture.body.begin(), picture.body.end()}, "x").image;
  EXPECT_EQ(image.width_px, 64);
  EXPECT_EQ(image.height_px, 64);
}

TEST_F(OpenAI, TakesTheFieldsThatCompatibleServersAdd) {
  drawn({{"negative_prompt", "fog"},
         {"num_inference_steps", 3},
         {"guidance_scale", 2.5},
         {"n", 2},
         {"size", "128x64"}});
  ASSERT_EQ(asked_.size(), 1U);
  EXPECT_EQ(asked_[0].prompt, "a cat");
  EXPECT_EQ(asked_[0].negative_prompt, "fog");
  EXPECT_EQ(asked_[0].steps, 3);
  EXPECT_EQ(asked_[0].guidance_scale, 2.5);
  EXPECT_EQ(asked_[0].seed, 7U);
  EXPECT_EQ(asked_[0].batch, 2);
  EXPECT_EQ(asked_[0].width_px, 128);
  EXPECT_EQ(asked_[0].height_px, 64);
}

TEST_F(OpenAI, CountsStepsByEitherName) {
  drawn({{"num_inference_steps", nullptr}, {"step", 4}});
  drawn({{"num_inference_steps", 2}, {"step", 4}});
  EXPECT_EQ(asked_.at(0).steps, 4) << "LocalAI's name";
  EXPECT_EQ(asked_.at(1).steps, 2) << "the name of vLLM-omni and SGLang goes first";
}

TEST_F(OpenAI, DrawsASeedWhereNoneIsGiven) {
  const json first = drawn({{"seed", nullptr}});
  const json second = drawn({{"seed", -1}});
  EXPECT_NE(first.at("seed"), second.at("seed"));
  EXPECT_EQ(first.at("seed"), asked_.at(0).seed);
  EXPECT_EQ(second.at("seed"), asked_.at(1).seed);
}

TEST_F(OpenAI, UsesTheModelsOwnSizeForAuto) {
  EXPECT_EQ(drawn({{"size", "auto"}}).at("size"), "64x64");
  EXPECT_EQ(drawn({{"size", nullptr}}).at("size"), "64x64");
}

TEST_F(OpenAI, RefusesASizeThatIsNoPairOfSides) {
  for (const char* size : {"",
                           "x",
                           "64",
                           "64x",
                           "x64",
                           "64X64",
                           "64x64x64",
                           " 64x64",
                           "64 x 64",
                           "-64x64",
                           "+64x64",
                           "0x0",
                           "4x64",
                           "64x60",
                           "2056x64",
                           "99999999999999999999x64",
                           "64.0x64",
                           "large"}) {
    EXPECT_EQ(refusal({{"size", size}}), "400 \"size\" \"invalid_value\"") << size;
  }
  EXPECT_TRUE(asked_.empty());
}

TEST_F(OpenAI, NamesTheParameterThatItCannotUse) {
  struct Case {
    const char* field;
    json value;
  };
  const std::vector<Case> cases = {{"prompt", 7},
                                   {"n", 17},
                                   {"n", -1},
                                   {"n", "two"},
                                   {"n", 1.5},
                                   {"size", 64},
                                   {"seed", -2},
                                   {"seed", "seven"},
                                   {"num_inference_steps", 0},
                                   {"num_inference_steps", 151},
                                   {"guidance_scale", -1},
                                   {"guidance_scale", "high"},
                                   {"negative_prompt", json::array()},
                                   {"model", json::object()},
                                   {"response_format", true}};
  for (const Case& one : cases) {
    EXPECT_EQ(refusal({{one.field, one.value}}), "400 \"" + std::string(one.field) + "\" null")
        << one.value;
  }
}

TEST_F(OpenAI, RefusesByTheCodesOfTheOriginal) {
  EXPECT_EQ(refusal({{"prompt", ""}}), "400 \"prompt\" \"missing_required_parameter\"");
  EXPECT_EQ(refusal({{"prompt", nullptr}}), "400 \"prompt\" \"missing_required_parameter\"");
  EXPECT_EQ(refusal({{"model", "dall-e-3"}}), "404 \"model\" \"model_not_found\"");
  EXPECT_EQ(refusal({{"response_format", "gif"}}), "400 \"response_format\" \"invalid_value\"");
  EXPECT_EQ(json::parse(generate({{"n", 0}}).body).at("error").at("type"), "invalid_request_error");
}

// "The maximum length is 32000 characters": characters, not bytes.
TEST_F(OpenAI, TakesPromptsOf32000Characters) {
  std::string umlauts;
  for (int i = 0; i < 32'000; ++i) umlauts += "ü";
  EXPECT_EQ(generate({{"prompt", std::string(32'000, 'a')}}).status, 200);
  EXPECT_EQ(generate({{"prompt", umlauts}}).status, 200);
  EXPECT_EQ(refusal({{"prompt", std::string(32'001, 'a')}}), "400 \"prompt\" null");
  EXPECT_EQ(refusal({{"prompt", umlauts + "ü"}}), "400 \"prompt\" null");
}

TEST_F(OpenAI, RefusesABodyThatIsNoObject) {
  for (const std::string& body : {std::string(),
                                  std::string("{"),
                                  std::string("[]"),
                                  std::string("null"),
                                  std::string("{\"prompt\": \"\xff\"}"),
                                  std::string("{\"seed\": 1e999}"),
                                  std::string(50'000, '[')}) {
    EXPECT_EQ(refusal_of(ask("POST", running_.url("/v1/images/generations"), body)),
              "400 null null")
        << body.substr(0, 30);
  }
}

TEST_F(OpenAI, DescribesItsModelInAListAndAlone) {
  const json list = json::parse(ask("GET", running_.url("/v1/models")).body);
  EXPECT_EQ(list.at("object"), "list");
  ASSERT_EQ(list.at("data").size(), 1U);
  const json model = list.at("data")[0];
  EXPECT_EQ(model.at("object"), "model");
  EXPECT_TRUE(model.at("created").is_number_integer());
  EXPECT_TRUE(model.at("owned_by").is_string());
  EXPECT_EQ(json::parse(ask("GET", running_.url("/v1/models/tiny")).body), model);
  EXPECT_EQ(drawn({{"model", model.at("id")}}).at("model"), "tiny");
}

TEST_F(OpenAI, SaysWhichAddressesItDoesNotHave) {
  EXPECT_EQ(refusal_of(ask("GET", running_.url("/v1/models/other"))), "404 null \"unknown_url\"");
  EXPECT_EQ(refusal_of(ask("POST", running_.url("/v1/images/edits"), "{}")),
            "404 null \"unknown_url\"");
  EXPECT_EQ(refusal_of(ask("GET", running_.url("/v1/images/generations"))),
            "405 null \"method_not_allowed\"");
  for (const char* name : {"", "none.png", "%2e%2e/x", "a/b"}) {
    const auto response = ask("GET", running_.url("/v1/images/files/") + name);
    EXPECT_EQ(refusal_of(response), "404 null \"not_found\"") << name;
  }
}

// 32 hexadecimal digits: whoever was not told the address cannot guess it.
TEST_F(OpenAI, NamesPicturesByTheirBytes) {
  const std::string first = drawn(json::object()).at("data")[0].at("url");
  EXPECT_EQ(drawn(json::object()).at("data")[0].at("url"), first)
      << "the same request, the same picture";
  EXPECT_NE(drawn({{"seed", 8}}).at("data")[0].at("url"), first);
  EXPECT_THAT(first, ::testing::MatchesRegex(".*/v1/images/files/[0-9a-f]{32}\\.png"));
}

TEST(OpenAIShelf, KeepsTheLast256Pictures) {
  ServeOptions options;
  options.max_images = 64;
  const Running running(options);
  std::vector<std::string> urls;
  for (int i = 0; i < 5; ++i) {
    const json body = json::parse(generate_at(running,
                                              {{"prompt", "a cat"},
                                               {"n", i < 4 ? 64 : 1},
                                               {"num_inference_steps", 1},
                                               {"size", "8x8"},
                                               {"seed", 64 * i}})
                                      .body);
    for (const json& one : body.at("data")) urls.push_back(one.at("url"));
  }
  ASSERT_EQ(urls.size(), 257U);
  EXPECT_EQ(ask("GET", urls.front()).status, 404) << "the oldest made room";
  EXPECT_EQ(ask("GET", urls[1]).status, 200);
  EXPECT_EQ(ask("GET", urls.back()).status, 200);
}

TEST(OpenAIFailures, AreTheirsOrOursByTheirKind) {
  struct Case {
    core::ErrorKind kind;
    int status;
    const char* type;
  };
  for (const Case& one : {Case{core::ErrorKind::kUsage, 400, "invalid_request_error"},
                          Case{core::ErrorKind::kResource, 500, "server_error"},
                          Case{core::ErrorKind::kCancelled, 503, "server_error"}}) {
    const Running running({}, [&one](const auto&, const auto&) -> std::vector<images::Image> {
      throw core::Error(one.kind, "the model", "cannot");
    });
    const http::HttpResponse response = generate_at(running, {{"prompt", "a cat"}});
    EXPECT_EQ(response.status, one.status);
    EXPECT_EQ(json::parse(response.body).at("error").at("type"), one.type);
    EXPECT_EQ(response.headers.has("Retry-After"), one.status == 503);
  }
}

}  // namespace
}  // namespace patina::serve
