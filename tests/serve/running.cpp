// SPDX-License-Identifier: Apache-2.0
#include "tests/serve/running.h"

#include <chrono>

#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/rng.h"

namespace patina::serve {
namespace {

Poco::Net::StreamSocket connect_to(int port) {
  Poco::Net::StreamSocket socket(
      Poco::Net::SocketAddress("127.0.0.1", static_cast<Poco::UInt16>(port)));
  socket.setReceiveTimeout(Poco::Timespan(5, 0));
  return socket;
}

}  // namespace

std::vector<images::Image> draw_noise(const diffusion::GenerateOptions& options,
                                      const core::Observer& observer) {
  if (options.prompt == "impossible") {
    throw core::Error(core::ErrorKind::kUsage, "--prompt", "cannot be drawn");
  }
  for (int step = 1; step <= options.steps; ++step) {
    observer.report({"generating", step, options.steps, ""});
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  std::vector<images::Image> images;
  for (int i = 0; i < options.batch; ++i) {
    core::Rng rng(options.seed + static_cast<std::uint64_t>(i));
    images::Image image = images::make_image(options.width_px, options.height_px);
    for (std::uint8_t& value : image.bytes) value = static_cast<std::uint8_t>(rng.below(256));
    images.push_back(std::move(image));
  }
  return images;
}

ModelCard tiny_card() {
  ModelCard card;
  card.name = "tiny";
  card.filename = "tiny.safetensors";
  card.sha256 = std::string(32, 'a') + std::string(32, 'b');
  card.loras = {{"sks", std::string(64, 'c')}};
  card.native_px = 64;
  return card;
}

Running::Running(ServeOptions options, const MakeImages& make, const ModelCard& card) {
  options.port = 0;
  server_ = std::make_unique<Server>(card, make, options);
  model_ = std::thread([this] { server_->run([this] { return stop_.load(); }); });
}

Running::~Running() {
  stop_ = true;
  model_.join();
}

std::string Running::url(const std::string& target) const {
  return "http://127.0.0.1:" + std::to_string(port()) + target;
}

http::HttpResponse ask(const std::string& method,
                       const std::string& url,
                       const std::string& body,
                       const std::string& authorization) {
  http::HttpOptions options;
  options.user_agent = "test";
  options.named.hosts = {"127.0.0.1"};
  http::HttpRequest request;
  request.method = method;
  request.url = url;
  request.body = body;
  if (!authorization.empty()) request.headers.add("Authorization", authorization);
  http::HttpExchange exchange = http::HttpClient(options).exchange(request);
  EXPECT_TRUE(exchange.ok()) << exchange.problem;
  return exchange.response;
}

http::HttpResponse draw_at(const Running& running, const nlohmann::json& request) {
  return ask("POST", running.url("/sdapi/v1/txt2img"), request.dump());
}

http::HttpResponse generate_at(const Running& running, const nlohmann::json& request) {
  return ask("POST", running.url("/v1/images/generations"), request.dump());
}

std::string exchange_bytes(int port, const std::string& bytes) {
  Poco::Net::StreamSocket socket = connect_to(port);
  socket.sendBytes(bytes.data(), static_cast<int>(bytes.size()));
  std::string answer;
  char block[4096];
  for (int got = 0; (got = socket.receiveBytes(block, sizeof block)) > 0;) {
    answer.append(block, static_cast<std::size_t>(got));
  }
  return answer;
}

void abandon(int port, const std::string& bytes) {
  connect_to(port).sendBytes(bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace patina::serve
