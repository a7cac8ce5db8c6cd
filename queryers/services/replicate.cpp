// SPDX-License-Identifier: Apache-2.0
// Replicate: POST a prediction, poll it, fetch its output within the hour. "owner/name" is an
// official model, "owner/name:version" a version of 64 hexadecimal digits, which is the best
// identity a hosted service gives. Also Cog on the user's own machine (replicate+http://...).
#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "http/client.h"
#include "http/retry.h"
#include "http/url.h"
#include "queryers/services/answers.h"
#include "queryers/services/services.h"

namespace patina::queryers {
namespace {

using nlohmann::json;

constexpr const char* kHosted = "https://api.replicate.com/v1";
constexpr double kClockDifferenceS = 120.0;  // allowed between the service and this machine

struct Target {
  std::string path;     ///< Path of the POST that creates a prediction.
  std::string version;  ///< Sent in the body; empty = the path names the model.
  std::string owner_name;
};

bool is_version(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

Target target_of(const std::string& name, const std::string& text) {
  const std::size_t colon = name.find(':');
  Target target;
  target.owner_name = name.substr(0, colon);
  if (colon != std::string::npos) target.version = name.substr(colon + 1);
  const bool pair = std::count(target.owner_name.begin(), target.owner_name.end(), '/') == 1 &&
                    target.owner_name.front() != '/' && target.owner_name.back() != '/';
  if (!pair || (colon != std::string::npos && !is_version(target.version))) {
    throw core::Error(core::ErrorKind::kInput,
                      core::in_quotes(text),
                      "names no model of Replicate",
                      "write replicate:owner/name or replicate:owner/name:version (64 digits)");
  }
  target.path = target.version.empty() ? "/models/" + target.owner_name + "/predictions"
                                       : "/predictions";
  return target;
}

json input_of(const PlannedImage& image, const EndpointOptions& options) {
  json input = {{"prompt", image.prompt},
                {"seed", image.seed},
                {"width", image.size.width_px},
                {"height", image.size.height_px},
                {"num_outputs", 1},
                {"num_inference_steps", image.steps},
                {"guidance_scale", image.guidance_scale},
                {"apply_watermark", false},  // its default marks the very pixels under test
                {"output_format", "png"}};
  if (!image.negative_prompt.empty()) input["negative_prompt"] = image.negative_prompt;
  if (!image.sampler.empty()) input["scheduler"] = image.sampler;
  if (!options.loras.empty()) input["extra_lora"] = options.loras.front();
  if (options.lora_scale != 1.0) input["lora_scale"] = options.lora_scale;
  return input;
}

std::optional<FoundImage> first_output(const json& output) {
  if (output.is_string()) return image_from_url(output.get<std::string>());
  if (output.is_array() && !output.empty()) return first_output(output.front());
  if (output.is_object()) {
    for (const char* key : {"url", "image", "images", "output"}) {
      if (output.contains(key)) return first_output(output[key]);
    }
  }
  return std::nullopt;
}

json reported_of(const json& prediction) {
  json reported = json::object();
  for (const char* key : {"id", "model", "version"}) {
    if (!text_at(prediction, key).empty()) reported[key] = text_at(prediction, key);
  }
  // "Using seed: 12345"
  const std::string logs = text_at(prediction, "logs");
  const std::size_t at = logs.find("Using seed: ");
  if (at != std::string::npos) {
    std::string digits = logs.substr(at + 12, 20);
    digits = digits.substr(0, digits.find_first_not_of("0123456789"));
    if (!digits.empty()) reported["seed"] = digits;
  }
  return reported;
}

Interpretation read_failure(const json& prediction) {
  const std::string error = text_at(prediction, "error");
  const std::string lower = core::lower_ascii(error);
  const bool filtered = lower.find("nsfw") != std::string::npos ||
                        lower.find("safety") != std::string::npos ||
                        lower.find("sensitive") != std::string::npos;
  Interpretation result = done(filtered ? Outcome::kRefused : Outcome::kFailed, error);
  result.reported = reported_of(prediction);
  return result;
}

bool was_cancelled(const json& prediction) {
  const std::string status = text_at(prediction, "status");
  return status == "canceled" || status == "aborted";
}

Interpretation read_prediction(const json& prediction, const http::Url& base) {
  const std::string status = text_at(prediction, "status");
  Interpretation result;
  result.reported = reported_of(prediction);
  if (status == "succeeded") {
    const auto image = prediction.contains("output") ? first_output(prediction["output"])
                                                     : std::nullopt;
    if (image) {
      result.images.push_back(*image);
      return result;
    }
    const bool removed = prediction.value("data_removed", json()) == json(true);
    Interpretation none = removed ? done(Outcome::kExpired, "the output was deleted")
                                  : done(Outcome::kFiltered, "succeeded without an output");
    none.reported = result.reported;
    return none;
  }
  if (status == "failed") return read_failure(prediction);
  if (was_cancelled(prediction)) {
    return done(Outcome::kCancelled, "the prediction is " + status);
  }
  const std::string id = text_at(prediction, "id");
  if (id.empty() || id.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                         "0123456789-_") != std::string::npos) {
    return protocol_error("the prediction has no id");
  }
  result.next = Interpretation::Next::kPoll;
  result.poll = get_request(join_url(base, "/predictions/" + id));
  result.cancel = http::HttpRequest();
  result.cancel->method = "POST";
  result.cancel->url = join_url(base, "/predictions/" + id + "/cancel");
  return result;
}

bool holds(const json& object, const json& part) {
  return object.is_object() &&
         std::all_of(part.items().begin(), part.items().end(), [&](auto field) {
           return object.contains(field.key()) && object[field.key()] == field.value();
         });
}

// Input and moment tell which prediction is ours: seeds differ from image to image.
Interpretation find_prediction(const http::HttpResponse& response,
                               const json& input,
                               const std::string& since,
                               const http::Url& base) {
  const json body = body_json(response);
  const json results = body.is_object() ? body.value("results", json()) : json();
  if (!results.is_array()) return protocol_error("the list of predictions is none");
  const auto earliest = http::parse_time(since);
  for (const json& prediction : results) {
    if (!prediction.is_object() || !holds(prediction.value("input", json()), input)) continue;
    if (was_cancelled(prediction)) continue;  // by an interruption of ours
    const auto created = http::parse_time(text_at(prediction, "created_at"));
    if (created && earliest && *created >= *earliest - kClockDifferenceS) {
      return read_prediction(prediction, base);
    }
  }
  Interpretation absent = done(Outcome::kFailed,
                               "its answer was lost; no such prediction is listed");
  absent.next = Interpretation::Next::kRetry;
  return absent;
}

ServiceFacts describe(const InventoryAnswers& answers, const Target& target) {
  ServiceFacts facts;
  facts.server = "Replicate";
  facts.model = target.owner_name;
  facts.model_digest = target.version;
  facts.grade = target.version.empty() ? IdentityGrade::kName : IdentityGrade::kDigest;
  const auto model = answers.find("model");
  const json body = model == answers.end() ? json() : body_json(model->second);
  if (facts.model_digest.empty() && body.is_object() && body.contains("latest_version")) {
    const std::string latest = text_at(body["latest_version"], "id");
    if (is_version(latest)) {
      facts.remarks.push_back("The model's latest version is " + latest + ".");
    }
  }
  return facts;
}

}  // namespace

Service make_replicate(const Endpoint& endpoint, const EndpointOptions& options) {
  const bool hosted = !endpoint.url;
  const http::Url base = hosted ? http::require_url(kHosted) : *endpoint.url;
  const std::string name = hosted ? endpoint.name : options.model;
  Target target;
  target.path = "/predictions";
  if (!name.empty()) target = target_of(name, endpoint.text);
  Service service;
  service.origin = base.origin();
  service.model = name;
  service.credential_header = "Authorization";
  service.credential_prefix = "Bearer ";
  service.repeatable = !hosted;
  const std::string url = join_url(base, target.path);
  service.submit = [url, target, options](const PlannedImage& image) {
    json body = {{"input", input_of(image, options)}};
    if (!target.version.empty()) body["version"] = target.version;
    http::HttpRequest request = json_request("POST", url, body);
    request.headers.add("Prefer", "wait=30");
    return request;
  };
  service.read = [base](const PlannedImage&, const http::HttpResponse& response, const json&) {
    if (response.status < 200 || response.status > 202) return read_status(response);
    const json body = body_json(response);
    return body.is_object() ? read_prediction(body, base)
                            : protocol_error("the prediction is no JSON object");
  };
  service.lookup = JobLookup{
      get_request(join_url(base, "/predictions")),
      [base, options](
          const PlannedImage& image, const http::HttpResponse& response, const std::string& since) {
        return find_prediction(response, input_of(image, options), since, base);
      }};
  if (!target.owner_name.empty()) {
    const std::string model = "/models/" + target.owner_name;
    service.inventory.push_back({"model", get_request(join_url(base, model))});
    if (!target.version.empty()) {
      service.inventory.push_back(
          {"version", get_request(join_url(base, model + "/versions/" + target.version))});
    }
  }
  service.describe = [target](const InventoryAnswers& answers) {
    return describe(answers, target);
  };
  return service;
}

}  // namespace patina::queryers
