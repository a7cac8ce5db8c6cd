// SPDX-License-Identifier: Apache-2.0
// HTTP in front of the APIs [RFC 9110, RFC 9112]: methods, who may ask, messages that are odd or
// broken, limits.
#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base64.h"
#include "core/error.h"
#include "tests/core/caught.h"
#include "tests/serve/running.h"

namespace patina::serve {
namespace {

using nlohmann::json;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(ServeHttp, TellsItsHealthWithoutAKey) {
  ServeOptions options;
  options.api_key = "secret";
  const Running running(options);
  const http::HttpResponse response = ask("GET", running.url("/health"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(json::parse(response.body),
            (json{{"status", "ok"}, {"model", "tiny"}, {"busy", false}, {"waiting", 0}}));
}

TEST(ServeHttp, TellsPeopleWhatItIs) {
  const Running running;
  const http::HttpResponse response = ask("GET", running.url("/"));
  EXPECT_EQ(response.headers.get("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_THAT(response.body, HasSubstr("Patina serves tiny."));
}

// X-Process-Time is the header of AUTOMATIC1111's middleware, in seconds.
TEST(ServeHttp, TellsTypeLengthAndTimeOfEveryAnswer) {
  const Running running;
  for (const char* target : {"/sdapi/v1/options", "/v1/models", "/health", "/nothing"}) {
    const http::HttpResponse response = ask("GET", running.url(target));
    EXPECT_EQ(response.headers.get("Content-Type"), "application/json") << target;
    EXPECT_EQ(response.headers.get("Content-Length"), std::to_string(response.body.size()));
    const double seconds = std::stod(response.headers.get("X-Process-Time"));
    EXPECT_GE(seconds, 0.0);
    EXPECT_LT(seconds, 60.0);
  }
}

TEST(ServeHttp, DoesNotKnowOtherPaths) {
  const Running running;
  for (const char* target : {"/nothing",
                             "/sdapi",
                             "/sdapi/v1",
                             "/sdapi/v2/txt2img",
                             "/sdapi/v1/",
                             "/sdapi/v1/txt2img/",
                             "/SDAPI/v1/options",
                             "/sdapi/v1/../../etc/passwd",
                             "//health",
                             "/health/",
                             "/v1"}) {
    const http::HttpResponse response = ask("GET", running.url(target));
    EXPECT_EQ(response.status, 404) << target;
    EXPECT_EQ(json::parse(response.body).at("detail"), "Not Found") << target;
  }
}

TEST(ServeHttp, ReadsAPathWithoutItsQuery) {
  const Running running;
  for (const char* target : {"/health?",
                             "/health?a=b",
                             "/health?a=/x?y",
                             "/v1/models?limit=1",
                             "/sdapi/v1/progress?skip_current_image=true"}) {
    EXPECT_EQ(ask("GET", running.url(target)).status, 200) << target;
  }
}

// RFC 9110, Sec. 15.5.6: an answer 405 must say in Allow which methods there are.
TEST(ServeHttp, SaysWhichMethodsAPathHas) {
  const Running running;
  struct Case {
    const char* method;
    const char* target;
    const char* allowed;
  };
  for (const Case& one : {Case{"GET", "/sdapi/v1/txt2img", "POST"},
                          Case{"PUT", "/sdapi/v1/txt2img", "POST"},
                          Case{"DELETE", "/sdapi/v1/options", "GET, POST"},
                          Case{"OPTIONS", "/sdapi/v1/options", "GET, POST"},
                          Case{"POST", "/sdapi/v1/progress", "GET"},
                          Case{"PATCH", "/sdapi/v1/sd-models", "GET"},
                          Case{"GET", "/sdapi/v1/interrupt", "POST"},
                          Case{"GET", "/sdapi/v1/skip", "POST"},
                          Case{"GET", "/sdapi/v1/refresh-loras", "POST"},
                          Case{"GET", "/v1/images/generations", "POST"},
                          Case{"OPTIONS", "/v1/images/generations", "POST"}}) {
    const http::HttpResponse response = ask(one.method, running.url(one.target));
    EXPECT_EQ(response.status, 405) << one.method << " " << one.target;
    EXPECT_EQ(response.headers.get("Allow"), one.allowed) << one.method << " " << one.target;
  }
}

// RFC 9110, Sec. 9.3.2: an answer to HEAD has no content.
TEST(ServeHttp, SendsNoBodyForHead) {
  const Running running;
  const std::string answer = exchange_bytes(
      running.port(), "HEAD /sdapi/v1/options HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST(ServeHttp, AnswersARequestThatComesInPieces) {
  const Running running;
  const std::string answer = exchange_bytes(
      running.port(),
      "POST /sdapi/v1/txt2img HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
      "Connection: close\r\n\r\n4\r\n{\"st\r\n9\r\neps\": 0 }\r\n0\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 422 ")) << "read whole: no picture has 0 steps";
  EXPECT_THAT(answer, HasSubstr("\"steps\""));
}

TEST(ServeHttp, AnswersSeveralRequestsOverOneConnection) {
  Running running;
  const std::string answer = exchange_bytes(
      running.port(),
      "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::size_t second = answer.find("HTTP/1.1 404 ");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_NE(second, std::string::npos);
  EXPECT_EQ(running.server().answered(), 2U);
}

// RFC 9112, Sec. 3.2: "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1
// request message that lacks a Host header field"; HTTP/1.0 does without.
TEST(ServeHttp, NeedsAHostOfHttp11Alone) {
  const Running running;
  EXPECT_THAT(exchange_bytes(running.port(), "GET /health HTTP/1.1\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(exchange_bytes(running.port(), "GET /health HTTP/1.0\r\n\r\n"), HasSubstr(" 200 OK"));
}

TEST(ServeHttp, EndsMessagesThatAreNoHttp) {
  const Running running;
  for (const std::string& bytes : {std::string("\x16\x03\x01\x02\r\n\r\n"),
                                   std::string("GET\r\n\r\n"),
                                   std::string("GET /health\r\n\r\n"),
                                   std::string(64, '\0') + "\r\n\r\n",
                                   "GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\n\r\n"}) {
    try {
      EXPECT_EQ(exchange_bytes(running.port(), bytes).find("200 OK"), std::string::npos);
    } catch (const std::exception&) {  // ended before all was sent
    }
  }
  EXPECT_EQ(ask("GET", running.url("/health")).status, 200) << "others are served on";
}

TEST(ServeHttp, OutlivesAClientThatLeavesInTheMiddle) {
  const Running running;
  const std::string whole =
      "POST /sdapi/v1/txt2img HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n{";
  for (const std::size_t size : {std::size_t{4}, std::size_t{40}, whole.size()}) {
    abandon(running.port(), whole.substr(0, size));
  }
  EXPECT_EQ(draw_at(running, {{"steps", 1}}).status, 200);
}

TEST(ServeHttp, TakesABodyOfOneMebibyteAndNoMore) {
  const Running running;
  const auto status = [&running](std::size_t size) {
    std::string body = R"({"steps": 1})";
    body.resize(size, ' ');
    return ask("POST", running.url("/sdapi/v1/txt2img"), body).status;
  };
  EXPECT_EQ(status(1 << 20), 200);
  EXPECT_EQ(status((1 << 20) + 1), 413);
}

TEST(ServeHttp, CountsWhatItAnswered) {
  Running running;
  EXPECT_EQ(running.server().answered(), 0U);
  ask("GET", running.url("/health"));
  ask("GET", running.url("/nothing"));
  ask("POST", running.url("/sdapi/v1/txt2img"), "{");
  EXPECT_EQ(running.server().answered(), 3U);
}

class ServeKey : public ::testing::Test {
 protected:
  static ServeOptions with_key() {
    ServeOptions options;
    options.api_key = "secret";
    return options;
  }
  int status(const std::string& authorization, const std::string& target = "/v1/models") {
    return ask("GET", running_.url(target), "", authorization).status;
  }
  Running running_{with_key()};
};

// RFC 9110, Sec. 11.1: the name of a scheme is read without regard to case.
TEST_F(ServeKey, OpensByBearerAndByBasicInAnyCase) {
  for (const std::string scheme : {"Bearer", "bearer", "BEARER"}) {
    EXPECT_EQ(status(scheme + " secret"), 200) << scheme;
  }
  for (const std::string scheme : {"Basic", "basic", "BASIC"}) {
    EXPECT_EQ(status(scheme + " " + core::encode_base64("user:secret")), 200) << scheme;
  }
}

TEST_F(ServeKey, DoesNotOpenByWhatIsAlmostRight) {
  for (const std::string& wrong : {std::string(),
                                   std::string("Bearer"),
                                   std::string("Bearer "),
                                   std::string("Bearer secre"),
                                   std::string("Bearer secrets"),
                                   std::string("Bearer SECRET"),
                                   std::string("Bearer secretsecret"),
                                   std::string("secret"),
                                   std::string("Digest secret"),
                                   std::string("Basic secret"),
                                   "Basic " + core::encode_base64("secret:user"),
                                   "Basic " + core::encode_base64("user:"),
                                   "Basic " + core::encode_base64(":secre"),
                                   "Basic " + core::encode_base64("user:secret "),
                                   "Bearer " + core::encode_base64("user:secret")}) {
    EXPECT_EQ(status(wrong), 401) << wrong;
  }
}

// RFC 7617, Sec. 2: the user-id ends at the first colon, the password may hold more.
TEST(ServeKeys, MayHoldColons) {
  ServeOptions options;
  options.api_key = "a:b:c";
  const Running running(options);
  const auto status = [&running](const std::string& pair) {
    return ask("GET", running.url("/"), "", "Basic " + core::encode_base64(pair)).status;
  };
  EXPECT_EQ(status("a:b:c"), 200) << "user and password together";
  EXPECT_EQ(status("user:a:b:c"), 200) << "the password alone";
  EXPECT_EQ(status("user:b:c"), 401);
}

TEST_F(ServeKey, GuardsEveryPathButTheHealth) {
  for (const char* target : {"/",
                             "/v1/models",
                             "/v1/images/files/none.png",
                             "/sdapi/v1/progress",
                             "/nothing",
                             "/health/",
                             "/health/../v1/models"}) {
    EXPECT_EQ(status("", target), 401) << target;
  }
  EXPECT_EQ(ask("POST", running_.url("/health")).status, 401);
}

// RFC 9110, Sec. 11.6.1: an answer 401 must hold a challenge.
TEST_F(ServeKey, ChallengesInTheWordsOfEachApi) {
  const http::HttpResponse a1111 = ask("GET", running_.url("/sdapi/v1/options"));
  EXPECT_EQ(a1111.headers.get("WWW-Authenticate"), "Basic");
  EXPECT_EQ(json::parse(a1111.body), (json{{"detail", "Incorrect username or password"}}));
  const http::HttpResponse openai = ask("GET", running_.url("/v1/models"));
  EXPECT_EQ(openai.headers.get("WWW-Authenticate"), "Bearer");
  EXPECT_EQ(json::parse(openai.body).at("error").at("type"), "invalid_request_error");
  EXPECT_TRUE(json::parse(openai.body).at("error").at("param").is_null());
}

TEST(ServeKeys, AreNotAskedForWhereThereIsNone) {
  const Running running;
  EXPECT_EQ(ask("GET", running.url("/v1/models"), "", "Bearer anything").status, 200);
  EXPECT_EQ(ask("GET", running.url("/v1/models"), "", "nonsense").status, 200);
}

TEST(ServeOptionsOutOfRange, AreRefusedByName) {
  struct Case {
    const char* field;
    int ServeOptions::*option;
    std::vector<int> wrong;
  };
  for (const Case& one : {Case{"port", &ServeOptions::port, {-1, 65'536}},
                          Case{"max_queue", &ServeOptions::max_queue, {0, 10'001}},
                          Case{"max_clients", &ServeOptions::max_clients, {0, 1001}},
                          Case{"max_images", &ServeOptions::max_images, {0, 65}}}) {
    for (const int value : one.wrong) {
      ServeOptions options;
      options.port = 0;
      options.*one.option = value;
      const core::Error error = core::caught([&] { Server({}, draw_noise, options); });
      EXPECT_EQ(error.kind(), core::ErrorKind::kInput);
      EXPECT_EQ(error.where(), one.field);
      EXPECT_THAT(error.problem(), StartsWith("is " + std::to_string(value) + ", "));
    }
  }
}

TEST(ServeAddress, IsNamedWhereItCannotBeHad) {
  const Running running;
  ServeOptions options;
  options.port = running.port();
  const core::Error taken = core::caught([&] { Server({}, draw_noise, options); });
  EXPECT_EQ(taken.kind(), core::ErrorKind::kNetwork);
  EXPECT_EQ(taken.where(), "127.0.0.1:" + std::to_string(running.port()));
  options.port = 0;
  options.host = "192.0.2.1";  // RFC 5737: of documentation, nobody's
  const core::Error foreign = core::caught([&] { Server({}, draw_noise, options); });
  EXPECT_EQ(foreign.kind(), core::ErrorKind::kNetwork);
  EXPECT_EQ(foreign.where(), "192.0.2.1:0");
}

}  // namespace
}  // namespace patina::serve
