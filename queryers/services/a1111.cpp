// SPDX-License-Identifier: Apache-2.0
// AUTOMATIC1111's web UI and its kin (Forge, SD.Next, stable-diffusion.cpp): POST
// /sdapi/v1/txt2img stays open until the picture is done and answers {images, parameters, info},
// where info is JSON in a string. Wrong names of models and LoRAs pass silently there, so what the
// answer says about the model is compared with what was asked.
#include <algorithm>

#include "core/error.h"
#include "core/json.h"
#include "http/client.h"
#include "http/url.h"
#include "queryers/services/answers.h"
#include "queryers/services/services.h"

namespace patina::queryers {
namespace {

using nlohmann::json;

json parse_info(const json& body) {
  const std::string text = text_at(body, "info");
  try {
    return core::parse_json(text.empty() ? "{}" : text, "info");
  } catch (const core::Error&) {
    return json::object();
  }
}

json number_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? *found : json();
}

// Before the samples of a grid comes the grid itself; behind them extensions append their own.
std::size_t first_image(const json& info) {
  const json index = number_at(info, "index_of_first_image");
  return index.is_number_unsigned() && index.get<std::uint64_t>() == 1 ? 1 : 0;
}

json reported_of(const json& info) {
  json reported = json::object();
  const auto take = [&](const char* from, const char* to) {
    if (info.contains(from) && !info[from].is_null() && !info[from].is_structured()) {
      reported[to] = info[from];
    }
  };
  take("seed", "seed");
  take("prompt", "prompt");
  take("sd_model_name", "model");
  take("sd_model_hash", "model_hash");
  take("sampler_name", "sampler");
  take("steps", "steps");
  take("cfg_scale", "guidance_scale");
  take("width", "width_px");
  take("height", "height_px");
  take("version", "version");
  if (info.contains("infotexts") && info["infotexts"].is_array() && !info["infotexts"].empty() &&
      info["infotexts"][0].is_string()) {
    reported["infotext"] = info["infotexts"][0];
  }
  return reported;
}

// "name.safetensors [6ce0161689]" asks for name and hash.
bool is_asked_model(const std::string& asked, const json& reported) {
  const std::string name = text_at(reported, "model");
  const std::string hash = text_at(reported, "model_hash");
  return name.empty() || asked.find(name) != std::string::npos ||
         (!hash.empty() && asked.find(hash) != std::string::npos);
}

Interpretation read_answer(const std::string& model,
                           const std::vector<std::string>& loras,
                           const http::HttpResponse& response) {
  if (response.status != 200) {
    Interpretation result = read_status(response);
    if (response.status == 404) result.detail += " (is the server's --api on?)";
    return result;
  }
  const json body = body_json(response);
  if (!body.is_object() || !body.contains("images") || !body["images"].is_array()) {
    return protocol_error("the answer holds no list of images");
  }
  const json info = parse_info(body);
  Interpretation result;
  result.reported = reported_of(info);
  const std::size_t first = first_image(info);
  if (body["images"].size() <= first || !body["images"][first].is_string()) {
    return protocol_error("the answer holds no image");
  }
  auto image = image_from_base64(body["images"][first].get<std::string>());
  if (!image) return protocol_error("the image is not base64");
  if (!model.empty() && !is_asked_model(model, result.reported)) {
    image->flags.emplace_back("other-model");
  }
  const std::string infotext = text_at(result.reported, "infotext");
  for (const std::string& lora : loras) {
    // The prompt repeats the tag whether or not the file was found; only the hash shows that it
    // was.
    const std::size_t hashes = infotext.find("Lora hashes");
    if (hashes == std::string::npos || infotext.find(lora, hashes) == std::string::npos) {
      image->flags.emplace_back("lora-not-confirmed");
    }
  }
  result.images.push_back(std::move(*image));
  return result;
}

http::HttpRequest ask(const std::string& url,
                      const EndpointOptions& options,
                      const PlannedImage& image) {
  std::string prompt = image.prompt;
  for (const std::string& lora : options.loras) {
    std::string scale = std::to_string(options.lora_scale);
    scale.erase(scale.find_last_not_of('0') + 1);
    if (scale.back() == '.') scale.pop_back();
    prompt += " <lora:" + lora + ":" + scale + ">";
  }
  json body = {{"prompt", prompt},
               {"negative_prompt", image.negative_prompt},
               {"seed", image.seed},
               {"subseed_strength", 0},
               {"steps", image.steps},
               {"cfg_scale", image.guidance_scale},
               {"width", image.size.width_px},
               {"height", image.size.height_px},
               {"sampler_name", image.sampler.empty() ? "Euler" : image.sampler},
               {"batch_size", 1},
               {"n_iter", 1},
               {"restore_faces", false},
               {"tiling", false},
               {"enable_hr", false},
               {"send_images", true},
               {"save_images", false}};
  if (!options.model.empty()) {
    body["override_settings"] = {{"sd_model_checkpoint", options.model}};
  }
  return json_request("POST", url, body);
}

std::vector<std::string> names_in(const InventoryAnswers& answers,
                                  const char* call,
                                  const char* key) {
  std::vector<std::string> names;
  const auto answer = answers.find(call);
  if (answer == answers.end()) return names;
  const json list = body_json(answer->second);
  if (!list.is_array()) return names;
  for (const json& entry : list) {
    if (names.size() < 10'000 && !text_at(entry, key).empty()) names.push_back(text_at(entry, key));
  }
  return names;
}

// stable-diffusion.cpp answers with a digest made of eights.
bool is_digest(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos &&
         text.find_first_not_of(text.front()) != std::string::npos;
}

ServiceFacts describe(const InventoryAnswers& answers) {
  ServiceFacts facts;
  facts.server = "Stable Diffusion web UI (/sdapi/v1)";
  facts.models = names_in(answers, "sd-models", "title");
  facts.samplers = names_in(answers, "samplers", "name");
  facts.loras = names_in(answers, "loras", "name");
  const auto options = answers.find("options");
  if (options != answers.end()) {
    facts.model = text_at(body_json(options->second), "sd_model_checkpoint");
  }
  const auto models = answers.find("sd-models");
  const json list = models == answers.end() ? json::array() : body_json(models->second);
  for (const json& entry : list.is_array() ? list : json::array()) {
    const bool loaded = text_at(entry, "title") == facts.model ||
                        text_at(entry, "model_name") == facts.model;
    if (loaded && is_digest(text_at(entry, "sha256")))
      facts.model_digest = text_at(entry, "sha256");
  }
  facts.grade = !facts.model_digest.empty() ? IdentityGrade::kDigest
                : !facts.model.empty()      ? IdentityGrade::kName
                                            : IdentityGrade::kUnknown;
  facts.remarks.emplace_back(
      "Everybody who reaches the server can switch its model; names and digests are its own word.");
  return facts;
}

}  // namespace

Service make_a1111(const Endpoint& endpoint, const EndpointOptions& options) {
  if (!endpoint.url) {
    throw core::Error(core::ErrorKind::kInput,
                      core::in_quotes(endpoint.text),
                      "has no address",
                      "write a1111+http://host:7860");
  }
  const http::Url base = *endpoint.url;
  Service service;
  service.origin = base.origin();
  service.model = options.model;
  service.credential_header = "Authorization";
  service.credential_prefix = "Basic ";
  service.repeatable = true;
  const std::string url = join_url(base, "/sdapi/v1/txt2img");
  service.submit = [url, options](const PlannedImage& image) { return ask(url, options, image); };
  service.read = [options](const PlannedImage&, const http::HttpResponse& response, const json&) {
    return read_answer(options.model, options.loras, response);
  };
  for (const char* name : {"options", "sd-models", "samplers", "loras", "cmd-flags"}) {
    service.inventory.push_back(
        {name, get_request(join_url(base, std::string("/sdapi/v1/") + name))});
  }
  service.describe = describe;
  return service;
}

}  // namespace patina::queryers
