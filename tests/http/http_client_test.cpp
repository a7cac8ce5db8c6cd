// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "core/error.h"
#include "http/client.h"
#include "tests/http/loopback.h"

namespace patina::http {
namespace {

const std::string kData = PATINA_SOURCE_DIR "/tests/http/data/";

HttpOptions options() {
  HttpOptions options;
  options.user_agent = "Patina/test (+mailto:test@example.org)";
  options.named.hosts = {"127.0.0.1", "localhost"};
  options.idle_timeout_ms = 300;
  options.total_timeout_ms = 2'000;
  options.connect_timeout_ms = 1'000;
  return options;
}

HttpExchange get(const std::string& url, const HttpOptions& with = options()) {
  HttpRequest request;
  request.url = url;
  return HttpClient(with).exchange(request);
}

/// "200 hello", or the failure and its words.
std::string told(const HttpExchange& exchange) {
  if (exchange.ok()) {
    return std::to_string(exchange.response.status) + " " + exchange.response.body;
  }
  return std::string(to_string(exchange.failure)) + ": " + exchange.problem;
}

TEST(HttpClient, KeepsBothMessagesAsTheyWere) {
  Loopback server([](const Asked&) { return reply(200, "hello", "text/plain", "X-Y: z\r\n"); });
  HttpRequest request;
  request.method = "POST";
  request.url = server.url("/a?b=c");
  request.body = "{}";
  request.headers.add("Content-Type", "application/json");
  const HttpExchange exchange = HttpClient(options()).exchange(request);
  ASSERT_EQ(told(exchange), "200 hello");
  EXPECT_EQ(exchange.raw_request,
            "POST /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                "\r\nUser-Agent: Patina/test (+mailto:test@example.org)\r\nAccept: */*\r\n"
                "Accept-Encoding: identity\r\nContent-Type: application/json\r\n"
                "Content-Length: 2\r\nConnection: keep-alive\r\n\r\n{}");
  EXPECT_EQ(exchange.raw_response,
            "HTTP/1.1 200 Text\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nX-Y: z\r\n\r\n"
            "hello");
  EXPECT_EQ(exchange.peer->address, "127.0.0.1");
  EXPECT_EQ(exchange.peer->port, server.port());
  EXPECT_EQ(server.asked().front().body, "{}");
}

TEST(HttpClient, GivesASecretToItsOriginOnlyAndToNoRecord) {
  Loopback home([](const Asked& asked) {
    return reply(200, "you sent " + asked.headers.at("authorization"));
  });
  Loopback stranger([](const Asked& asked) {
    return reply(200, asked.headers.count("authorization") > 0 ? "leaked" : "nothing");
  });
  HttpOptions with = options();
  with.credential = {"http://127.0.0.1:" + std::to_string(home.port()),
                     "Authorization",
                     "Bearer s3cret-key",
                     {"s3cret-key"}};
  const HttpExchange own = get(home.url(), with);
  EXPECT_EQ(home.asked().front().headers.at("authorization"), "Bearer s3cret-key");
  EXPECT_EQ(own.raw_request.find("s3cret"), std::string::npos);
  EXPECT_NE(own.raw_request.find("Authorization: Bearer **********\r\n"), std::string::npos);
  EXPECT_EQ(own.raw_response.find("s3cret"), std::string::npos) << "it was echoed";
  EXPECT_EQ(told(get(stranger.url(), with)), "200 nothing");
}

TEST(HttpClient, ReachesPrivateAddressesOnlyWhereTheHostWasNamed) {
  Loopback server([](const Asked&) { return reply(200, "hello"); });
  HttpOptions with = options();
  with.named.hosts = {"example.org"};
  EXPECT_EQ(told(get(server.url(), with)),
            "refused-address: 127.0.0.1 leads to 127.0.0.1, which is not a public address and was "
            "not named");
  EXPECT_EQ(get("http://[::1]:1/", with).failure, HttpFailure::kAddress);
  EXPECT_EQ(get("http://169.254.169.254/latest/meta-data/", with).failure, HttpFailure::kAddress);
  EXPECT_EQ(get("http://localhost:1/", with).failure, HttpFailure::kAddress);
  EXPECT_EQ(get("file:///etc/passwd", with).failure, HttpFailure::kAddress);
  EXPECT_TRUE(server.asked().empty());
}

TEST(HttpClient, TellsWhatWentWrong) {
  const auto at = [](const Scripted& scripted, int idle_ms = 300) {
    Loopback server([&scripted](const Asked&) { return scripted; });
    HttpOptions with = options();
    with.idle_timeout_ms = idle_ms;
    return told(get(server.url(), with));
  };
  EXPECT_EQ(at({"", 0, 0, true}), "no-answer: the answer closed the connection without an answer");
  EXPECT_EQ(at({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel", 0, 0, true}),
            "truncated: the answer closed the connection in the middle of the answer");
  EXPECT_EQ(at({"", 1'000, 0, true}), "timeout: the answer took more than 1 s without a byte");
  EXPECT_EQ(at({"HTTP/1.1 200 OK\r\n" + std::string(400, 'x'), 0, 20, true}, 1'500),
            "timeout: the answer took more than 2 s in all");
  EXPECT_EQ(at(reply(200, "x", "text/plain", "Content-Length: 2\r\n")),
            "malformed: the answer states two lengths");
}

TEST(HttpClient, ConnectionRefusedIsToldAsSuch) {
  int port = 0;
  {
    port = Loopback([](const Asked&) { return reply(200, ""); }).port();
  }
  const HttpExchange exchange = get("http://127.0.0.1:" + std::to_string(port) + "/");
  EXPECT_EQ(exchange.failure, HttpFailure::kConnect);
  EXPECT_FALSE(exchange.peer);
  EXPECT_TRUE(exchange.raw_request.empty());
}

TEST(HttpClient, KeepsAConnectionAndNoticesThatItWasClosed) {
  int served = 0;
  Loopback server([&served](const Asked&) {
    Scripted scripted = reply(200, std::to_string(++served));
    scripted.close = served == 2;
    return scripted;
  });
  HttpClient client(options());
  HttpRequest request;
  request.url = server.url();
  for (int i = 1; i <= 4; ++i) {
    EXPECT_EQ(told(client.exchange(request)), "200 " + std::to_string(i));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

TEST(HttpClient, SendsABodyLargerThanTheSystemsBuffers) {
  Loopback server([](const Asked& asked) { return reply(200, std::to_string(asked.body.size())); });
  HttpRequest request;
  request.method = "POST";
  request.url = server.url();
  request.body.assign(24 << 20, 'x');
  EXPECT_EQ(told(HttpClient(options()).exchange(request)), "200 " + std::to_string(24 << 20));
}

TEST(HttpClient, RefusesABodyBeyondItsLimit) {
  Loopback server([](const Asked&) { return reply(200, std::string(5'000, 'x')); });
  HttpOptions with = options();
  with.limits.max_body_bytes = 4'000;
  const HttpExchange exchange = get(server.url(), with);
  EXPECT_EQ(exchange.failure, HttpFailure::kTooLarge);
  EXPECT_EQ(exchange.truncated, "length");
}

TEST(HttpClient, StopsWaitingWhenTold) {
  Loopback server([](const Asked&) { return Scripted{"", 1'500, 0, true}; });
  HttpOptions with = options();
  with.idle_timeout_ms = 10'000;
  with.total_timeout_ms = 10'000;
  const auto began = std::chrono::steady_clock::now();
  with.stop = [began] {
    return std::chrono::steady_clock::now() - began > std::chrono::milliseconds(300);
  };
  EXPECT_EQ(get(server.url(), with).failure, HttpFailure::kStopped);
}

TEST(HttpClient, TellsWhoAnsweredOverTls) {
  Loopback server([](const Asked&) { return reply(200, "hello"); },
                  kData + "localhost.pem",
                  kData + "localhost.key");
  HttpOptions with = options();
  with.ca_file = kData + "ca.pem";
  const HttpExchange exchange = get(server.url(), with);
  ASSERT_EQ(told(exchange), "200 hello");
  EXPECT_EQ(exchange.peer->tls_version, "TLSv1.3");
  ASSERT_FALSE(exchange.peer->chain.empty());
  EXPECT_EQ(exchange.peer->chain.front().subject, "CN=localhost");
  EXPECT_EQ(exchange.peer->chain.front().sha256.size(), 64U);
}

TEST(HttpClient, SendsNothingWhereTheCertificateDoesNotHold) {
  Loopback stranger([](const Asked&) { return reply(200, "hello"); },
                    kData + "localhost.pem",
                    kData + "localhost.key");
  Loopback other(
      [](const Asked&) { return reply(200, "hello"); }, kData + "other.pem", kData + "other.key");
  HttpOptions trusting = options();
  trusting.ca_file = kData + "ca.pem";
  EXPECT_EQ(get(stranger.url()).failure, HttpFailure::kTrust) << "nobody vouches for it";
  const HttpExchange misnamed = get(other.url(), trusting);
  EXPECT_EQ(told(misnamed),
            "not-trusted: the certificate of localhost does not hold (hostname mismatch)");
  EXPECT_TRUE(stranger.asked().empty());
  EXPECT_TRUE(other.asked().empty());

  HttpOptions insecure = options();
  insecure.insecure = true;
  const HttpExchange accepted = get(other.url(), insecure);
  EXPECT_EQ(told(accepted), "200 hello");
  EXPECT_NE(accepted.peer->trust_problem, "") << "the record still says that it does not hold";
}

TEST(HttpClient, RefusesACertificateFileThatIsNone) {
  HttpOptions with = options();
  with.ca_file = kData + "localhost.key";
  EXPECT_THROW(HttpClient{with}, core::Error);
  with.ca_file.clear();
  with.proxy = "nonsense";
  EXPECT_THROW(HttpClient{with}, core::Error);
}

TEST(HttpClient, GoesThroughAProxy) {
  Loopback proxy([](const Asked& asked) { return reply(200, asked.target); });
  HttpOptions with = options();
  with.proxy = proxy.url("");
  EXPECT_EQ(told(get("http://a.example/x?y", with)), "200 http://a.example/x?y");
  EXPECT_EQ(get("http://10.0.0.1/", with).failure, HttpFailure::kAddress);
}

}  // namespace
}  // namespace patina::http
