// SPDX-License-Identifier: Apache-2.0
#include "images/comfyui_graph.h"

#include <algorithm>
#include <initializer_list>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

namespace patina::images {
namespace {

using nlohmann::json;
using Keys = std::initializer_list<const char*>;

constexpr int kMostLinks = 100;
constexpr std::size_t kMostNodesOfAPrompt = 1000;

/// Node and output that an input is fed from.
struct Link {
  std::string node;
  int output = 0;
};

std::optional<Link> link_in(const json& value) {
  if (!value.is_array() || value.size() != 2 || !value[0].is_string() ||
      !value[1].is_number_integer()) {
    return std::nullopt;
  }
  return Link{value[0].get<std::string>(), value[1].get<int>()};
}

class Graph {
 public:
  explicit Graph(const json& nodes) : nodes_(nodes) {}

  /// The inputs of a node; null if there is none.
  const json* inputs(const std::string& node) const {
    const auto found = nodes_.find(node);
    if (found == nodes_.end() || !found->is_object()) return nullptr;
    const auto held = found->find("inputs");
    return held == found->end() || !held->is_object() ? nullptr : &*held;
  }
  std::string type(const std::string& node) const {
    const auto found = nodes_.find(node);
    if (found == nodes_.end() || !found->is_object()) return {};
    const auto held = found->find("class_type");
    return held == found->end() || !held->is_string() ? std::string() : held->get<std::string>();
  }
  std::optional<Link> link(const std::string& node, const char* input) const {
    const json* held = inputs(node);
    if (held == nullptr || !held->contains(input)) return std::nullopt;
    return link_in((*held)[input]);
  }
  bool has(const std::string& node, const char* input) const {
    const json* held = inputs(node);
    return held != nullptr && held->contains(input);
  }

  /// Where the value of an input stands: there, or at the primitive that feeds it. An input that is
  /// computed by another node stays the place itself.
  GraphPlace resolve(const std::string& node, const std::string& input) const {
    GraphPlace place{node, input};
    for (int i = 0; i < kMostLinks; ++i) {
      const auto from = link(place.node, place.input.c_str());
      if (!from) return place;
      const auto next = primitive(from->node);
      if (!next) break;
      place = *next;
    }
    return {node, input};
  }

  /// The one link of a node that has no other (a reroute, whose input has an empty name).
  std::optional<Link> only_link(const std::string& node) const {
    const json* held = inputs(node);
    std::optional<Link> only;
    if (held == nullptr) return only;
    for (const json& value : *held) {
      const auto found = link_in(value);
      if (!found) continue;
      if (only) return std::nullopt;
      only = found;
    }
    return only;
  }

 private:
  // A node that holds one value and hands it on, or a reroute to one.
  std::optional<GraphPlace> primitive(const std::string& node) const {
    for (const char* name : {"value", "text", "string", "seed", "noise_seed", "int", "float"}) {
      if (has(node, name)) return GraphPlace{node, name};
    }
    const json* held = inputs(node);
    if (held == nullptr || held->size() != 1 || !only_link(node)) return std::nullopt;
    return GraphPlace{node, held->begin().key()};
  }

  const json& nodes_;
};

/// Collects the texts behind a conditioning.
class Texts {
 public:
  explicit Texts(const Graph& graph) : graph_(graph) {}

  void follow(const std::optional<Link>& link) {
    if (!link || !seen_.insert({link->node, link->output}).second) return;
    if (seen_.size() > kMostNodesOfAPrompt) return;
    if (graph_.type(link->node).find("ZeroOut") != std::string::npos) return;
    if (!guidance && graph_.has(link->node, "guidance")) {
      guidance = graph_.resolve(link->node, "guidance");
    }
    if (follow_pair(*link) || follow_conditioning(link->node) || take_texts(link->node)) return;
    follow(graph_.only_link(link->node));
  }

  std::vector<GraphPlace> places;
  std::optional<GraphPlace> guidance;  ///< Of a FluxGuidance on the way.

 private:
  // ControlNetApplyAdvanced and its kin: positive is output 0, negative output 1.
  bool follow_pair(const Link& link) {
    const auto positive = graph_.link(link.node, "positive");
    const auto negative = graph_.link(link.node, "negative");
    if (!positive && !negative) return false;
    if (link.output == 0) follow(positive);
    if (link.output == 1) follow(negative);
    return true;
  }

  bool follow_conditioning(const std::string& node) {
    bool followed = false;
    for (const char* name : {"conditioning",
                             "conditioning_1",
                             "conditioning_to",
                             "conditioning_2",
                             "conditioning_from",
                             "cond",
                             "cond1",
                             "cond2"}) {
      const auto link = graph_.link(node, name);
      if (!link) continue;
      follow(link);
      followed = true;
    }
    return followed;
  }

  bool take_texts(const std::string& node) {
    bool taken = false;
    for (const char* name :
         {"text", "text_g", "text_l", "clip_l", "clip_g", "t5xxl", "llama", "prompt"}) {
      if (!graph_.has(node, name)) continue;
      const GraphPlace place = graph_.resolve(node, name);
      if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(place);
      taken = true;
    }
    return taken;
  }

  const Graph& graph_;
  std::set<std::pair<std::string, int>> seen_;
};

// One of these inputs of a node, or of the nodes that `through` lead to from there.
std::optional<GraphPlace> find_value(const Graph& graph,
                                     std::string node,
                                     const Keys& names,
                                     const Keys& through) {
  for (int i = 0; i < kMostLinks; ++i) {
    for (const char* name : names) {
      if (graph.has(node, name)) return graph.resolve(node, name);
    }
    std::optional<Link> next;
    for (const char* name : through) {
      if (!next) next = graph.link(node, name);
    }
    if (!next) return std::nullopt;
    node = next->node;
  }
  return std::nullopt;
}

// The empty latents that the sampling starts from, through earlier samplers and enlargements.
void find_size(const Graph& graph, SamplerPlaces& places) {
  std::string node = places.node;
  for (int i = 0; i < kMostLinks; ++i) {
    std::optional<Link> next;
    for (const char* name : {"latent_image", "samples", "latent", "latents"}) {
      if (!next) next = graph.link(node, name);
    }
    if (!next) next = graph.has(node, "width") ? std::nullopt : graph.only_link(node);
    if (!next) break;
    node = next->node;
  }
  if (node == places.node || !graph.has(node, "width") || !graph.has(node, "height")) return;
  places.width = graph.resolve(node, "width");
  places.height = graph.resolve(node, "height");
  if (graph.has(node, "batch_size")) places.batch_size = graph.resolve(node, "batch_size");
}

bool is_sampler(const Graph& graph, const std::string& node) {
  const bool seeded = graph.has(node, "seed") || graph.has(node, "noise_seed");
  if (graph.link(node, "positive") && seeded) return true;
  return graph.link(node, "guider") && graph.link(node, "noise");
}

SamplerPlaces look_around(const Graph& graph, const std::string& node) {
  SamplerPlaces places;
  places.node = node;
  const auto guider = graph.link(node, "guider");
  const std::string conditioned = guider ? guider->node : node;
  Texts positive(graph), negative(graph);
  for (const char* name : {"positive", "conditioning", "cond1"}) {
    positive.follow(graph.link(conditioned, name));
  }
  negative.follow(graph.link(conditioned, "negative"));
  places.positive = positive.places;
  places.negative = negative.places;
  places.seed = find_value(graph, node, {"seed", "noise_seed"}, {"noise"});
  places.steps = find_value(graph, node, {"steps"}, {"sigmas"});
  places.sampler_name = find_value(graph, node, {"sampler_name"}, {"sampler"});
  places.guidance_scale = find_value(graph, node, {"cfg", "cfg_conds"}, {"guider"});
  if (!places.guidance_scale) places.guidance_scale = positive.guidance;
  find_size(graph, places);
  return places;
}

}  // namespace

bool operator==(const GraphPlace& left, const GraphPlace& right) {
  return left.node == right.node && left.input == right.input;
}

bool is_comfyui_graph(const json& document) {
  return document.is_object() && !document.empty() &&
         std::any_of(document.begin(), document.end(), [](const json& node) {
           return node.is_object() && node.contains("class_type");
         });
}

std::vector<SamplerPlaces> find_samplers(const json& graph) {
  std::vector<SamplerPlaces> samplers;
  if (!graph.is_object()) return samplers;
  const Graph nodes(graph);
  for (const auto& [id, node] : graph.items()) {
    if (is_sampler(nodes, id)) samplers.push_back(look_around(nodes, id));
  }
  return samplers;
}

json value_at(const json& graph, const GraphPlace& place) {
  const json* inputs = Graph(graph).inputs(place.node);
  if (inputs == nullptr) return nullptr;
  const auto found = inputs->find(place.input);
  return found == inputs->end() || link_in(*found) ? json() : *found;
}

}  // namespace patina::images
