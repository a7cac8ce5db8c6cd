// SPDX-License-Identifier: Apache-2.0
// fal's queue: POST to queue.fal.run/owner/app answers with three URLs, used exactly as returned;
// status_url answers 202 while the job waits or runs and 200 when it is over, response_url the
// result.
#include "core/error.h"
#include "http/client.h"
#include "http/url.h"
#include "queryers/services/answers.h"
#include "queryers/services/services.h"

namespace patina::queryers {
namespace {

using nlohmann::json;

constexpr const char* kHosted = "https://queue.fal.run";

// The key must not follow a URL that an answer made up.
bool same_origin(const std::string& url, const std::string& origin) {
  const auto parsed = http::parse_url(url);
  return parsed && parsed->origin() == origin;
}

Interpretation read_result(const json& body) {
  Interpretation result;
  if (body.contains("seed") && body["seed"].is_number()) result.reported["seed"] = body["seed"];
  if (!text_at(body, "prompt").empty()) result.reported["prompt"] = text_at(body, "prompt");
  const json& images = body.at("images");
  if (!images.is_array() || images.empty() || !images[0].is_object()) {
    return protocol_error("the result holds no image");
  }
  auto image = image_from_url(text_at(images[0], "url"));
  if (!image) return protocol_error("the result's image has no URL");
  const json flagged = body.value("has_nsfw_concepts", json());
  if (flagged.is_array() && !flagged.empty() && flagged[0] == json(true)) {
    result.outcome = Outcome::kFiltered;
    result.detail = "the service flagged the picture";
    image->flags.emplace_back("nsfw");
  }
  result.images.push_back(std::move(*image));
  return result;
}

Interpretation read_error(const http::HttpResponse& response) {
  const json body = body_json(response);
  if (response.status == 422 && body.is_object() && body.contains("detail") &&
      body["detail"].is_array()) {
    for (const json& entry : body["detail"]) {
      if (text_at(entry, "type") == "content_policy_violation") {
        return done(Outcome::kRefused, text_at(entry, "msg"));
      }
    }
  }
  Interpretation result = read_status(response);
  const bool user_timeout = response.headers.get("X-Fal-Request-Timeout-Type") == "user";
  if (response.status == 504 && user_timeout) return done(Outcome::kTimeout, result.detail);
  return result;
}

Interpretation poll_for(const std::string& url, const json& job) {
  Interpretation result;
  result.next = Interpretation::Next::kPoll;
  result.poll = get_request(url);
  result.job = job;
  if (!text_at(job, "cancel_url").empty()) {
    result.cancel = http::HttpRequest();
    result.cancel->method = "PUT";
    result.cancel->url = text_at(job, "cancel_url");
  }
  return result;
}

// What comes first names the job's three URLs.
Interpretation read_submission(const json& body, const std::string& origin) {
  for (const char* key : {"response_url", "status_url", "cancel_url"}) {
    const std::string url = text_at(body, key);
    if (url.empty()) return protocol_error(std::string("the job names no ") + key);
    if (!same_origin(url, origin)) return protocol_error("the queue points to another host");
  }
  return poll_for(text_at(body, "status_url"), body);
}

Interpretation read_answer(const http::HttpResponse& response,
                           const json& job,
                           const std::string& origin) {
  if (response.status != 200 && response.status != 202) return read_error(response);
  const json body = body_json(response);
  if (!body.is_object()) return protocol_error("the answer is no JSON object");
  if (body.contains("images")) return read_result(body);
  if (job.is_null()) return read_submission(body, origin);
  const bool over = text_at(body, "status") == "COMPLETED";
  Interpretation result = poll_for(text_at(job, over ? "response_url" : "status_url"), job);
  if (over) result.cancel.reset();
  return result;
}

http::HttpRequest ask(const std::string& url,
                      const PlannedImage& image,
                      const EndpointOptions& options) {
  json body = {{"prompt", image.prompt},
               {"seed", image.seed},
               {"image_size", {{"width", image.size.width_px}, {"height", image.size.height_px}}},
               {"num_inference_steps", image.steps},
               {"guidance_scale", image.guidance_scale},
               {"num_images", 1},
               {"output_format", "png"}};
  if (!image.negative_prompt.empty()) body["negative_prompt"] = image.negative_prompt;
  if (!options.model.empty()) body["model_name"] = options.model;
  for (const std::string& lora : options.loras) {
    body["loras"].push_back({{"path", lora}, {"scale", options.lora_scale}});
  }
  http::HttpRequest request = json_request("POST", url, body);
  request.headers.add("X-Fal-No-Retry", "1");
  return request;
}

}  // namespace

Service make_fal(const Endpoint& endpoint, const EndpointOptions& options) {
  if (!endpoint.url && endpoint.name.find('/') == std::string::npos) {
    throw core::Error(core::ErrorKind::kInput,
                      core::in_quotes(endpoint.text),
                      "names no app of fal",
                      "write fal:owner/app");
  }
  const http::Url base = endpoint.url ? *endpoint.url : http::require_url(kHosted);
  const std::string url = endpoint.url ? base.to_string() : join_url(base, "/" + endpoint.name);
  Service service;
  service.origin = base.origin();
  service.model = endpoint.url ? options.model : endpoint.name;
  service.credential_header = "Authorization";
  service.credential_prefix = "Key ";
  service.submit = [url, options](const PlannedImage& image) { return ask(url, image, options); };
  const std::string origin = service.origin;
  service.read = [origin](const PlannedImage&,
                          const http::HttpResponse& response,
                          const json& job) { return read_answer(response, job, origin); };
  const std::string model = service.model;
  service.describe = [model](const InventoryAnswers&) {
    ServiceFacts facts;
    facts.server = "fal queue";
    facts.model = model;
    facts.grade = IdentityGrade::kName;
    facts.remarks.emplace_back(
        "The platform may answer from an equivalent endpoint of its own choice.");
    return facts;
  };
  return service;
}

}  // namespace patina::queryers
