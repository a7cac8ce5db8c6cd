// SPDX-License-Identifier: Apache-2.0
// ComfyUI: POST /prompt with a graph of nodes, poll /history/{id}, fetch from /view. The graph is
// the user's own in the API format, or the smallest one; what is written into it is found from its
// samplers (images/comfyui_graph.h): seed, steps, guidance, prompts, size, and the names of model and
// LoRA.
#include <algorithm>
#include <memory>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/text.h"
#include "http/message.h"
#include "http/url.h"
#include "images/comfyui_graph.h"
#include "queryers/services/answers.h"
#include "queryers/services/services.h"

namespace patina::queryers {
namespace {

using core::Error;
using core::ErrorKind;
using images::GraphPlace;
using images::SamplerPlaces;
using nlohmann::json;

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

void write_at(json& graph, const GraphPlace& place, const json& value) {
  graph[place.node]["inputs"][place.input] = value;
}

void write_at(json& graph, const std::optional<GraphPlace>& place, const json& value) {
  if (place) write_at(graph, *place, value);
}

bool contains(const std::vector<GraphPlace>& places, const GraphPlace& place) {
  return std::find(places.begin(), places.end(), place) != places.end();
}

/// A workflow, and where its prompts go: the first text of each conditioning takes the whole prompt.
struct Workflow {
  json graph;
  std::vector<SamplerPlaces> samplers;
  std::vector<GraphPlace> positive;  ///< Texts that take the prompt.
  std::vector<GraphPlace> negative;  ///< Texts that take the negative prompt; none of `positive`.
  std::vector<std::string> remarks;  ///< What the plan says and the workflow cannot do.
};

std::string told(const GraphPlace& place) {
  return "node " + core::printable(place.node) + ", \"" + core::printable(place.input) + "\"";
}

// The texts of one node are one text in several encodings; those of further nodes are their own.
void take_texts(const std::vector<GraphPlace>& found,
                std::vector<GraphPlace>& taken,
                std::vector<GraphPlace>& left) {
  for (const GraphPlace& place : found) {
    std::vector<GraphPlace>& list = place.node == found.front().node ? taken : left;
    if (!contains(list, place)) list.push_back(place);
  }
}

void remark_kept_texts(const std::vector<GraphPlace>& left, Workflow& workflow) {
  for (const GraphPlace& place : left) {
    if (contains(workflow.positive, place) || contains(workflow.negative, place)) continue;
    const json value = images::value_at(workflow.graph, place);
    if (!value.is_string() || value.get_ref<const std::string&>().empty()) continue;
    workflow.remarks.push_back(
        "The workflow adds a text of its own to the plan's prompt (" + told(place) +
        "): " + core::in_quotes(core::cut_utf8(value.get<std::string>(), kShown)) + ".");
  }
}

// A text that both conditionings are made of is the prompt's: written with the negative prompt, it
// would ask for images of nothing.
void divide_texts(Workflow& workflow) {
  std::vector<GraphPlace> left, negative;
  for (const SamplerPlaces& sampler : workflow.samplers) {
    take_texts(sampler.positive, workflow.positive, left);
    take_texts(sampler.negative, negative, left);
  }
  bool shared = false, asked = false;
  for (const GraphPlace& place : negative) {
    asked = true;
    if (contains(workflow.positive, place) || contains(left, place)) {
      shared = true;
    } else {
      workflow.negative.push_back(place);
    }
  }
  if (shared) {
    workflow.remarks.emplace_back(
        "Prompt and negative prompt share a text in the workflow: the plan's prompt is written "
        "there, and its negative prompt is not sent.");
  } else if (!asked) {
    workflow.remarks.emplace_back(
        "The workflow has no text for a negative prompt: the plan's is not sent.");
  }
  remark_kept_texts(left, workflow);
}

Workflow study(json graph, const EndpointOptions& options) {
  Workflow workflow;
  workflow.samplers = images::find_samplers(graph);
  workflow.graph = std::move(graph);
  divide_texts(workflow);
  const auto lacks = [](const SamplerPlaces& sampler) {
    return !sampler.seed || sampler.positive.empty();
  };
  if (workflow.samplers.empty() ||
      std::any_of(workflow.samplers.begin(), workflow.samplers.end(), lacks)) {
    throw Error(ErrorKind::kInput,
                options.workflow.string(),
                "has no sampler whose seed and prompt can be written",
                "give a workflow with a KSampler fed by CLIPTextEncode");
  }
  if (std::none_of(workflow.samplers.begin(),
                   workflow.samplers.end(),
                   [](const SamplerPlaces& sampler) { return sampler.width.has_value(); })) {
    workflow.remarks.emplace_back(
        "The workflow starts from no empty latents: the size of its images is its own.");
  }
  return workflow;
}

// The graph for one image.
json patched(const Workflow& workflow, const PlannedImage& image, const EndpointOptions& options) {
  json graph = workflow.graph;
  for (auto& [id, node] : graph.items()) {
    for (const char* name : {"ckpt_name", "unet_name"}) {
      if (!options.model.empty() && node["inputs"].contains(name)) {
        node["inputs"][name] = options.model;
      }
    }
    if (!options.loras.empty() && node["inputs"].contains("lora_name")) {
      node["inputs"]["lora_name"] = options.loras.front();
    }
  }
  for (const SamplerPlaces& sampler : workflow.samplers) {
    write_at(graph, sampler.seed, image.seed);
    write_at(graph, sampler.steps, image.steps);
    write_at(graph, sampler.guidance_scale, image.guidance_scale);
    if (!image.sampler.empty()) write_at(graph, sampler.sampler_name, image.sampler);
    write_at(graph, sampler.width, image.size.width_px);
    write_at(graph, sampler.height, image.size.height_px);
    write_at(graph, sampler.batch_size, 1);
  }
  for (const GraphPlace& place : workflow.negative) write_at(graph, place, image.negative_prompt);
  for (const GraphPlace& place : workflow.positive) write_at(graph, place, image.prompt);
  return graph;
}

Workflow load_workflow(const EndpointOptions& options, const std::string& where) {
  if (options.workflow.empty()) {
    if (!options.model.empty()) return study(smallest_graph(options), options);
    throw Error(ErrorKind::kInput,
                core::in_quotes(where),
                "needs a checkpoint or a workflow",
                "give --model NAME.safetensors or --workflow FILE");
  }
  json graph = core::parse_json(core::read_text_file(options.workflow, 16 << 20),
                                options.workflow.string());
  require_graph(graph, options.workflow.string());
  return study(std::move(graph), options);
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
  const auto workflow = planned ? std::make_shared<const Workflow>(
                                      load_workflow(options, endpoint.text))
                                : nullptr;
  service.submit = [url, workflow, options, where = endpoint.text](const PlannedImage& image) {
    const Workflow& whole = workflow ? *workflow : load_workflow(options, where);
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
  service.describe = [model = options.model, workflow](const InventoryAnswers& answers) {
    ServiceFacts facts = describe(answers, model);
    if (!workflow) return facts;
    facts.remarks.insert(facts.remarks.end(), workflow->remarks.begin(), workflow->remarks.end());
    return facts;
  };
  return service;
}

}  // namespace patina::queryers
