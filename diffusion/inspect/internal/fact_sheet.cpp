// SPDX-License-Identifier: Apache-2.0
#include "diffusion/inspect/internal/fact_sheet.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "diffusion/tokens/prompt_text.h"

namespace patina::diffusion::internal {

using nlohmann::json;

namespace {

bool is_blank(char c) { return static_cast<unsigned char>(c) <= 0x20 || c == '\x7F'; }

// Bytes, at the start of UTF-8 text, of a character that would steer a terminal or turn the
// direction of text: C1 controls, U+061C, U+200E-200F, U+2028-202E, U+2066-2069. 0 for others.
std::size_t steering_length(std::string_view text) {
  const auto byte = [text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  if (byte(0) == 0xC2 && byte(1) >= 0x80 && byte(1) <= 0x9F) return 2;
  if (byte(0) == 0xD8 && byte(1) == 0x9C) return 2;
  if (byte(0) != 0xE2) return 0;
  const bool marks = byte(1) == 0x80 &&
                     (byte(2) == 0x8E || byte(2) == 0x8F || (byte(2) >= 0xA8 && byte(2) <= 0xAE));
  const bool isolates = byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9;
  return marks || isolates ? 3 : 0;
}

// At most `max_bytes` of UTF-8 text, never half a character.
std::string cut(std::string text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  std::size_t end = max_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  return text + "...";
}

std::string scaled(double value, const char* unit) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.1f %s", value, unit);
  return text.data();
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

std::string cleaned(std::string_view foreign, std::size_t max_bytes) {
  // A character has at most four bytes, and stripped ones leave a margin; beyond it nothing counts.
  const std::string text = replace_malformed(foreign.substr(0, 16 * max_bytes + 4));
  std::string clean;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t steering = steering_length(std::string_view(text).substr(i));
    if (steering > 0 || is_blank(text[i])) {
      if (!clean.empty() && clean.back() != ' ') clean += ' ';
      i += std::max<std::size_t>(steering, 1);
      continue;
    }
    clean += text[i++];
  }
  if (!clean.empty() && clean.back() == ' ') clean.pop_back();
  return cut(std::move(clean), max_bytes);
}

json cleaned(const std::map<std::string, std::string>& metadata) {
  constexpr std::size_t kMostEntries = 100;
  constexpr std::size_t kMostBytes = 1000;
  json object = json::object();
  for (const auto& [key, value] : metadata) {
    if (object.size() == kMostEntries) break;
    object[cleaned(key)] = cleaned(value, kMostBytes);
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
