// SPDX-License-Identifier: Apache-2.0
// OpenAI's images API and servers that follow it: POST /v1/images/generations answers
// {"data":[{"b64_json"|"url", "revised_prompt"?}]}. The original has no seed, steps or guidance;
// compatible servers take them under names of their own, all of which are sent to them.
#include "core/error.h"
#include "http/message.h"
#include "http/url.h"
#include "queryers/services/answers.h"
#include "queryers/services/services.h"

namespace patina::queryers {
namespace {

using nlohmann::json;

constexpr const char* kHosted = "https://api.openai.com/v1";

bool is_gpt_image(const std::string& model) { return model.rfind("gpt-image", 0) == 0; }

json request_body(const PlannedImage& image, const std::string& model, bool hosted) {
  json body = {{"prompt", image.prompt}, {"n", 1}};
  if (!model.empty()) body["model"] = model;
  body["size"] = std::to_string(image.size.width_px) + "x" + std::to_string(image.size.height_px);
  if (hosted && is_gpt_image(model)) {
    body["output_format"] = "png";  // this family always answers base64 and refuses the other field
    return body;
  }
  body["response_format"] = "b64_json";
  if (hosted) return body;
  body["seed"] = image.seed;
  body["negative_prompt"] = image.negative_prompt;
  body["num_inference_steps"] = image.steps;  // vLLM-omni, SGLang
  body["step"] = image.steps;                 // LocalAI
  body["guidance_scale"] = image.guidance_scale;
  body["output_format"] = "png";
  return body;
}

Interpretation read_error(const http::HttpResponse& response) {
  const json body = body_json(response);
  const json error = body.is_object() && body.contains("error") ? body["error"] : json::object();
  const std::string code = text_at(error, "code");
  const std::string type = text_at(error, "type");
  Interpretation result = read_status(response);
  if (code == "content_policy_violation" || code == "moderation_blocked") {
    return done(Outcome::kRefused, code + ": " + error_text(response));
  }
  if (code == "insufficient_quota" || code == "billing_hard_limit_reached") {
    return abort_run(code + ": " + error_text(response));
  }
  // Older refusals carry no code, only a sentence about the safety system.
  const bool safety = text_at(error, "message").find("safety system") != std::string::npos;
  if (response.status == 400 && type == "invalid_request_error" && safety) {
    return done(Outcome::kRefused, error_text(response));
  }
  return result;
}

Interpretation read_answer(const http::HttpResponse& response) {
  if (response.status != 200) return read_error(response);
  const json body = body_json(response);
  const bool sound = body.is_object() && body.contains("data") && body["data"].is_array() &&
                     !body["data"].empty() && body["data"][0].is_object();
  if (!sound) return protocol_error("the answer holds no data");
  const json& entry = body["data"][0];
  Interpretation result;
  const std::string revised = text_at(entry, "revised_prompt");
  if (!revised.empty()) result.reported["prompt"] = revised;
  for (const char* key : {"output_format", "quality", "size", "model"}) {
    if (!text_at(body, key).empty()) result.reported[key] = text_at(body, key);
  }
  for (const json& object : {entry, body}) {
    if (object.contains("seed") && object["seed"].is_number())
      result.reported["seed"] = object["seed"];
  }
  auto image = image_from_base64(text_at(entry, "b64_json"));
  if (!image) image = image_from_url(text_at(entry, "url"));
  if (!image) return protocol_error("the answer holds neither b64_json nor a URL");
  result.images.push_back(std::move(*image));
  return result;
}

ServiceFacts describe(const InventoryAnswers& answers, const std::string& model, bool hosted) {
  ServiceFacts facts;
  facts.server = hosted ? "OpenAI images API" : "OpenAI-compatible images API";
  facts.model = model;
  facts.grade = model.empty() ? IdentityGrade::kUnknown : IdentityGrade::kName;
  const auto models = answers.find("models");
  const json list = models == answers.end() ? json() : body_json(models->second);
  if (list.is_object() && list.contains("data") && list["data"].is_array()) {
    for (const json& entry : list["data"]) {
      if (facts.models.size() < 10'000) facts.models.push_back(text_at(entry, "id"));
    }
  }
  if (facts.model.empty() && facts.models.size() == 1) facts.model = facts.models.front();
  facts.remarks.emplace_back(
      hosted ? "The service takes no seed; its images cannot be made again."
             : "Servers of this kind may answer with another model than the one asked for.");
  return facts;
}

}  // namespace

Service make_openai(const Endpoint& endpoint, const EndpointOptions& options) {
  const bool hosted = !endpoint.url || endpoint.url->host == "api.openai.com";
  http::Url base = endpoint.url ? *endpoint.url : http::require_url(kHosted);
  std::string model = options.model.empty() ? endpoint.name : options.model;
  if (hosted && model.empty()) {
    throw core::Error(core::ErrorKind::kInput,
                      core::in_quotes(endpoint.text),
                      "names no model",
                      "write openai:gpt-image-1 or give --model");
  }
  if (base.path == "/") base.path = "/v1";
  Service service;
  service.origin = base.origin();
  service.model = model;
  service.credential_header = "Authorization";
  service.credential_prefix = "Bearer ";
  service.repeatable = !hosted;
  const std::string url = join_url(base, "/images/generations");
  service.submit = [url, model, hosted](const PlannedImage& image) {
    return json_request("POST", url, request_body(image, model, hosted));
  };
  service.read = [](const PlannedImage&, const http::HttpResponse& response, const json&) {
    return read_answer(response);
  };
  service.inventory.push_back({"models", get_request(join_url(base, "/models"))});
  service.describe = [model, hosted](const InventoryAnswers& answers) {
    return describe(answers, model, hosted);
  };
  return service;
}

}  // namespace patina::queryers
