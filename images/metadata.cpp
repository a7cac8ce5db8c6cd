// SPDX-License-Identifier: Apache-2.0
#include "images/metadata.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/text.h"
#include "images/comfyui_graph.h"
#include "images/texts.h"

namespace patina::images {
namespace {

using nlohmann::json;
using Texts = std::map<std::string, std::string>;

constexpr std::size_t kShown = 4096;
constexpr std::size_t kMaxValues = 200;
constexpr std::size_t kLongestKey = 100;
constexpr std::size_t kFewestValues = 3;

std::string trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return std::string(text);
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// End of what is quoted or bracketed from `from` on; `from` where it is not closed.
std::size_t closed_end(std::string_view line, std::size_t from) {
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
    if (!quoted && depth <= 0) return i + 1 <= line.size() ? i + 1 : from;
  }
  return from;
}

// End of a value: a closed JSON string or structure as a whole, else the next comma.
std::size_t value_end(std::string_view line, std::size_t from) {
  if (from < line.size() && (line[from] == '"' || line[from] == '{' || line[from] == '[')) {
    const std::size_t end = closed_end(line, from);
    if (end > from && (end == line.size() || line[end] == ',')) return end;
  }
  return std::min(line.find(',', from), line.size());
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

// "Key: value, Key: value": a key is of word characters, spaces, "-" and "/" (the web UI's
// generation_parameters_copypaste.py).
std::vector<std::pair<std::string, std::string>> parse_values(std::string_view line) {
  std::vector<std::pair<std::string, std::string>> values;
  std::size_t at = 0;
  while (at < line.size() && values.size() < kMaxValues) {
    while (at < line.size() && !is_word(line[at])) ++at;
    std::size_t colon = at;
    while (colon < line.size() && (is_word(line[colon]) || line[colon] == ' ' ||
                                   line[colon] == '-' || line[colon] == '/')) {
      ++colon;
    }
    if (colon >= line.size()) break;
    if (line[colon] != ':' || colon < at + 2) {
      at = colon + 1;
      continue;
    }
    std::size_t from = colon + 1;
    while (from < line.size() && line[from] == ' ') ++from;
    const std::size_t end = value_end(line, from);
    if (colon - at <= kLongestKey) {
      values.emplace_back(trimmed(line.substr(at, colon - at)),
                          unquoted(trimmed(line.substr(from, end - from))));
    }
    at = end + 1;
  }
  return values;
}

std::string text_of(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// The texts at these places, each once, a line each.
std::string texts_at(const json& graph, const std::vector<GraphPlace>& places) {
  std::vector<std::string> texts;
  for (const GraphPlace& place : places) {
    const json value = value_at(graph, place);
    if (!value.is_string()) continue;
    const std::string text = value.get<std::string>();
    if (!text.empty() && std::find(texts.begin(), texts.end(), text) == texts.end()) {
      texts.push_back(text);
    }
  }
  return core::join(texts, "\n");
}

void take_sampler(const json& graph, const SamplerPlaces& places, json& facts) {
  const auto take = [&](const std::optional<GraphPlace>& place, const char* name) {
    const json value = place ? value_at(graph, *place) : json();
    if (!value.is_null() && !value.is_structured() && !facts.contains(name)) {
      facts[name] = text_of(value);
    }
  };
  take(places.seed, "seed");
  take(places.steps, "steps");
  take(places.guidance_scale, "guidance_scale");
  take(places.sampler_name, "sampler");
  const std::string prompt = texts_at(graph, places.positive);
  if (!prompt.empty() && !facts.contains("prompt")) facts["prompt"] = prompt;
  const std::string negative = texts_at(graph, places.negative);
  if (!negative.empty() && !facts.contains("negative_prompt")) facts["negative_prompt"] = negative;
}

void take_graph(const json& graph, json& facts) {
  json loras = json::array();
  for (const auto& [id, node] : graph.items()) {
    const json inputs = node.is_object() ? node.value("inputs", json::object()) : json::object();
    if (!inputs.is_object()) continue;
    for (const char* name : {"ckpt_name", "unet_name"}) {
      if (!inputs.contains(name) || inputs[name].is_structured() || facts.contains("model")) {
        continue;
      }
      facts["model"] = text_of(inputs[name]);
    }
    if (inputs.contains("lora_name") && inputs["lora_name"].is_string() && loras.size() < 50) {
      loras.push_back(inputs["lora_name"]);
    }
  }
  for (const SamplerPlaces& places : find_samplers(graph)) take_sampler(graph, places, facts);
  if (!loras.empty()) facts["loras"] = loras;
}

// Python writes NaN, Infinity and -Infinity, which JSON does not have.
std::string without_python_numbers(const std::string& text) {
  std::string cleaned;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\' && i + 1 < text.size()) {
      cleaned += c;
      cleaned += text[++i];
      continue;
    }
    if (c == '"') quoted = !quoted;
    std::size_t length = 0;
    for (const std::string_view word : {"NaN", "Infinity", "-Infinity"}) {
      if (!quoted && text.compare(i, word.size(), word) == 0) length = word.size();
    }
    if (length == 0) {
      cleaned += c;
    } else {
      cleaned += "null";
      i += length - 1;
    }
  }
  return cleaned;
}

json parse_loosely(const std::string& text) {
  try {
    return core::parse_json(without_python_numbers(text), "metadata");
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
  if (is_comfyui_graph(graph)) {
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
  constexpr std::string_view kNegative = "Negative prompt:";
  Infotext info;
  const std::string whole = trimmed(text);
  std::string_view head = whole;
  const std::size_t last = whole.rfind('\n') + 1;  // npos + 1 = 0: there is one line
  const auto values = parse_values(std::string_view(whole).substr(last));
  if (values.size() >= kFewestValues) {
    for (const auto& [key, value] : values) info.values.emplace(key, value);
    head = head.substr(0, last);
  }
  bool negative = false;
  while (!head.empty()) {
    const std::size_t end = std::min(head.find('\n'), head.size());
    std::string line = trimmed(head.substr(0, end));
    head.remove_prefix(std::min(end + 1, head.size()));
    if (line.compare(0, kNegative.size(), kNegative) == 0) {
      negative = true;
      line = trimmed(std::string_view(line).substr(kNegative.size()));
    }
    std::string& prompt = negative ? info.negative_prompt : info.prompt;
    if (!prompt.empty()) prompt += '\n';
    prompt += line;
  }
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
