// SPDX-License-Identifier: Apache-2.0
#include "diffusion/adapters/internal/lora_alphas.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"

namespace patina::diffusion::internal {

using core::Error;
using core::ErrorKind;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr const char* kMetadataName = "lora_adapter_metadata";
constexpr std::uint64_t kMostConfigBytes = 16 << 20;

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw Error(ErrorKind::kInput, where, what, "fetch or write the file again");
}

double number(const json& value, const std::string& name, const std::string& where) {
  if (!value.is_number()) refuse(where, name + " is " + core::in_quotes(value.dump()));
  return value.get<double>();
}

// peft takes its patterns for regular expressions; what it writes are names.
void require_plain(const std::string& pattern, const std::string& where) {
  if (pattern.find_first_of("\\^$*+?()[]{}|") == std::string::npos) return;
  throw Error(ErrorKind::kUnsupported,
              where,
              "alpha_pattern " + core::in_quotes(pattern) + " is a regular expression",
              "save the LoRA with whole module names");
}

bool is_named(const std::string& module, const std::string& name) {
  if (module.size() < name.size()) return false;
  const std::size_t at = module.size() - name.size();
  return module.compare(at, name.size(), name) == 0 && (at == 0 || module[at - 1] == '.');
}

bool is_true(const json& config, const std::string& key) {
  const auto found = config.find(key);
  return found != config.end() && found->is_boolean() && found->get<bool>();
}

}  // namespace

DeclaredAlphas::DeclaredAlphas(const fs::path& file,
                               const std::map<std::string, std::string>& metadata) {
  const fs::path sidecar = file.parent_path() / "adapter_config.json";
  if (file.filename() == "adapter_model.safetensors" && fs::exists(sidecar)) {
    read_config(core::parse_json(core::read_text_file(sidecar, kMostConfigBytes), sidecar.string()),
                sidecar.string());
  }
  const std::string where = file.string() + ", metadata ";
  const auto alpha = metadata.find("lora_alpha");
  if (alpha != metadata.end()) {
    const json value = core::parse_json(alpha->second, where + "lora_alpha");
    read_config({{"lora_alpha", value}}, where + "lora_alpha");
  }
  const auto document = metadata.find(kMetadataName);
  if (document != metadata.end()) {
    read_config(core::parse_json(document->second, where + kMetadataName), where + kMetadataName);
  }
}

void DeclaredAlphas::read_config(const json& config, const std::string& where) {
  if (!config.is_object()) refuse(where, "is no JSON object");
  for (const AdaptedNetwork network : {AdaptedNetwork::kUNet, AdaptedNetwork::kTextEncoder}) {
    Declared found = declared(config, std::string(to_string(network)) + ".", where);
    if (!found.alpha && found.by_module.empty()) found = declared(config, "", where);
    if (found.alpha || !found.by_module.empty()) declared_[network] = found;
  }
}

DeclaredAlphas::Declared DeclaredAlphas::declared(const json& config,
                                                  const std::string& prefix,
                                                  const std::string& where) {
  Declared result;
  if (is_true(config, prefix + "use_dora")) {
    throw Error(ErrorKind::kUnsupported, where, "is of a DoRA", "use a plain LoRA");
  }
  const auto alpha = config.find(prefix + "lora_alpha");
  if (alpha != config.end()) result.alpha = number(*alpha, prefix + "lora_alpha", where);
  const auto patterns = config.find(prefix + "alpha_pattern");
  if (patterns != config.end() && patterns->is_object()) {
    for (const auto& [pattern, value] : patterns->items()) {
      require_plain(pattern, where);
      result.by_module[pattern] = number(value, "alpha_pattern " + core::in_quotes(pattern), where);
    }
  }
  result.by_root_of_rank = is_true(config, prefix + "use_rslora");
  return result;
}

std::optional<double> DeclaredAlphas::find(const LoRAKey& key, std::int64_t rank) const {
  const auto found = declared_.find(key.network);
  if (found == declared_.end()) return std::nullopt;
  const Declared& of_network = found->second;
  std::optional<double> alpha = of_network.alpha;
  for (const auto& [name, value] : of_network.by_module) {
    if (is_named(key.module, name)) {
      alpha = value;
      break;
    }
  }
  if (alpha && of_network.by_root_of_rank) *alpha *= std::sqrt(static_cast<double>(rank));
  return alpha;
}

}  // namespace patina::diffusion::internal
