// SPDX-License-Identifier: Apache-2.0
// /v1/images as OpenAI's servers and those that follow them answer it, with the seed, steps,
// guidance and negative prompt that compatible servers take.
#include <charconv>
#include <chrono>

#include "core/base64.h"
#include "core/error.h"
#include "core/json.h"
#include "core/json_reader.h"
#include "core/rng.h"
#include "core/text.h"
#include "serve/internal/api.h"

namespace patina::serve {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxPrompt = 32'000;  // characters
constexpr std::size_t kMaxText = 1 << 20;

json error_body(int status,
                const std::string& message,
                const std::string& param,
                const std::string& code) {
  return {{"error",
           {{"message", message},
            {"type", status >= 500 ? "server_error" : "invalid_request_error"},
            {"param", param.empty() ? json() : json(param)},
            {"code", code.empty() ? json() : json(code)}}}};
}

[[noreturn]] void refuse(int status,
                         const std::string& message,
                         const std::string& param,
                         const std::string& code) {
  throw Refusal{status, error_body(status, message, param, code)};
}

ApiReply ask_for_post() {
  ApiReply reply = json_reply(405, error_body(405, "Use POST.", "", "method_not_allowed"));
  reply.headers["Allow"] = "POST";
  return reply;
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

struct ImagesRequest {
  diffusion::GenerateOptions options;  ///< The request to the model.
  std::string format;                  ///< "b64_json" or "url".
};

ImagesRequest read_request(const core::JsonField& body, const ApiContext& context) {
  ImagesRequest request;
  diffusion::GenerateOptions& options = request.options;
  options.prompt = body.text_or("prompt", "", kMaxText);
  if (options.prompt.empty()) {
    refuse(400, "Missing required parameter: 'prompt'.", "prompt", "missing_required_parameter");
  }
  if (core::decode_utf8(options.prompt).size() > kMaxPrompt) {
    refuse(400, "The prompt is too long.", "prompt", "");
  }
  const std::string model = body.text_or("model", context.card.name, kMaxText);
  if (model != context.card.name) {
    refuse(404, "The model '" + model + "' does not exist.", "model", "model_not_found");
  }
  options.negative_prompt = body.text_or("negative_prompt", "", kMaxText);
  options.batch = static_cast<int>(body.integer_or("n", 1, 1, context.options.max_images));
  options.steps = static_cast<int>(
      body.integer_or("num_inference_steps", body.integer_or("step", 20, 1, 150), 1, 150));
  options.guidance_scale = body.number_or("guidance_scale", options.guidance_scale, 0.0, 100.0);
  options.width_px = context.card.native_px;
  options.height_px = context.card.native_px;
  take_size(body.text_or("size", "auto", kMaxText), context, options);
  const std::int64_t seed = body.integer_or("seed", -1, -1, INT64_MAX);
  options.seed = seed < 0 ? core::entropy_seed() % (1ULL << 32) : static_cast<std::uint64_t>(seed);
  options.scheduler = "euler";
  request.format = body.text_or("response_format", "url", kMaxText);
  if (request.format != "url" && request.format != "b64_json") {
    refuse(400, "response_format must be url or b64_json", "response_format", "invalid_value");
  }
  return request;
}

ImagesRequest parse_request(const ApiRequest& http, const ApiContext& context) {
  try {
    const json body = core::parse_json(http.body, "body");
    return read_request(core::JsonField(body, "body", ""), context);
  } catch (const core::JsonError& error) {
    const std::string field = error.pointer().empty() ? "" : error.pointer().substr(1);
    refuse(400, (field.empty() ? "The body" : field) + " " + error.fault(), field, "");
  } catch (const core::Error&) {
    refuse(400, "We could not parse the JSON body of your request.", "", "");
  }
}

ApiReply generations(const ApiRequest& http, ApiContext& context) {
  const ImagesRequest request = parse_request(http, context);
  const diffusion::GenerateOptions& options = request.options;
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
    if (request.format == "b64_json") {
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
    if (request.method != "POST") return ask_for_post();
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
