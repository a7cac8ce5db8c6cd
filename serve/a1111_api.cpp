// SPDX-License-Identifier: Apache-2.0
// /sdapi/v1 as AUTOMATIC1111's web UI answers it.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base64.h"
#include "core/error.h"
#include "core/json.h"
#include "core/json_reader.h"
#include "core/rng.h"
#include "images/pixels/image.h"
#include "serve/internal/api.h"
#include "serve/internal/samplers.h"

namespace patina::serve {
namespace {

using nlohmann::json;

constexpr int kMaxSteps = 150;
constexpr std::size_t kMaxText = 1 << 20;

[[noreturn]] void refuse_field(const std::string& field, const std::string& message) {
  throw Refusal{422,
                {{"detail",
                  json::array({{{"loc", json::array({"body", field})},
                                {"msg", message},
                                {"type", "value_error"}}})}}};
}

[[noreturn]] void refuse(int status, const std::string& name, const std::string& detail) {
  throw Refusal{status, {{"error", name}, {"detail", detail}, {"body", ""}, {"errors", detail}}};
}

json parse_body(const ApiRequest& http) {
  try {
    return core::parse_json(http.body, "body");
  } catch (const core::Error& error) {
    refuse_field("body", error.problem());
  }
}

// What `read` makes of the fields of a body; refuses the one that it cannot use.
template <typename Read>
auto read_fields(const json& body, const Read& read) {
  try {
    return read(core::JsonField(body, "body", ""));
  } catch (const core::JsonError& error) {
    refuse_field(error.pointer().empty() ? "body" : error.pointer().substr(1),
                 "value " + error.fault());
  }
}

// "<lora:name:1>" chooses a LoRA; those that are served are merged already, others are ignored as
// the web UI ignores what it does not find.
std::string without_lora_tags(std::string prompt) {
  for (std::size_t at = 0; (at = prompt.find("<lora:", at)) != std::string::npos;) {
    const std::size_t end = prompt.find('>', at);
    if (end == std::string::npos) break;
    prompt.erase(at, end + 1 - at);
  }
  while (!prompt.empty() && prompt.back() == ' ') prompt.pop_back();
  return prompt;
}

struct TextToImageRequest {
  diffusion::GenerateOptions options;  ///< One round's request to the model.
  std::string sampler;                 ///< As shown.
  int rounds = 1;                      ///< n_iter.
  std::string prompt;                  ///< With its LoRA tags.
  bool send_images = true;             ///< False: the answer holds no pictures.
};

TextToImageRequest read_request(const core::JsonField& body, const ApiContext& context) {
  TextToImageRequest request;
  diffusion::GenerateOptions& options = request.options;
  request.prompt = body.text_or("prompt", "", kMaxText);
  options.prompt = without_lora_tags(request.prompt);
  options.negative_prompt = body.text_or("negative_prompt", "", kMaxText);
  options.steps = static_cast<int>(body.integer_or("steps", 50, 1, kMaxSteps));
  options.guidance_scale = body.number_or("cfg_scale", 7.0, 0.0, 100.0);
  const std::int64_t native = context.card.native_px;
  options.width_px = static_cast<int>(
      body.integer_or("width", native, context.card.grid_px, context.options.max_side_px));
  options.height_px = static_cast<int>(
      body.integer_or("height", native, context.card.grid_px, context.options.max_side_px));
  options.batch = static_cast<int>(body.integer_or("batch_size", 1, 1, context.options.max_images));
  request.rounds = static_cast<int>(body.integer_or("n_iter", 1, 1, context.options.max_images));
  if (options.batch * request.rounds > context.options.max_images) {
    refuse_field("n_iter",
                 "at most " + std::to_string(context.options.max_images) + " images a request");
  }
  const std::int64_t seed = body.integer_or("seed", -1, INT64_MIN, INT64_MAX);
  options.seed = seed < 0 ? core::entropy_seed() % (1ULL << 32) : static_cast<std::uint64_t>(seed);
  request.send_images = body.boolean_or("send_images", true);
  std::string shown = body.text_or("sampler_name", "", kMaxText);
  if (shown.empty()) shown = body.text_or("sampler_index", "Euler", kMaxText);
  const Sampler* sampler = find_sampler(shown);
  if (sampler == nullptr) refuse(400, "HTTPException", "Sampler not found");
  request.sampler = sampler->shown;
  options.scheduler = sampler->scheduler;
  return request;
}

json info_of(const TextToImageRequest& request,
             const ModelCard& card,
             const std::vector<std::string>& infotexts) {
  const diffusion::GenerateOptions& options = request.options;
  const auto count = static_cast<std::size_t>(options.batch * request.rounds);
  json seeds = json::array();
  for (std::size_t i = 0; i < count; ++i) seeds.push_back(options.seed + i);
  return {{"prompt", request.prompt},
          {"all_prompts", std::vector<std::string>(count, request.prompt)},
          {"negative_prompt", options.negative_prompt},
          {"all_negative_prompts", std::vector<std::string>(count, options.negative_prompt)},
          {"seed", options.seed},
          {"all_seeds", seeds},
          {"subseed", -1},
          {"all_subseeds", std::vector<int>(count, -1)},
          {"subseed_strength", 0},
          {"width", options.width_px},
          {"height", options.height_px},
          {"sampler_name", request.sampler},
          {"cfg_scale", options.guidance_scale},
          {"steps", options.steps},
          {"batch_size", options.batch},
          {"restore_faces", false},
          {"face_restoration_model", json()},
          {"sd_model_name", card.name},
          {"sd_model_hash", card.sha256.substr(0, 10)},
          {"sd_vae_name", json()},
          {"sd_vae_hash", json()},
          {"seed_resize_from_w", -1},
          {"seed_resize_from_h", -1},
          {"denoising_strength", json()},
          {"extra_generation_params", json::object()},
          {"index_of_first_image", 0},
          {"infotexts", infotexts},
          {"styles", json::array()},
          {"job_timestamp", "0"},
          {"clip_skip", 1},
          {"is_using_inpainting_conditioning", false},
          {"version", "patina"}};
}

// Makes the images; stops early where somebody pressed interrupt, as the web UI does.
std::vector<images::Image> make_images(const TextToImageRequest& request, ApiContext& context) {
  std::vector<images::Image> images;
  for (int round = 0; round < request.rounds; ++round) {
    diffusion::GenerateOptions options = request.options;
    options.seed += static_cast<std::uint64_t>(round * options.batch);
    auto result = context.jobs.submit(options);
    if (!result) throw Refusal{503, {{"error", "QueueFull"}, {"detail", "the queue is full"}}};
    if (result->error) {
      const bool theirs = core::exit_code(result->error->kind()) == 2;
      refuse(theirs ? 422 : 500, theirs ? "ValueError" : "RuntimeError", result->error->what());
    }
    for (images::Image& image : result->images) images.push_back(std::move(image));
    if (result->interrupted) break;
  }
  return images;
}

ApiReply text_to_image(const ApiRequest& http, ApiContext& context) {
  const json body = parse_body(http);
  const auto request = read_fields(
      body, [&](const core::JsonField& fields) { return read_request(fields, context); });
  const std::vector<images::Image> images = make_images(request, context);
  json encoded = json::array();
  std::vector<std::string> infotexts;
  for (std::size_t i = 0; i < images.size(); ++i) {
    diffusion::GenerateOptions options = request.options;
    options.prompt = request.prompt;
    options.seed += i;
    infotexts.push_back(infotext(context.card, options, request.sampler));
    if (request.send_images) {
      encoded.push_back(core::encode_base64(encode_png(images[i], infotexts.back())));
    }
  }
  json parameters = body;
  parameters["seed"] = request.options.seed;
  parameters["steps"] = request.options.steps;
  return json_reply(200,
                    {{"images", encoded},
                     {"parameters", parameters},
                     {"info",
                      info_of(request, context.card, infotexts)
                          .dump(-1, ' ', false, json::error_handler_t::replace)}});
}

json progress_of(const JobProgress& progress) {
  const double share = progress.running && progress.steps > 0
                           ? std::min(1.0, static_cast<double>(progress.step) / progress.steps)
                           : 0.0;
  const double eta = share > 0.0 ? progress.seconds * (1.0 - share) / share : 0.0;
  return {{"progress", share},
          {"eta_relative", eta},
          {"state",
           {{"skipped", false},
            {"interrupted", progress.interrupted},
            {"stopping_generation", false},
            {"job", progress.running ? "txt2img" : ""},
            {"job_count", progress.running ? 1 + progress.waiting : 0},
            {"job_timestamp", "0"},
            {"job_no", 0},
            {"sampling_step", progress.step},
            {"sampling_steps", progress.steps}}},
          {"current_image", json()},
          {"textinfo", json()},
          {"current_task", json()}};
}

std::string title_of(const ModelCard& card) {
  return card.name + " [" + card.sha256.substr(0, 10) + "]";
}

json options_of(const ModelCard& card) {
  return {{"sd_model_checkpoint", title_of(card)},
          {"sd_checkpoint_hash", card.sha256},
          {"sd_vae", "Automatic"},
          {"CLIP_stop_at_last_layers", 1},
          {"samples_format", "png"},
          {"randn_source", "CPU"},
          {"eta_noise_seed_delta", 0}};
}

// Another checkpoint than the one served cannot be loaded.
ApiReply set_options(const ApiRequest& http, const ApiContext& context) {
  const json body = parse_body(http);
  const std::string wanted = read_fields(body, [&](const core::JsonField& fields) {
    return fields.text_or("sd_model_checkpoint", context.card.name, kMaxText);
  });
  const bool same = wanted == context.card.name || wanted == title_of(context.card) ||
                    wanted == context.card.sha256.substr(0, 10);
  if (!same) refuse(500, "RuntimeError", "model '" + wanted + "' not found");
  return json_reply(200, json());
}

json loras_of(const ModelCard& card) {
  json loras = json::array();
  for (const ServedLora& lora : card.loras) {
    loras.push_back({{"name", lora.name},
                     {"alias", lora.name},
                     {"path", lora.name + ".safetensors"},
                     {"metadata", {{"sshs_sha256", lora.sha256}}}});
  }
  return loras;
}

json samplers_list() {
  json list = json::array();
  for (const Sampler& sampler : samplers()) {
    list.push_back({{"name", sampler.shown},
                    {"aliases", json::array({sampler.alias})},
                    {"options", json::object()}});
  }
  return list;
}

std::optional<json> inventory(const std::string& name, const ApiContext& context) {
  const ModelCard& card = context.card;
  if (name == "options") return options_of(card);
  if (name == "sd-models") {
    return json::array({{{"title", title_of(card)},
                         {"model_name", card.name},
                         {"hash", card.sha256.substr(0, 10)},
                         {"sha256", card.sha256},
                         {"filename", card.filename},
                         {"config", json()}}});
  }
  if (name == "loras") return loras_of(card);
  if (name == "samplers") return samplers_list();
  if (name == "schedulers") {
    return json::array({{{"name", "automatic"},
                         {"label", "Automatic"},
                         {"aliases", json()},
                         {"default_rho", -1},
                         {"need_inner_model", false}}});
  }
  if (name == "progress") return progress_of(context.jobs.progress());
  if (name == "cmd-flags") return json{{"api", true}, {"listen", false}};
  if (name == "memory") return json{{"ram", json::object()}, {"cuda", json::object()}};
  if (name == "embeddings") return json{{"loaded", json::object()}, {"skipped", json::object()}};
  for (const char* empty : {"sd-vae",
                            "upscalers",
                            "hypernetworks",
                            "scripts",
                            "extensions",
                            "face-restorers",
                            "prompt-styles",
                            "realesrgan-models"}) {
    if (name == empty) return json::array();
  }
  return std::nullopt;
}

bool is_refresh(const std::string& name) { return name.rfind("refresh-", 0) == 0; }

// The methods of a route as Allow lists them; empty if there is no such route.
std::string methods_of(const std::string& name, const ApiContext& context) {
  if (name == "options") return "GET, POST";
  if (name == "txt2img" || name == "interrupt" || name == "skip" || is_refresh(name)) return "POST";
  return inventory(name, context) ? "GET" : "";
}

}  // namespace

ApiReply answer_a1111(const ApiRequest& request, ApiContext& context) {
  const std::string name = request.path.substr(std::string("/sdapi/v1/").size());
  if (request.method == "POST") {
    if (name == "txt2img") return text_to_image(request, context);
    if (name == "options") return set_options(request, context);
    if (name == "interrupt" || name == "skip") {
      context.jobs.interrupt();
      return json_reply(200, name == "skip" ? json() : json::object());
    }
    if (is_refresh(name)) return json_reply(200, json());
  }
  if (request.method == "GET") {
    if (const auto found = inventory(name, context)) return json_reply(200, *found);
  }
  const std::string methods = methods_of(name, context);
  if (methods.empty()) return json_reply(404, {{"detail", "Not Found"}});
  ApiReply reply = json_reply(405, {{"detail", "Method Not Allowed"}});
  reply.headers["Allow"] = methods;
  return reply;
}

}  // namespace patina::serve
