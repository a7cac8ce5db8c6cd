// SPDX-License-Identifier: Apache-2.0
// A ComfyUI workflow in the API format, {"3": {"class_type", "inputs"}, ...}, seen from its samplers:
// where prompts, seed, steps and the rest stand, found by following each link to the output that it
// names. Read by whoever wants to know how a picture was made, written by whoever asks for one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace patina::images {

/// An input of a node.
struct GraphPlace {
  std::string node;  ///< Key in the graph.
  std::string
      input;  ///< Key in the node's "inputs". A link may stand there that leads to no value.
};
bool operator==(const GraphPlace& left, const GraphPlace& right);

/// What one sampler is given. A place that is missing was not found.
struct SamplerPlaces {
  std::string node;
  /// Texts that the conditioning is made of, nearest first: one of CLIPTextEncode, two of
  /// CLIPTextEncodeSDXL, those of both sides of ConditioningCombine. None where the conditioning is
  /// zeroed.
  std::vector<GraphPlace> positive, negative;
  std::optional<GraphPlace> seed, steps, guidance_scale, sampler_name;
  std::optional<GraphPlace> width, height, batch_size;  ///< Of the empty latents at the start.
};

/// Whether a document is a workflow in the API format.
bool is_comfyui_graph(const nlohmann::json& document);

/// The samplers of a workflow, in the order of their keys: KSampler and its kin, and
/// SamplerCustomAdvanced with its guider. Graphs from elsewhere are safe: circles end.
std::vector<SamplerPlaces> find_samplers(const nlohmann::json& graph);

/// The value at a place; null where a link stands.
nlohmann::json value_at(const nlohmann::json& graph, const GraphPlace& place);

}  // namespace patina::images
