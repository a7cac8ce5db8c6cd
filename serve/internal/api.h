// SPDX-License-Identifier: Apache-2.0
// The APIs as functions from request to reply; no socket here.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "images/pixels/image.h"
#include "serve/internal/jobs.h"
#include "serve/serve.h"

namespace patina::serve {

struct ApiRequest {
  std::string method;         ///< "GET", "POST", ...
  std::string path;           ///< Without query.
  std::string body;           ///< As received; empty = none.
  std::string authorization;  ///< Value of the header Authorization; empty = none.
  std::string host;           ///< As the client wrote it, for URLs in answers.
};

struct ApiReply {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::map<std::string, std::string> headers;
};

/// Pictures that were answered as URLs, for a while. Thread-safe.
class PictureShelf {
 public:
  /// Returns the name under which get() finds it.
  std::string put(std::string png);
  std::optional<std::string> get(const std::string& name) const;

 private:
  static constexpr std::size_t kMost = 256;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> pictures_;
  std::deque<std::string> order_;
};

struct ApiContext {
  const ModelCard& card;
  const ServeOptions& options;
  JobQueue& jobs;
  PictureShelf& shelf;
};

ApiReply json_reply(int status, const nlohmann::json& body);

/// Thrown by a route for a request that is refused in its API's own words.
struct Refusal {
  int status;
  nlohmann::json body;
};

/// Thread-safe.
ApiReply answer(const ApiRequest& request, ApiContext& context);

/// "/sdapi/v1/..."; status 404 if there is no such route.
ApiReply answer_a1111(const ApiRequest& request, ApiContext& context);
/// "/v1/..."; status 404 if there is no such route.
ApiReply answer_openai(const ApiRequest& request, ApiContext& context);

/// A1111's text about an image, which also stands in its PNG.
std::string infotext(const ModelCard& card,
                     const diffusion::GenerateOptions& options,
                     const std::string& sampler);

/// PNG with a tEXt (or iTXt) chunk "parameters".
std::string encode_png(const images::Image& image, const std::string& parameters);

}  // namespace patina::serve
