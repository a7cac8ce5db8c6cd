// SPDX-License-Identifier: Apache-2.0
// A server at work on a free port, with a model that needs no weights, and ways to ask it.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "http/client.h"
#include "serve/serve.h"

namespace patina::serve {

/// Noise that depends on the seed; a step takes a millisecond. Refuses the prompt "impossible".
std::vector<images::Image> draw_noise(const diffusion::GenerateOptions& options,
                                      const core::Observer& observer);

/// A model "tiny" of 64 pixels with the LoRA "sks"; its digest is 32 a, then 32 b.
ModelCard tiny_card();

class Running {
 public:
  /// `options.port` is ignored.
  explicit Running(ServeOptions options = {},
                   const MakeImages& make = draw_noise,
                   const ModelCard& card = tiny_card());
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  std::string url(const std::string& target = "") const;
  Server& server() { return *server_; }
  int port() const { return server_->port(); }

 private:
  std::unique_ptr<Server> server_;
  std::atomic<bool> stop_{false};
  std::thread model_;
};

/// One request over a connection of its own.
http::HttpResponse ask(const std::string& method,
                       const std::string& url,
                       const std::string& body = {},
                       const std::string& authorization = {});

/// POST /sdapi/v1/txt2img.
http::HttpResponse draw_at(const Running& running, const nlohmann::json& request);
/// POST /v1/images/generations.
http::HttpResponse generate_at(const Running& running, const nlohmann::json& request);

/// What comes back for these bytes until the server ends the connection.
std::string exchange_bytes(int port, const std::string& bytes);
/// Sends these bytes and leaves.
void abandon(int port, const std::string& bytes);

}  // namespace patina::serve
