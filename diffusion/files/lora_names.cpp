// SPDX-License-Identifier: Apache-2.0
#include "diffusion/files/lora_names.h"

#include <algorithm>
#include <set>
#include <sstream>
#include <string_view>

namespace patina::diffusion::internal {
namespace {

using Parts = std::vector<std::string>;

struct Renamed {
  const char* ours;
  const char* original;
};
constexpr Renamed kSingleModules[] = {{"conv_in", "input_blocks.0.0"},
                                      {"conv_norm_out", "out.0"},
                                      {"conv_out", "out.2"},
                                      {"time_embedding.linear_1", "time_embed.0"},
                                      {"time_embedding.linear_2", "time_embed.2"}};
constexpr Renamed kResnetModules[] = {{"norm1", "in_layers.0"},
                                      {"conv1", "in_layers.2"},
                                      {"time_emb_proj", "emb_layers.1"},
                                      {"norm2", "out_layers.0"},
                                      {"conv2", "out_layers.3"},
                                      {"conv_shortcut", "skip_connection"}};

template <std::size_t N>
std::string renamed(const std::string& module, const Renamed (&table)[N]) {
  const auto* found = std::find_if(
      std::begin(table), std::end(table), [&](const Renamed& row) { return module == row.ours; });
  return found == std::end(table) ? "" : found->original;
}

Parts split(const std::string& module) {
  Parts parts;
  std::istringstream stream(module);
  for (std::string part; std::getline(stream, part, '.');) parts.push_back(part);
  return parts;
}

std::string joined(const Parts& parts, std::size_t from) {
  std::string text;
  for (std::size_t i = from; i < parts.size(); ++i) text += (i > from ? "." : "") + parts[i];
  return text;
}

/// The original code counts blocks along the whole network.
class OriginalNames {
 public:
  explicit OriginalNames(const std::vector<std::string>& modules) {
    for (const std::string& module : modules) {
      const Parts parts = split(module);
      if (parts.size() < 4) continue;
      if (parts[0] == "down_blocks" && parts[1] == "0" && parts[2] == "resnets") {
        layers_ = std::max(layers_, std::stoll(parts[3]) + 1);
      }
      if (parts[0] == "up_blocks" && parts[2] == "attentions") attending_up_.insert(parts[1]);
    }
  }

  std::string of(const std::string& module) const {
    const std::string single = renamed(module, kSingleModules);
    const Parts parts = split(module);
    if (!single.empty() || parts.size() < 4) return single;
    if (parts[0] == "mid_block") return in_middle(parts);
    if (parts.size() < 5) return "";
    if (parts[0] == "down_blocks") return in_down(parts);
    return parts[0] == "up_blocks" ? in_up(parts) : "";
  }

 private:
  static std::string block(const char* list, long long index, long long place) {
    return std::string(list) + "." + std::to_string(index) + "." + std::to_string(place) + ".";
  }

  static std::string inside(const std::string& kind, const std::string& rest) {
    return kind == "resnets" ? renamed(rest, kResnetModules) : rest;
  }

  static std::string in_middle(const Parts& parts) {
    const bool resnet = parts[1] == "resnets";
    const long long place = resnet ? 2 * std::stoll(parts[2]) : 1;
    const std::string rest = inside(parts[1], joined(parts, 3));
    return rest.empty() ? "" : "middle_block." + std::to_string(place) + "." + rest;
  }

  std::string in_down(const Parts& parts) const {
    const long long first = std::stoll(parts[1]) * (layers_ + 1) + 1;
    if (parts[2] == "downsamplers") return block("input_blocks", first + layers_, 0) + "op";
    const std::string rest = inside(parts[2], joined(parts, 4));
    const long long place = parts[2] == "resnets" ? 0 : 1;
    return rest.empty() ? "" : block("input_blocks", first + std::stoll(parts[3]), place) + rest;
  }

  std::string in_up(const Parts& parts) const {
    const long long first = std::stoll(parts[1]) * (layers_ + 1);
    if (parts[2] == "upsamplers") {
      return block("output_blocks", first + layers_, attending_up_.count(parts[1]) > 0 ? 2 : 1) +
             "conv";
    }
    const std::string rest = inside(parts[2], joined(parts, 4));
    const long long place = parts[2] == "resnets" ? 0 : 1;
    return rest.empty() ? "" : block("output_blocks", first + std::stoll(parts[3]), place) + rest;
  }

  long long layers_ = 0;  // resnets of a level on the way down; on the way up it has one more
  std::set<std::string> attending_up_;
};

}  // namespace

std::string flattened(std::string module) {
  std::replace(module.begin(), module.end(), '.', '_');
  return module;
}

std::string module_of_weight(const std::string& weight) {
  constexpr std::string_view kEnd = ".weight";
  return weight.substr(0, weight.size() - kEnd.size());
}

FlatNames::FlatNames(const std::vector<std::string>& modules) {
  const OriginalNames originals(modules);
  for (const std::string& module : modules) {
    add(flattened(module), module);
    const std::string original = originals.of(module);
    if (!original.empty()) add(flattened(original), module);
  }
}

void FlatNames::add(const std::string& flat, const std::string& module) {
  const auto [place, fresh] = modules_.emplace(flat, module);
  if (!fresh && place->second != module) place->second.clear();
}

const std::string* FlatNames::find(const std::string& flat) const {
  const auto found = modules_.find(flat);
  return found == modules_.end() || found->second.empty() ? nullptr : &found->second;
}

}  // namespace patina::diffusion::internal
