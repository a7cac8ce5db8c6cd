// SPDX-License-Identifier: Apache-2.0
// Stability AI, v2beta Stable Image: POST multipart/form-data to .../generate/{ultra,core,sd3}; the
// answer is the image. "stability:core", "stability:ultra", "stability:sd3.5-large". A filtered
// picture comes with status 200, blurred; the header finish-reason tells.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"
#include "core/hash.h"
#include "http/client.h"
#include "http/url.h"
#include "queryers/services/answers.h"
#include "queryers/services/services.h"

namespace patina::queryers {
namespace {

using nlohmann::json;

constexpr const char* kHosted = "https://api.stability.ai";
constexpr double kBlockedSeconds = 60.0;  // after 150 requests in 10 s

struct Ratio {
  const char* name;
  double value;
};
constexpr std::array<Ratio, 9> kRatios = {{{"21:9", 21.0 / 9},
                                           {"16:9", 16.0 / 9},
                                           {"3:2", 1.5},
                                           {"5:4", 1.25},
                                           {"1:1", 1.0},
                                           {"4:5", 0.8},
                                           {"2:3", 2.0 / 3},
                                           {"9:16", 9.0 / 16},
                                           {"9:21", 9.0 / 21}}};

const char* nearest_ratio(const ImageSize& size) {
  const double wanted = std::log(static_cast<double>(size.width_px) / size.height_px);
  return std::min_element(kRatios.begin(),
                          kRatios.end(),
                          [wanted](const Ratio& a, const Ratio& b) {
                            return std::abs(std::log(a.value) - wanted) <
                                   std::abs(std::log(b.value) - wanted);
                          })
      ->name;
}

http::HttpRequest ask(const std::string& url, const std::string& model, const PlannedImage& image) {
  // The boundary may not occur in the parts; a digest of them cannot.
  const std::string boundary =
      "patina-" +
      core::to_hex(core::sha256(image.prompt + "\n" + image.negative_prompt)).substr(0, 40);
  std::string body;
  const auto part = [&](const std::string& name, const std::string& value) {
    body += "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" +
            value + "\r\n";
  };
  part("prompt", image.prompt);
  if (!image.negative_prompt.empty()) part("negative_prompt", image.negative_prompt);
  part("aspect_ratio", nearest_ratio(image.size));
  part("seed", std::to_string(std::max<std::uint64_t>(image.seed, 1)));  // 0 means any
  part("output_format", "png");
  if (!model.empty()) {
    part("model", model);
    std::string scale = std::to_string(std::clamp(image.guidance_scale, 1.0, 10.0));
    part("cfg_scale", scale);
  }
  body += "--" + boundary + "--\r\n";
  http::HttpRequest request;
  request.method = "POST";
  request.url = url;
  request.headers.add("Content-Type", "multipart/form-data; boundary=" + boundary);
  request.headers.add("Accept", "image/*");
  request.body = std::move(body);
  return request;
}

Interpretation read_answer(const http::HttpResponse& response) {
  if (response.status != 200) {
    Interpretation result = read_status(response);
    const json body = body_json(response);
    const std::string name = text_at(body, "name");
    if (name == "content_moderation") return done(Outcome::kRefused, error_text(response));
    if (response.status == 429 && result.wait_s == 0.0) result.wait_s = kBlockedSeconds;
    if (response.status == 413 || response.status == 422) result.next = Interpretation::Next::kDone;
    return result;
  }
  Interpretation result;
  const std::string seed = response.headers.get("seed");
  if (!seed.empty()) result.reported["seed"] = seed;
  FoundImage image;
  image.bytes = response.body;
  std::string finish = response.headers.get("finish-reason");
  const json body = body_json(response);
  if (body.is_object()) {
    const auto decoded = image_from_base64(text_at(body, "image"));
    if (!decoded) return protocol_error("the answer is JSON without an image");
    image = *decoded;
    finish = text_at(body, "finish_reason");
    if (body.contains("seed") && body["seed"].is_number()) result.reported["seed"] = body["seed"];
  }
  if (finish == "CONTENT_FILTERED") {
    result.outcome = Outcome::kFiltered;
    result.detail = "the service blurred the picture";
  }
  result.images.push_back(std::move(image));
  return result;
}

}  // namespace

Service make_stability(const Endpoint& endpoint, const EndpointOptions& options) {
  const http::Url base = endpoint.url ? *endpoint.url : http::require_url(kHosted);
  std::string name = endpoint.url ? options.model : endpoint.name;
  if (name.empty()) name = "core";
  const bool tier = name == "core" || name == "ultra";
  if (!tier && name.rfind("sd3", 0) != 0) {
    throw core::Error(core::ErrorKind::kInput,
                      core::in_quotes(endpoint.text),
                      "names no Stable Image model",
                      "write stability:core, stability:ultra or stability:sd3.5-large");
  }
  Service service;
  service.origin = base.origin();
  service.model = name;
  service.credential_header = "Authorization";
  service.credential_prefix = "Bearer ";
  const std::string url = join_url(
      base, std::string("/v2beta/stable-image/generate/") + (tier ? name : "sd3"));
  const std::string model = tier ? "" : name;
  service.submit = [url, model](const PlannedImage& image) { return ask(url, model, image); };
  service.read = [](const PlannedImage&, const http::HttpResponse& response, const json&) {
    return read_answer(response);
  };
  service.describe = [name](const InventoryAnswers&) {
    ServiceFacts facts;
    facts.server = "Stability AI v2beta";
    facts.model = name;
    facts.grade = IdentityGrade::kName;
    facts.remarks.emplace_back(
        "The model is a product's name, whose weights may change; it takes neither size nor "
        "steps.");
    return facts;
  };
  return service;
}

}  // namespace patina::queryers
