// SPDX-License-Identifier: Apache-2.0
// Graphs as ComfyUI's nodes define them (nodes.py, comfy_extras/): which outputs a node has, and
// which inputs they come from.
#include "images/comfyui_graph.h"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace patina::images {
namespace {

using nlohmann::json;

std::string told(const std::vector<GraphPlace>& places) {
  std::string text;
  for (const GraphPlace& place : places) text += place.node + "." + place.input + " ";
  return text;
}
std::string told(const std::optional<GraphPlace>& place) {
  return place ? place->node + "." + place->input : "-";
}

// KSampler "3" whose prompts are the nodes that the test adds.
json sampler_with(const std::string& nodes,
                  const std::string& positive = R"(["12", 0])",
                  const std::string& negative = R"(["12", 1])") {
  json graph = json::parse(
      R"({"3": {"class_type": "KSampler", "inputs": {"seed": 1, "steps": 20, "cfg": 7,
                "sampler_name": "euler", "latent_image": ["5", 0], "positive": )" +
      positive + R"(, "negative": )" + negative + R"(}},
          "5": {"class_type": "EmptyLatentImage",
                "inputs": {"width": 512, "height": 512, "batch_size": 4}},
          "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "yes", "clip": ["4", 1]}},
          "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "no", "clip": ["4", 1]}}})");
  graph.update(json::parse("{" + nodes + "}"));
  return graph;
}

SamplerPlaces only_sampler(const json& graph) {
  const std::vector<SamplerPlaces> samplers = find_samplers(graph);
  EXPECT_EQ(samplers.size(), 1U);
  return samplers.empty() ? SamplerPlaces() : samplers.front();
}

TEST(ComfyUIGraph, FindsWhatAKSamplerIsGiven) {
  const SamplerPlaces places = only_sampler(sampler_with("", R"(["6", 0])", R"(["7", 0])"));
  EXPECT_EQ(told(places.positive), "6.text ");
  EXPECT_EQ(told(places.negative), "7.text ");
  EXPECT_EQ(told(places.seed), "3.seed");
  EXPECT_EQ(told(places.steps), "3.steps");
  EXPECT_EQ(told(places.guidance_scale), "3.cfg");
  EXPECT_EQ(told(places.sampler_name), "3.sampler_name");
  EXPECT_EQ(told(places.width), "5.width");
  EXPECT_EQ(told(places.batch_size), "5.batch_size");
}

struct Way {
  const char* name;
  const char* nodes;
  const char* positive;
  const char* negative;
  const char* positive_link = R"(["12", 0])";
  const char* negative_link = R"(["12", 1])";
};
class EveryWay : public ::testing::TestWithParam<Way> {};

TEST_P(EveryWay, LeadsToItsTexts) {
  const Way& way = GetParam();
  const SamplerPlaces places = only_sampler(
      sampler_with(way.nodes, way.positive_link, way.negative_link));
  EXPECT_EQ(told(places.positive), way.positive);
  EXPECT_EQ(told(places.negative), way.negative);
}

INSTANTIATE_TEST_SUITE_P(
    Conditioning,
    EveryWay,
    ::testing::Values(
        Way{"ControlNetApplyAdvanced",
            R"("12": {"class_type": "ControlNetApplyAdvanced",
                "inputs": {"positive": ["6", 0], "negative": ["7", 0], "strength": 1.0}})",
            "6.text ",
            "7.text "},
        Way{"ControlNetApply",
            R"("12": {"class_type": "ControlNetApply",
                "inputs": {"conditioning": ["6", 0], "control_net": ["13", 0]}})",
            "6.text ",
            "7.text ",
            R"(["12", 0])",
            R"(["7", 0])"},
        Way{"TwoControlNets",
            R"("12": {"class_type": "ControlNetApplyAdvanced",
                "inputs": {"positive": ["13", 0], "negative": ["13", 1]}},
               "13": {"class_type": "ControlNetApplyAdvanced",
                "inputs": {"positive": ["6", 0], "negative": ["7", 0]}})",
            "6.text ",
            "7.text "},
        Way{"ConditioningZeroOut",
            R"("12": {"class_type": "ConditioningZeroOut", "inputs": {"conditioning": ["6", 0]}})",
            "6.text ",
            "",
            R"(["6", 0])",
            R"(["12", 0])"},
        Way{"ConditioningCombine",
            R"("12": {"class_type": "ConditioningCombine",
                "inputs": {"conditioning_1": ["6", 0], "conditioning_2": ["8", 0]}},
               "8": {"class_type": "CLIPTextEncode", "inputs": {"text": "more"}})",
            "6.text 8.text ",
            "7.text ",
            R"(["12", 0])",
            R"(["7", 0])"},
        Way{"ConditioningConcat",
            R"("12": {"class_type": "ConditioningConcat",
                "inputs": {"conditioning_from": ["8", 0], "conditioning_to": ["6", 0]}},
               "8": {"class_type": "CLIPTextEncode", "inputs": {"text": "more"}})",
            "6.text 8.text ",
            "7.text ",
            R"(["12", 0])",
            R"(["7", 0])"},
        Way{"TextBoxes",
            R"("12": {"class_type": "GLIGENTextBoxApply",
                "inputs": {"conditioning_to": ["6", 0], "text": "a box", "clip": ["4", 1]}})",
            "6.text ",
            "7.text ",
            R"(["12", 0])",
            R"(["7", 0])"},
        Way{"Reroutes",
            R"("12": {"class_type": "Reroute", "inputs": {"": ["13", 0]}},
               "13": {"class_type": "Reroute", "inputs": {"": ["6", 0]}})",
            "6.text ",
            "7.text ",
            R"(["12", 0])",
            R"(["7", 0])"},
        Way{"Primitives",
            R"("12": {"class_type": "CLIPTextEncode", "inputs": {"text": ["13", 0]}},
               "13": {"class_type": "PrimitiveString", "inputs": {"value": "yes"}})",
            "13.value ",
            "7.text ",
            R"(["12", 0])",
            R"(["7", 0])"},
        Way{"ComputedTexts",
            R"("12": {"class_type": "CLIPTextEncode", "inputs": {"text": ["13", 0]}},
               "13": {"class_type": "Wildcards", "inputs": {"pattern": "{a|b}", "mode": "any"}})",
            "12.text ",
            "7.text ",
            R"(["12", 0])",
            R"(["7", 0])"},
        Way{"CLIPTextEncodeSDXL",
            R"("12": {"class_type": "CLIPTextEncodeSDXL",
                "inputs": {"text_g": "yes", "text_l": "yes", "width": 1024, "clip": ["4", 1]}})",
            "12.text_g 12.text_l ",
            "7.text ",
            R"(["12", 0])",
            R"(["7", 0])"}),
    [](const auto& tested) { return std::string(tested.param.name); });

// comfy_extras/nodes_custom_sampler.py
TEST(ComfyUIGraph, FindsWhatACustomSamplerIsGiven) {
  const json graph = json::parse(R"({
      "13": {"class_type": "SamplerCustomAdvanced",
             "inputs": {"noise": ["25", 0], "guider": ["22", 0], "sampler": ["16", 0],
                        "sigmas": ["18", 1], "latent_image": ["27", 0]}},
      "25": {"class_type": "RandomNoise", "inputs": {"noise_seed": 219}},
      "22": {"class_type": "BasicGuider",
             "inputs": {"model": ["12", 0], "conditioning": ["26", 0]}},
      "26": {"class_type": "FluxGuidance", "inputs": {"guidance": 3.5, "conditioning": ["6", 0]}},
      "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "x", "clip": ["11", 0]}},
      "16": {"class_type": "KSamplerSelect", "inputs": {"sampler_name": "euler"}},
      "18": {"class_type": "SplitSigmas", "inputs": {"sigmas": ["17", 0], "step": 3}},
      "17": {"class_type": "BasicScheduler", "inputs": {"model": ["12", 0], "steps": 20}},
      "27": {"class_type": "EmptySD3LatentImage", "inputs": {"width": 1024, "height": 1024}}})");
  const SamplerPlaces places = only_sampler(graph);
  EXPECT_EQ(told(places.positive), "6.text ");
  EXPECT_EQ(told(places.negative), "");
  EXPECT_EQ(told(places.seed), "25.noise_seed");
  EXPECT_EQ(told(places.steps), "17.steps");
  EXPECT_EQ(told(places.sampler_name), "16.sampler_name");
  EXPECT_EQ(told(places.guidance_scale), "26.guidance");
  EXPECT_EQ(told(places.height), "27.height");
}

TEST(ComfyUIGraph, FindsTheTwoPromptsOfAGuider) {
  json graph = sampler_with("");
  graph["3"] = {
      {"class_type", "SamplerCustomAdvanced"},
      {"inputs", {{"noise", json::array({"25", 0})}, {"guider", json::array({"22", 0})}}}};
  graph["25"] = {{"class_type", "RandomNoise"}, {"inputs", {{"noise_seed", 2}}}};
  graph["22"] = {
      {"class_type", "CFGGuider"},
      {"inputs",
       {{"positive", json::array({"6", 0})}, {"negative", json::array({"7", 0})}, {"cfg", 4.0}}}};
  const SamplerPlaces places = only_sampler(graph);
  EXPECT_EQ(told(places.positive), "6.text ");
  EXPECT_EQ(told(places.negative), "7.text ");
  EXPECT_EQ(told(places.guidance_scale), "22.cfg");
}

TEST(ComfyUIGraph, TakesTheSizeOfTheFirstLatentsNotOfAnEnlargement) {
  json graph = sampler_with("", R"(["6", 0])", R"(["7", 0])");
  graph["30"] = graph["3"];
  graph["30"]["inputs"]["latent_image"] = json::array({"31", 0});
  graph["31"] = {
      {"class_type", "LatentUpscale"},
      {"inputs", {{"samples", json::array({"3", 0})}, {"width", 1024}, {"height", 1024}}}};
  const std::vector<SamplerPlaces> samplers = find_samplers(graph);
  ASSERT_EQ(samplers.size(), 2U);
  for (const SamplerPlaces& places : samplers) EXPECT_EQ(told(places.width), "5.width");
}

TEST(ComfyUIGraph, EndsInCirclesAndHoles) {
  for (const char* node : {R"("12": {"class_type": "X", "inputs": {"conditioning": ["12", 0]}})",
                           R"("12": {"class_type": "X", "inputs": {"": ["12", 0]}})",
                           R"("12": {"class_type": "X", "inputs": {"text": ["12", 0]}})",
                           R"("12": {"class_type": "X", "inputs": {"positive": ["99", 0]}})",
                           R"("12": {"class_type": 7, "inputs": []})",
                           R"("12": 5)"}) {
    find_samplers(sampler_with(node));
  }
  EXPECT_TRUE(find_samplers(json::array()).empty());
  EXPECT_TRUE(find_samplers(json()).empty());
}

TEST(ComfyUIGraph, ValueAtALinkIsNoValue) {
  const json graph = sampler_with("");
  EXPECT_EQ(value_at(graph, {"6", "text"}), "yes");
  EXPECT_TRUE(value_at(graph, {"6", "clip"}).is_null());
  EXPECT_TRUE(value_at(graph, {"6", "nothing"}).is_null());
  EXPECT_TRUE(value_at(graph, {"nowhere", "text"}).is_null());
}

}  // namespace
}  // namespace patina::images
