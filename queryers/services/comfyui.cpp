// SPDX-License-Identifier: Apache-2.0
// ComfyUI: POST /prompt with a graph of nodes, poll /history/{id}, fetch from /view. The graph is
// the user's own in the API format, or the smallest one; what is written into it is found by
// following the sampler's links: seed, steps, guidance, prompts, size, and the names of model and
// LoRA.
#include <algorithm>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/text.h"
#include "http/message.h"
#include "http/url.h"
#include "queryers/services/answers.h"
#include "queryers/services/services.h"

namespace patina::queryers {
namespace {

using core::Error;
using core::ErrorKind;
using nlohmann::json;

constexpr int kMaxLinks = 100;
constexpr std::size_t kShown = 300;

json smallest_graph(const EndpointOptions& options) {
  json graph = {
      {"4", {{"class_type", "CheckpointLoaderSimple"}, {"inputs", {{"ckpt_name", options.model}}}}},
      {"5",
       {{"class_type", "EmptyLatentImage"},
        {"inputs", {{"width", 512}, {"height", 512}, {"batch_size", 1}}}}},
      {"6",
       {{"class_type", "CLIPTextEncode"},
        {"inputs", {{"text", ""}, {"clip", json::array({"4", 1})}}}}},
      {"7",
       {{"class_type", "CLIPTextEncode"},
        {"inputs", {{"text", ""}, {"clip", json::array({"4", 1})}}}}},
      {"3",
       {{"class_type", "KSampler"},
        {"inputs",
         {{"seed", 0},
          {"steps", 20},
          {"cfg", 7.0},
          {"sampler_name", "euler"},
          {"scheduler", "normal"},
          {"denoise", 1.0},
          {"model", json::array({"4", 0})},
          {"positive", json::array({"6", 0})},
          {"negative", json::array({"7", 0})},
          {"latent_image", json::array({"5", 0})}}}}},
      {"8",
       {{"class_type", "VAEDecode"},
        {"inputs", {{"samples", json::array({"3", 0})}, {"vae", json::array({"4", 2})}}}}},
      {"9",
       {{"class_type", "SaveImage"},
        {"inputs", {{"filename_prefix", "audit"}, {"images", json::array({"8", 0})}}}}}};
  if (!options.loras.empty()) {
    graph["10"] = {{"class_type", "LoraLoader"},
                   {"inputs",
                    {{"model", json::array({"4", 0})},
                     {"clip", json::array({"4", 1})},
                     {"lora_name", options.loras.front()},
                     {"strength_model", options.lora_scale},
                     {"strength_clip", options.lora_scale}}}};
    graph["3"]["inputs"]["model"] = json::array({"10", 0});
    graph["6"]["inputs"]["clip"] = json::array({"10", 1});
    graph["7"]["inputs"]["clip"] = json::array({"10", 1});
  }
  return graph;
}

void require_graph(const json& graph, const std::string& where) {
  const bool sound = graph.is_object() && !graph.empty() &&
                     std::all_of(graph.begin(), graph.end(), [](const json& node) {
                       return node.is_object() && node.contains("class_type") &&
                              node["class_type"].is_string() && node.contains("inputs") &&
                              node["inputs"].is_object();
                     });
  if (sound) return;
  const bool editor = graph.is_object() && graph.contains("nodes") && graph.contains("links");
  throw Error(ErrorKind::kInput,
              where,
              editor ? "is a workflow of the editor" : "is no workflow in the API format",
              "export it with \"Save (API Format)\"");
}

// The node that a link leads to; null if there is none.
json* linked(json& graph, const json& link) {
  if (!link.is_array() || link.size() != 2 || !link[0].is_string()) return nullptr;
  const auto found = graph.find(link[0].get<std::string>());
  return found == graph.end() ? nullptr : &*found;
}

// Writes a value at an input, or at the node that feeds it (a primitive).
bool write_input(json& graph, json& node, const std::string& key, const json& value) {
  json* target = &node;
  std::string name = key;
  for (int i = 0; i < kMaxLinks; ++i) {
    json& inputs = (*target)["inputs"];
    if (!inputs.contains(name)) return false;
    if (!inputs[name].is_array()) {
      inputs[name] = value;
      return true;
    }
    target = linked(graph, inputs[name]);
    if (target == nullptr) return false;
    name.clear();
    for (const char* held : {"value", "text", "string", "seed", "noise_seed", "int", "float"}) {
      if ((*target)["inputs"].contains(held)) {
        name = held;
        break;
      }
    }
    if (name.empty()) return false;
  }
  return false;
}

// Follows conditioning from a sampler up to a node that takes text.
bool write_prompt(json& graph, const json& link, const std::string& text) {
  json* node = linked(graph, link);
  for (int i = 0; node != nullptr && i < kMaxLinks; ++i) {
    const json& inputs = (*node)["inputs"];
    bool written = false;
    for (const char* key : {"text", "text_g", "text_l", "clip_l", "t5xxl"}) {
      if (inputs.contains(key)) written = write_input(graph, *node, key, text) || written;
    }
    if (written) return true;
    const char* next = "";
    for (const char* key : {"conditioning", "conditioning_1", "positive"}) {
      if (inputs.contains(key) && inputs[key].is_array()) {
        next = key;
        break;
      }
    }
    if (*next == '\0') return false;
    node = linked(graph, inputs[next]);
  }
  return false;
}

bool write_size(json& graph, const json& link, const ImageSize& size) {
  json* node = linked(graph, link);
  for (int i = 0; node != nullptr && i < kMaxLinks; ++i) {
    if ((*node)["inputs"].contains("width") && (*node)["inputs"].contains("height")) {
      const bool wrote = write_input(graph, *node, "width", size.width_px);
      if ((*node)["inputs"].contains("batch_size")) write_input(graph, *node, "batch_size", 1);
      return write_input(graph, *node, "height", size.height_px) && wrote;
    }
    const json& inputs = (*node)["inputs"];
    const char* next = inputs.contains("samples") ? "samples" : "latent_image";
    if (!inputs.contains(next)) return false;
    node = linked(graph, inputs[next]);
  }
  return false;
}

bool is_sampler(const json& node) {
  const json& inputs = node["inputs"];
  return inputs.contains("positive") && (inputs.contains("seed") || inputs.contains("noise_seed"));
}

// Returns the graph for one image, or says what could not be found in it.
json patched(json graph, const PlannedImage& image, const EndpointOptions& options) {
  int samplers = 0;
  for (auto& [id, node] : graph.items()) {
    const std::string type = text_at(node, "class_type");
    if (!options.model.empty() && node["inputs"].contains("ckpt_name")) {
      node["inputs"]["ckpt_name"] = options.model;
    }
    if (!options.loras.empty() && node["inputs"].contains("lora_name")) {
      node["inputs"]["lora_name"] = options.loras.front();
    }
    if (!is_sampler(node)) continue;
    ++samplers;
    const char* seed = node["inputs"].contains("seed") ? "seed" : "noise_seed";
    if (!write_input(graph, node, seed, image.seed) ||
        !write_prompt(graph, node["inputs"]["positive"], image.prompt)) {
      samplers = 0;
      break;
    }
    if (node["inputs"].contains("negative")) {
      write_prompt(graph, node["inputs"]["negative"], image.negative_prompt);
    }
    if (node["inputs"].contains("latent_image")) {
      write_size(graph, node["inputs"]["latent_image"], image.size);
    }
    write_input(graph, node, "steps", image.steps);
    write_input(graph, node, "cfg", image.guidance_scale);
    if (!image.sampler.empty()) write_input(graph, node, "sampler_name", image.sampler);
  }
  if (samplers > 0) return graph;
  throw Error(ErrorKind::kInput,
              options.workflow.string(),
              "has no sampler whose seed and prompt can be written",
              "give a workflow with a KSampler fed by CLIPTextEncode");
}

json load_graph(const EndpointOptions& options, const std::string& where) {
  if (options.workflow.empty()) {
    if (!options.model.empty()) return smallest_graph(options);
    throw Error(ErrorKind::kInput,
                core::in_quotes(where),
                "needs a checkpoint or a workflow",
                "give --model NAME.safetensors or --workflow FILE");
  }
  json graph = core::parse_json(core::read_text_file(options.workflow, 16 << 20),
                                options.workflow.string());
  require_graph(graph, options.workflow.string());
  return graph;
}

bool is_id(const std::string& text) {
  return !text.empty() && text.size() <= 64 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '-' || c == '_';
         });
}

// The file that a saving node made; previews ("temp") only where nothing was saved.
std::optional<FoundImage> first_file(const json& outputs, const http::Url& base) {
  for (const char* wanted : {"output", "temp"}) {
    for (const auto& [id, output] : outputs.items()) {
      if (!output.is_object() || !output.contains("images") || !output["images"].is_array())
        continue;
      for (const json& file : output["images"]) {
        if (text_at(file, "type") != wanted || text_at(file, "filename").empty()) continue;
        FoundImage image;
        image.url = join_url(base,
                             "/view?filename=" + http::percent_encode(text_at(file, "filename")) +
                                 "&subfolder=" + http::percent_encode(text_at(file, "subfolder")) +
                                 "&type=" + wanted);
        if (std::string(wanted) == "temp") image.flags.emplace_back("preview");
        return image;
      }
    }
  }
  return std::nullopt;
}

Interpretation poll_history(const http::Url& base, const std::string& id) {
  Interpretation result;
  result.next = Interpretation::Next::kPoll;
  result.job = {{"id", id}};
  result.poll = get_request(join_url(base, "/history/" + id));
  // Takes only this job out of the queue; a job of somebody else is never touched.
  result.cancel = json_request(
      "POST", join_url(base, "/queue"), json{{"delete", json::array({id})}});
  return result;
}

Interpretation read_submission(const http::HttpResponse& response, const http::Url& base) {
  const json body = body_json(response);
  if (response.status == 400) {
    return abort_run("the workflow is refused: " + error_text(response) + " " +
                     (body.is_object()
                          ? core::cut_utf8(body.value("node_errors", json::object()).dump(), kShown)
                          : std::string()));
  }
  if (response.status != 200) return read_status(response);
  const std::string id = text_at(body, "prompt_id");
  if (!is_id(id)) return protocol_error("the answer holds no prompt_id");
  const json errors = body.value("node_errors", json::object());
  if (errors.is_object() && !errors.empty()) {
    return abort_run("part of the workflow is refused: " + core::cut_utf8(errors.dump(), kShown));
  }
  return poll_history(base, id);
}

Interpretation read_history(const http::HttpResponse& response,
                            const std::string& id,
                            const http::Url& base) {
  if (response.status != 200) return read_status(response);
  const json body = body_json(response);
  if (!body.is_object()) return protocol_error("the history is no JSON object");
  if (!body.contains(id)) return poll_history(base, id);
  const json& entry = body[id];
  const json status = entry.is_object() ? entry.value("status", json::object()) : json::object();
  if (text_at(status, "status_str") == "error") {
    return done(Outcome::kFailed, "the workflow failed: " + core::cut_utf8(status.dump(), kShown));
  }
  const json outputs = entry.value("outputs", json::object());
  const auto image = outputs.is_object() ? first_file(outputs, base) : std::nullopt;
  if (!image) return protocol_error("the finished workflow saved no image");
  Interpretation result;
  result.reported["prompt_id"] = id;
  result.images.push_back(*image);
  return result;
}

std::vector<std::string> allowed_values(const InventoryAnswers& answers,
                                        const std::string& node,
                                        const std::string& input) {
  std::vector<std::string> values;
  const auto answer = answers.find(node);
  if (answer == answers.end()) return values;
  const json body = body_json(answer->second);
  const json::json_pointer place("/" + node + "/input/required/" + input + "/0");
  if (!body.is_object() || !body.contains(place) || !body[place].is_array()) return values;
  for (const json& value : body[place]) {
    if (value.is_string() && values.size() < 10'000) values.push_back(value);
  }
  return values;
}

ServiceFacts describe(const InventoryAnswers& answers, const std::string& model) {
  ServiceFacts facts;
  facts.server = "ComfyUI";
  const auto stats = answers.find("system_stats");
  if (stats != answers.end()) {
    const json body = body_json(stats->second);
    if (body.is_object() && body.contains("system")) {
      const std::string version = text_at(body["system"], "comfyui_version");
      if (!version.empty()) facts.server += " " + version;
    }
  }
  facts.model = model;
  facts.models = allowed_values(answers, "CheckpointLoaderSimple", "ckpt_name");
  facts.loras = allowed_values(answers, "LoraLoader", "lora_name");
  facts.samplers = allowed_values(answers, "KSampler", "sampler_name");
  facts.grade = IdentityGrade::kName;
  facts.remarks.emplace_back(
      "The server tells no digest of its checkpoints: the model is known by its file name only.");
  return facts;
}

}  // namespace

Service make_comfyui(const Endpoint& endpoint, const EndpointOptions& options) {
  if (!endpoint.url) {
    throw Error(ErrorKind::kInput,
                core::in_quotes(endpoint.text),
                "has no address",
                "write comfyui+http://host:8188");
  }
  const http::Url base = *endpoint.url;
  Service service;
  service.origin = base.origin();
  service.model = options.model;
  service.credential_header = "Authorization";
  service.credential_prefix = "Bearer ";
  service.repeatable = true;
  const std::string url = join_url(base, "/prompt");
  const bool planned = !options.workflow.empty() || !options.model.empty();
  const json graph = planned ? load_graph(options, endpoint.text) : json();
  service.submit = [url, graph, options, where = endpoint.text](const PlannedImage& image) {
    const json& whole = graph.is_null() ? load_graph(options, where) : graph;
    return json_request("POST", url, json{{"prompt", patched(whole, image, options)}});
  };
  service.read = [base](const PlannedImage&, const http::HttpResponse& response, const json& job) {
    return job.is_null() ? read_submission(response, base)
                         : read_history(response, text_at(job, "id"), base);
  };
  service.inventory.push_back({"system_stats", get_request(join_url(base, "/system_stats"))});
  for (const char* node : {"CheckpointLoaderSimple", "LoraLoader", "KSampler"}) {
    service.inventory.push_back(
        {node, get_request(join_url(base, std::string("/object_info/") + node))});
  }
  const std::string model = options.model;
  service.describe = [model](const InventoryAnswers& answers) { return describe(answers, model); };
  return service;
}

}  // namespace patina::queryers
