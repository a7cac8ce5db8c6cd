// SPDX-License-Identifier: Apache-2.0
#include "diffusion/inspect/internal/fact_sheet.h"

#include <algorithm>
#include <utility>

#include "core/numbers.h"
#include "core/text.h"

namespace patina::diffusion::internal {

using nlohmann::json;

namespace {

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string scaled(double value, const char* unit) {
  return core::fixed_text(value, 1) + " " + unit;
}

}  // namespace

FactSheet::FactSheet(const std::string& kind) {
  inspection_.kind = kind;
  object_["kind"] = kind;
}

void FactSheet::add(const std::string& label,
                    const std::string& key,
                    const std::string& text,
                    json exact) {
  if (!label.empty()) inspection_.facts.push_back({label, text});
  object_[key] = std::move(exact);
}

void FactSheet::add(const std::string& label, const std::string& key, const std::string& text) {
  if (!text.empty()) add(label, key, text, text);
}

Inspection FactSheet::take() {
  inspection_.json = object_.dump();
  return std::move(inspection_);
}

std::string one_line(std::string_view foreign, std::size_t max_bytes) {
  std::string line;
  for (const char c : foreign.substr(0, 16 * max_bytes)) {
    if (!is_blank(c)) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  if (!line.empty() && line.back() == ' ') line.pop_back();
  return core::printable(core::cut_utf8(line, max_bytes)) + (line.size() > max_bytes ? "..." : "");
}

json one_line(const std::map<std::string, std::string>& metadata) {
  constexpr std::size_t kMostEntries = 100;
  constexpr std::size_t kMostBytes = 1000;
  json object = json::object();
  for (const auto& [key, value] : metadata) {
    if (object.size() == kMostEntries) break;
    object[one_line(key)] = one_line(value, kMostBytes);
  }
  return object;
}

std::string count_text(std::uint64_t count) {
  const auto value = static_cast<double>(count);
  if (count >= 1'000'000'000) return scaled(value / 1e9, "billion");
  if (count >= 1'000'000) return scaled(value / 1e6, "million");
  return std::to_string(count);
}

std::string bytes_text(std::uint64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (bytes >= 1'000'000'000) return scaled(value / 1e9, "GB");
  if (bytes >= 1'000'000) return scaled(value / 1e6, "MB");
  if (bytes >= 1000) return scaled(value / 1e3, "kB");
  return std::to_string(bytes) + " bytes";
}

}  // namespace patina::diffusion::internal
