// SPDX-License-Identifier: Apache-2.0
#include "diffusion/inspect/inspect.h"

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json.h"
#include "core/safetensors.h"
#include "core/secret_box.h"
#include "diffusion/files/pickles.h"
#include "diffusion/files/wording.h"
#include "diffusion/inspect/internal/fact_sheet.h"
#include "diffusion/inspect/internal/file_summary.h"

namespace patina::diffusion {

using internal::FactSheet;
using internal::one_line;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kSealHeadBytes = 9;  // the magic and the version, core/secret_box.h
constexpr const char* kPatinaMetadata = "patina";

Inspection inspect_sealed(const std::string& head) {
  FactSheet sheet("sealed Patina file");
  const int version = static_cast<unsigned char>(head[kSealHeadBytes - 1]);
  sheet.add("Sealed", "sealed", "yes, with a passphrase", true);
  sheet.add("Seal version", "seal_version", std::to_string(version), version);
  return sheet.take();
}

// The document of a key holds its seed and message: only what is named here is ever told.
Inspection inspect_patina(const std::string& document, const std::string& where) {
  json parsed;
  try {
    parsed = core::parse_json(document, where);
  } catch (const core::Error&) {
    parsed = nullptr;
  }
  const std::string kind = parsed.is_object() && parsed.contains("kind") &&
                                   parsed["kind"].is_string()
                               ? parsed["kind"].get<std::string>()
                               : "";
  FactSheet sheet(kind == "patina-coat-key"    ? "Patina coat key"
                  : kind == "patina-extractor" ? "Patina extractor"
                                               : "Patina file");
  if (parsed.is_object() && parsed.contains("method") && parsed["method"].is_string()) {
    sheet.add("Method", "method", one_line(parsed["method"].get<std::string>()));
  }
  if (parsed.is_object() && parsed.contains("format_version") &&
      parsed["format_version"].is_number_integer()) {
    const auto version = parsed["format_version"].get<std::int64_t>();
    sheet.add("Format version", "format_version", std::to_string(version), version);
  }
  sheet.add("Sealed", "sealed", "no", false);
  return sheet.take();
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// Vectors of an embedding, {count, width}; nullopt for a tensor that cannot be one.
std::optional<std::pair<std::int64_t, std::int64_t>> vectors_of(const std::string& name,
                                                                const core::TensorView& view) {
  constexpr std::int64_t kMostVectors = 75;  // of a prompt
  constexpr std::int64_t kLeastWidth = 16;
  constexpr std::int64_t kMostWidth = 4096;
  const std::size_t dims = view.shape.size();
  const bool weight = ends_with(name, ".weight") || ends_with(name, ".bias");
  if (weight || !internal::is_floating(view.dtype) || dims < 1 || dims > 2) return std::nullopt;
  const std::int64_t count = dims == 2 ? view.shape[0] : 1;
  const std::int64_t width = view.shape.back();
  const bool plausible = count >= 1 && count <= kMostVectors && width >= kLeastWidth &&
                         width <= kMostWidth;
  return plausible ? std::optional(std::pair(count, width)) : std::nullopt;
}

bool is_embedding(const core::SafetensorsFile& file) {
  constexpr std::size_t kMostTokens = 32;
  if (file.tensors().empty() || file.tensors().size() > kMostTokens) return false;
  std::optional<std::int64_t> width;
  return std::all_of(file.tensors().begin(), file.tensors().end(), [&width](const auto& item) {
    const auto vectors = vectors_of(item.first, item.second);
    const bool same = vectors && width.value_or(vectors->second) == vectors->second;
    if (vectors) width = vectors->second;
    return same;
  });
}

Inspection inspect_embedding(const core::SafetensorsFile& file) {
  FactSheet sheet("textual-inversion embedding");
  const bool webui = file.contains("emb_params");
  sheet.add("Style", "style", webui ? "webui (names no token)" : "diffusers learned_embeds");
  json tokens = json::array();
  std::string text;
  std::int64_t width = 0;
  for (const auto& [name, view] : file.tensors()) {
    const auto vectors = vectors_of(name, view);
    width = vectors->second;
    const json token = webui ? json(nullptr) : json(one_line(name, 80));
    tokens.push_back({{"token", token}, {"vectors", vectors->first}});
    text += (text.empty() ? "" : ", ") + (webui ? "not named" : one_line(name, 80)) + " (" +
            std::to_string(vectors->first) + (vectors->first == 1 ? " vector)" : " vectors)");
  }
  sheet.add("Tokens", "tokens", text, tokens);
  sheet.add("Width", "width", std::to_string(width), width);
  sheet.add("", "metadata", "", one_line(file.metadata()));
  return sheet.take();
}

using Largest = std::vector<std::pair<std::string, const core::TensorView*>>;

Largest largest_tensors(const core::SafetensorsFile& file) {
  constexpr std::size_t kShown = 5;
  Largest largest;
  for (const auto& [name, view] : file.tensors()) largest.emplace_back(name, &view);
  std::stable_sort(largest.begin(), largest.end(), [](const auto& a, const auto& b) {
    return a.second->size_bytes > b.second->size_bytes;
  });
  largest.resize(std::min(largest.size(), kShown));
  return largest;
}

Inspection inspect_any(const core::SafetensorsFile& file) {
  const auto& tensors = file.tensors();
  const auto checkpoint = tensors.lower_bound("model.diffusion_model.");
  const bool is_checkpoint = checkpoint != tensors.end() &&
                             checkpoint->first.rfind("model.diffusion_model.", 0) == 0;
  FactSheet sheet(is_checkpoint ? "single-file checkpoint" : "safetensors file");
  add_summary(internal::summary_of({file}), sheet);
  std::string text;
  json largest = json::array();
  for (const auto& [name, view] : largest_tensors(file)) {
    const std::string shown = one_line(name, 120);
    text += (text.empty() ? "" : ", ") + shown + " " + internal::shape_text(view->shape);
    largest.push_back({{"name", shown},
                       {"dtype", core::to_string(view->dtype)},
                       {"shape", view->shape},
                       {"bytes", view->size_bytes}});
  }
  sheet.add("Largest", "largest", text, largest);
  const json metadata = one_line(file.metadata());
  for (const auto& [key, value] : metadata.items()) {
    sheet.add("Metadata " + key, "metadata", one_line(value.get<std::string>()), metadata);
  }
  sheet.add("", "metadata", "", metadata);
  return sheet.take();
}

}  // namespace

Inspection inspect(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return internal::inspect_model_folder(path);
  const std::string head = internal::first_bytes(path, kSealHeadBytes);
  if (head.size() == kSealHeadBytes && core::is_sealed({head.begin(), head.end()})) {
    return inspect_sealed(head);
  }
  internal::refuse_pickle(path);
  const auto file = core::SafetensorsFile::open(path);
  const auto patina = file.metadata().find(kPatinaMetadata);
  if (patina != file.metadata().end()) return inspect_patina(patina->second, file.where());
  if (internal::is_lora(file)) return internal::inspect_lora(file);
  return is_embedding(file) ? inspect_embedding(file) : inspect_any(file);
}

}  // namespace patina::diffusion
