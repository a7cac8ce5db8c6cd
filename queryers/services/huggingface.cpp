// SPDX-License-Identifier: Apache-2.0
// Hugging Face: the serverless router's hf-inference provider ("huggingface:owner/name") and
// dedicated endpoints ("huggingface+https://name.region.vendor.endpoints.huggingface.cloud"). One
// POST answers with the bytes of one image, or 503 with "estimated_time" while the model loads.
#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "http/client.h"
#include "queryers/services/answers.h"
#include "queryers/services/services.h"

namespace patina::queryers {
namespace {

using nlohmann::json;

constexpr const char* kRouter = "https://router.huggingface.co/hf-inference/models/";
constexpr const char* kHub = "https://huggingface.co/api/models/";
constexpr double kLongestLoad = 120.0;

Interpretation read_answer(const http::HttpResponse& response, bool dedicated) {
  if (response.status == 200) {
    const std::string type = core::lower_ascii(response.headers.get("Content-Type"));
    Interpretation result;
    FoundImage image;
    image.bytes = response.body;
    if (type.rfind("application/json", 0) == 0) {
      // Some providers put an array of base64 images or URLs where bytes are promised.
      const json body = body_json(response);
      const json& first = body.is_array() && !body.empty() ? body.front() : body;
      const auto found = first.is_string() ? image_from_base64(first.get<std::string>())
                                           : image_from_base64(text_at(first, "image"));
      if (!found) return protocol_error("the answer is JSON instead of an image");
      image = *found;
    }
    if (image.bytes.empty()) return protocol_error("the answer is empty");
    result.images.push_back(std::move(image));
    return result;
  }
  Interpretation result = read_status(response);
  const json body = body_json(response);
  if (response.status == 503 && body.is_object() && body.contains("estimated_time") &&
      body["estimated_time"].is_number()) {
    result.wait_s = std::clamp(body["estimated_time"].get<double>(), 1.0, kLongestLoad);
  }
  if (response.status == 410) return abort_run(result.detail);
  // The toolkit's container answers 400 to whatever went wrong inside it.
  if (response.status == 400 && dedicated) {
    result.next = Interpretation::Next::kRetry;
    result.outcome = Outcome::kFailed;
  }
  return result;
}

http::HttpRequest ask(const std::string& url,
                      const PlannedImage& image,
                      const EndpointOptions& options,
                      bool dedicated) {
  json parameters = {{"negative_prompt", image.negative_prompt},
                     {"guidance_scale", image.guidance_scale},
                     {"num_inference_steps", image.steps},
                     {"width", image.size.width_px},
                     {"height", image.size.height_px},
                     {"seed", image.seed}};
  if (!image.sampler.empty()) parameters["scheduler"] = image.sampler;
  http::HttpRequest request;
  request.method = "POST";
  request.url = url;
  request.headers.add("Content-Type", "application/json");
  request.headers.add("Accept", "image/png");
  if (!options.loras.empty()) request.headers.add("lora", options.loras.front());
  if (dedicated) request.headers.add("X-Scale-Up-Timeout", "600");
  request.body = json{{"inputs", image.prompt}, {"parameters", parameters}}.dump(
      -1, ' ', false, json::error_handler_t::replace);
  return request;
}

ServiceFacts describe(const InventoryAnswers& answers, const std::string& model, bool dedicated) {
  ServiceFacts facts;
  facts.server = dedicated ? "Hugging Face Inference Endpoint" : "Hugging Face hf-inference";
  facts.model = model;
  facts.grade = dedicated ? IdentityGrade::kStable : IdentityGrade::kName;
  const auto hub = answers.find("hub");
  if (hub != answers.end()) {
    const std::string commit = text_at(body_json(hub->second), "sha");
    if (!commit.empty())
      facts.remarks.push_back("The model's repository is at commit " + commit + ".");
  }
  facts.remarks.emplace_back("The answers do not say which revision of the weights made them.");
  return facts;
}

}  // namespace

Service make_huggingface(const Endpoint& endpoint, const EndpointOptions& options) {
  const bool dedicated = endpoint.url.has_value();
  if (!dedicated && std::count(endpoint.name.begin(), endpoint.name.end(), '/') != 1) {
    throw core::Error(core::ErrorKind::kInput,
                      core::in_quotes(endpoint.text),
                      "names no model of the Hub",
                      "write huggingface:owner/name");
  }
  const std::string url = dedicated ? endpoint.url->to_string()
                                    : std::string(kRouter) + endpoint.name;
  Service service;
  service.origin = http::require_url(url).origin();
  service.model = dedicated ? options.model : endpoint.name;
  service.credential_header = "Authorization";
  service.credential_prefix = "Bearer ";
  service.submit = [url, options, dedicated](const PlannedImage& image) {
    return ask(url, image, options, dedicated);
  };
  service.read = [dedicated](const PlannedImage&, const http::HttpResponse& response, const json&) {
    return read_answer(response, dedicated);
  };
  if (dedicated) {
    service.inventory.push_back({"health", get_request(join_url(*endpoint.url, "/health"))});
  } else {
    service.inventory.push_back({"hub", get_request(std::string(kHub) + endpoint.name)});
  }
  const std::string model = service.model;
  service.describe = [model, dedicated](const InventoryAnswers& answers) {
    return describe(answers, model, dedicated);
  };
  return service;
}

}  // namespace patina::queryers
