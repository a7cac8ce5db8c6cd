// SPDX-License-Identifier: Apache-2.0
// /v1/images as OpenAI's servers and those that follow them answer it, with the seed, steps,
// guidance and negative prompt that compatible servers take.
#include <charconv>
#include <chrono>
#include <cmath>

#include "core/base64.h"
#include "core/error.h"
#include "core/json.h"
#include "core/rng.h"
#include "serve/internal/api.h"

namespace patina::serve {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxPrompt = 32'000;

[[noreturn]] void refuse(int status,
                         const std::string& message,
                         const std::string& param,
                         const std::string& code) {
  throw Refusal{status,
                {{"error",
                  {{"message", message},
                   {"type", status >= 500 ? "server_error" : "invalid_request_error"},
                   {"param", param.empty() ? json() : json(param)},
                   {"code", code.empty() ? json() : json(code)}}}}};
}

std::string text_field(const json& body, const char* key, const std::string& fallback) {
  if (!body.contains(key) || body[key].is_null()) return fallback;
  if (!body[key].is_string()) refuse(400, std::string(key) + " must be a string", key, "");
  return body[key].get<std::string>();
}

std::int64_t whole_field(
    const json& body, const char* key, std::int64_t fallback, std::int64_t low, std::int64_t high) {
  if (!body.contains(key) || body[key].is_null()) return fallback;
  const bool sound = body[key].is_number_integer() && body[key].get<std::int64_t>() >= low &&
                     body[key].get<std::int64_t>() <= high;
  if (!sound) {
    refuse(400,
           std::string(key) + " must be a whole number from " + std::to_string(low) + " to " +
               std::to_string(high),
           key,
           "");
  }
  return body[key].get<std::int64_t>();
}

void take_size(const std::string& size,
               const ApiContext& context,
               diffusion::GenerateOptions& options) {
  if (size == "auto") return;
  const char* end = size.data() + size.size();
  const auto width = std::from_chars(size.data(), end, options.width_px);
  bool sound = width.ec == std::errc() && width.ptr != end && *width.ptr == 'x';
  if (sound) {
    const auto height = std::from_chars(width.ptr + 1, end, options.height_px);
    sound = height.ec == std::errc() && height.ptr == end;
  }
  for (const int side : {options.width_px, options.height_px}) {
    sound = sound && side >= context.card.grid_px && side <= context.options.max_side_px &&
            side % context.card.grid_px == 0;
  }
  if (!sound) {
    refuse(400, "Invalid size '" + size + "'", "size", "invalid_value");
  }
}

diffusion::GenerateOptions parse_request(const json& body, const ApiContext& context) {
  diffusion::GenerateOptions options;
  options.prompt = text_field(body, "prompt", "");
  if (options.prompt.empty()) {
    refuse(400, "Missing required parameter: 'prompt'.", "prompt", "missing_required_parameter");
  }
  if (options.prompt.size() > kMaxPrompt) refuse(400, "The prompt is too long.", "prompt", "");
  const std::string model = text_field(body, "model", context.card.name);
  if (model != context.card.name) {
    refuse(404, "The model '" + model + "' does not exist.", "model", "model_not_found");
  }
  options.negative_prompt = text_field(body, "negative_prompt", "");
  options.batch = static_cast<int>(whole_field(body, "n", 1, 1, context.options.max_images));
  options.steps = static_cast<int>(
      whole_field(body, "num_inference_steps", whole_field(body, "step", 20, 1, 150), 1, 150));
  if (body.contains("guidance_scale") && body["guidance_scale"].is_number()) {
    options.guidance_scale = body["guidance_scale"].get<double>();
  }
  if (!std::isfinite(options.guidance_scale) || options.guidance_scale < 0.0 ||
      options.guidance_scale > 100.0) {
    refuse(400, "guidance_scale must be from 0 to 100", "guidance_scale", "");
  }
  options.width_px = context.card.native_px;
  options.height_px = context.card.native_px;
  take_size(text_field(body, "size", "auto"), context, options);
  const std::int64_t seed = whole_field(body, "seed", -1, -1, INT64_MAX);
  options.seed = seed < 0 ? core::entropy_seed() % (1ULL << 32) : static_cast<std::uint64_t>(seed);
  options.scheduler = "euler";
  return options;
}

ApiReply generations(const ApiRequest& http, ApiContext& context) {
  json body;
  try {
    body = core::parse_json(http.body, "body");
  } catch (const core::Error&) {
    refuse(400, "We could not parse the JSON body of your request.", "", "");
  }
  if (!body.is_object()) refuse(400, "The body must be a JSON object.", "", "");
  const diffusion::GenerateOptions options = parse_request(body, context);
  const std::string format = text_field(body, "response_format", "url");
  if (format != "url" && format != "b64_json") {
    refuse(400, "response_format must be url or b64_json", "response_format", "invalid_value");
  }
  auto result = context.jobs.submit(options);
  if (!result) refuse(503, "The server is busy.", "", "admission_rejected");
  if (result->error) {
    const bool theirs = core::exit_code(result->error->kind()) == 2;
    refuse(theirs ? 400 : 500, result->error->what(), "", "");
  }
  if (result->interrupted) refuse(503, "The request was interrupted.", "", "");
  json data = json::array();
  for (std::size_t i = 0; i < result->images.size(); ++i) {
    diffusion::GenerateOptions one = options;
    one.seed += i;
    std::string png = encode_png(result->images[i], infotext(context.card, one, "Euler"));
    if (format == "b64_json") {
      data.push_back({{"b64_json", core::encode_base64(png)}});
    } else {
      data.push_back(
          {{"url",
            "http://" + http.host + "/v1/images/files/" + context.shelf.put(std::move(png))}});
    }
  }
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return json_reply(
      200,
      {{"created", std::chrono::duration_cast<std::chrono::seconds>(now).count()},
       {"data", data},
       {"model", context.card.name},
       {"seed", options.seed},
       {"output_format", "png"},
       {"size", std::to_string(options.width_px) + "x" + std::to_string(options.height_px)}});
}

json model_object(const ModelCard& card) {
  return {{"id", card.name}, {"object", "model"}, {"created", 0}, {"owned_by", "patina"}};
}

ApiReply picture(const std::string& name, const ApiContext& context) {
  const auto png = context.shelf.get(name);
  if (!png) refuse(404, "The picture is gone.", "", "not_found");
  ApiReply reply;
  reply.content_type = "image/png";
  reply.body = *png;
  return reply;
}

}  // namespace

ApiReply answer_openai(const ApiRequest& request, ApiContext& context) {
  const std::string& path = request.path;
  if (path == "/v1/images/generations") {
    if (request.method != "POST") refuse(405, "Use POST.", "", "method_not_allowed");
    return generations(request, context);
  }
  if (request.method == "GET" && path == "/v1/models") {
    return json_reply(200,
                      {{"object", "list"}, {"data", json::array({model_object(context.card)})}});
  }
  if (request.method == "GET" && path == "/v1/models/" + context.card.name) {
    return json_reply(200, model_object(context.card));
  }
  const std::string files = "/v1/images/files/";
  if (request.method == "GET" && path.compare(0, files.size(), files) == 0) {
    return picture(path.substr(files.size()), context);
  }
  refuse(404, "Unknown request URL: " + request.method + " " + path + ".", "", "unknown_url");
}

}  // namespace patina::serve
