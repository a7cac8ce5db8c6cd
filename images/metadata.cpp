// SPDX-License-Identifier: Apache-2.0
#include "images/metadata.h"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/text.h"
#include "images/texts.h"

namespace patina::images {
namespace {

using nlohmann::json;
using Texts = std::map<std::string, std::string>;

constexpr std::size_t kShown = 4096;
constexpr std::size_t kMaxValues = 200;
constexpr int kMaxLinks = 100;

std::string trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return std::string(text);
}

// End of a value that starts at `from`: a JSON string or structure as a whole, else the next comma.
std::size_t value_end(std::string_view line, std::size_t from) {
  if (from >= line.size()) return line.size();
  const char first = line[from];
  if (first != '"' && first != '{' && first != '[')
    return std::min(line.find(',', from), line.size());
  bool quoted = false;
  int depth = 0;
  for (std::size_t i = from; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      --depth;
    }
    if (!quoted && depth <= 0) return std::min(i + 1, line.size());
  }
  return line.size();
}

std::string unquoted(const std::string& value) {
  if (value.size() < 2 || value.front() != '"') return value;
  try {
    const json text = core::parse_json(value, "infotext");
    return text.is_string() ? text.get<std::string>() : value;
  } catch (const core::Error&) {
    return value;
  }
}

std::map<std::string, std::string> parse_values(std::string_view line) {
  std::map<std::string, std::string> values;
  for (std::size_t at = 0; at < line.size() && values.size() < kMaxValues;) {
    const std::size_t colon = line.find(':', at);
    if (colon == std::string_view::npos) break;
    const std::string key = trimmed(line.substr(at, colon - at));
    std::size_t from = colon + 1;
    while (from < line.size() && line[from] == ' ') ++from;
    const std::size_t end = value_end(line, from);
    if (!key.empty() && key.size() <= 100) {
      values.emplace(key, unquoted(trimmed(line.substr(from, end - from))));
    }
    at = std::min(line.find(',', end), line.size());
    if (at < line.size()) ++at;
  }
  return values;
}

// ComfyUI: back from the sampler along its links.
std::string text_behind(const json& graph, json link) {
  for (int i = 0; i < kMaxLinks && link.is_array() && link.size() == 2 && link[0].is_string();
       ++i) {
    const auto node = graph.find(link[0].get<std::string>());
    if (node == graph.end() || !node->is_object()) return {};
    const json inputs = node->value("inputs", json::object());
    if (!inputs.is_object()) return {};
    json next;
    for (const char* key : {"text", "value", "string", "conditioning", "positive"}) {
      if (!inputs.contains(key)) continue;
      if (inputs[key].is_string()) return inputs[key].get<std::string>();
      next = inputs[key];
      break;
    }
    link = next;
  }
  return {};
}

void take_graph(const json& graph, json& facts) {
  json loras = json::array();
  for (const auto& [id, node] : graph.items()) {
    const json inputs = node.is_object() ? node.value("inputs", json::object()) : json::object();
    if (!inputs.is_object()) continue;
    const auto take = [&](const char* from, const char* to) {
      if (!inputs.contains(from) || inputs[from].is_structured() || facts.contains(to)) return;
      facts[to] = inputs[from].is_string() ? inputs[from].get<std::string>() : inputs[from].dump();
    };
    take("ckpt_name", "model");
    take("unet_name", "model");
    if (inputs.contains("lora_name") && inputs["lora_name"].is_string() && loras.size() < 50) {
      loras.push_back(inputs["lora_name"]);
    }
    if (!inputs.contains("positive") ||
        !(inputs.contains("seed") || inputs.contains("noise_seed"))) {
      continue;
    }
    take("seed", "seed");
    take("noise_seed", "seed");
    take("steps", "steps");
    take("cfg", "guidance_scale");
    take("sampler_name", "sampler");
    const std::string prompt = text_behind(graph, inputs["positive"]);
    if (!prompt.empty()) facts["prompt"] = prompt;
    const std::string negative = inputs.contains("negative")
                                     ? text_behind(graph, inputs["negative"])
                                     : std::string();
    if (!negative.empty()) facts["negative_prompt"] = negative;
  }
  if (!loras.empty()) facts["loras"] = loras;
}

bool is_graph(const json& value) {
  return value.is_object() && !value.empty() &&
         std::any_of(value.begin(), value.end(), [](const json& node) {
           return node.is_object() && node.contains("class_type");
         });
}

json parse_loosely(const std::string& text) {
  try {
    return core::parse_json(text, "metadata");
  } catch (const core::Error&) {
    return json();
  }
}

void take_infotext(const Infotext& info, json& facts) {
  const auto take = [&](const char* from, const char* to) {
    const auto found = info.values.find(from);
    if (found != info.values.end()) facts[to] = found->second;
  };
  if (!info.prompt.empty()) facts["prompt"] = info.prompt;
  if (!info.negative_prompt.empty()) facts["negative_prompt"] = info.negative_prompt;
  take("Seed", "seed");
  take("Steps", "steps");
  take("Sampler", "sampler");
  take("CFG scale", "guidance_scale");
  take("Model", "model");
  take("Model hash", "model_hash");
  take("Lora hashes", "loras");
  take("Size", "size");
  take("Version", "version");
}

// Each producer writes under keywords of its own.
void take_producer(const Texts& texts, json& facts) {
  const auto text = [&](const char* name) {
    const auto found = texts.find(name);
    return found == texts.end() ? std::string() : found->second;
  };
  const json graph = parse_loosely(text("prompt"));
  if (is_graph(graph)) {
    facts["producer"] = "ComfyUI";
    take_graph(graph, facts);
    return;
  }
  for (const char* name : {"parameters", "UserComment"}) {
    const std::string value = text(name);
    if (value.empty()) continue;
    const Infotext info = parse_infotext(value);
    if (info.values.empty()) continue;
    facts["producer"] = "web UI infotext";
    take_infotext(info, facts);
    return;
  }
  for (const auto& [name, producer] :
       std::map<std::string, std::string>{{"invokeai_metadata", "InvokeAI"},
                                          {"sd-metadata", "InvokeAI"},
                                          {"Dream", "InvokeAI"},
                                          {"fooocus_scheme", "Fooocus"}}) {
    if (!text(name.c_str()).empty()) facts["producer"] = producer;
  }
  if (text("Software") == "NovelAI") facts["producer"] = "NovelAI";
  if (text("parameters").find("sui_image_params") != std::string::npos)
    facts["producer"] = "SwarmUI";
}

void cut_long(json& facts) {
  for (auto& [key, value] : facts.items()) {
    if (value.is_string() && value.get_ref<const std::string&>().size() > kShown) {
      value = core::cut_utf8(value.get<std::string>(), kShown);
    }
  }
}

}  // namespace

Infotext parse_infotext(std::string_view text) {
  Infotext info;
  // The last line that starts with "Steps: " holds the values; prompts may hold anything.
  std::size_t steps = std::string_view::npos;
  for (std::size_t at = text.find("Steps: "); at != std::string_view::npos;
       at = text.find("Steps: ", at + 1)) {
    if (at == 0 || text[at - 1] == '\n') steps = at;
  }
  std::string_view head = text.substr(0, steps == std::string_view::npos ? text.size() : steps);
  if (steps != std::string_view::npos) {
    const std::string_view tail = text.substr(steps);
    info.values = parse_values(tail.substr(0, tail.find('\n')));
  }
  const std::string_view mark = "Negative prompt: ";
  std::size_t negative = head.rfind(mark);
  if (negative != std::string_view::npos && negative != 0 && head[negative - 1] != '\n') {
    negative = std::string_view::npos;
  }
  if (negative != std::string_view::npos) {
    info.negative_prompt = trimmed(head.substr(negative + mark.size()));
    head = head.substr(0, negative);
  }
  info.prompt = trimmed(head);
  return info;
}

json read_image_metadata(const std::vector<std::uint8_t>& bytes, const ImageHeader& header) {
  const Texts texts = read_image_texts(bytes, header.format);
  if (texts.empty()) return json();
  json facts = json::object();
  take_producer(texts, facts);
  facts["texts"] = json::object();
  for (const auto& [name, text] : texts) {
    if (name == "C2PA") {
      facts["c2pa"] = "present, not validated";
      continue;
    }
    json entry = {{"sha256", core::to_hex(core::sha256(text))}, {"bytes", text.size()}};
    entry["text"] = core::cut_utf8(text, kShown);
    facts["texts"][name] = entry;
  }
  cut_long(facts);
  return facts;
}

}  // namespace patina::images
