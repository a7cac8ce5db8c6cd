// SPDX-License-Identifier: Apache-2.0
#include "diffusion/files/config_reader.h"

#include <algorithm>

#include "core/error.h"

namespace patina::diffusion::internal {

using core::Error;
using core::ErrorKind;
using nlohmann::json;

namespace {

constexpr std::size_t kMostLevels = 8;
constexpr std::size_t kLongestWord = 1 << 10;
constexpr std::int64_t kMostPerLevel = 1 << 16;

std::string shown(const json& value) {
  std::string text = value.dump();
  constexpr std::size_t kLongest = 60;
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
  return text;
}

}  // namespace

ConfigReader::ConfigReader(const json& config, std::string where)
    : json_(config), fields_(config, where, "correct the file"), where_(std::move(where)) {
  fields_.members();
}

void ConfigReader::refuse(const std::string& key, const std::string& what) const {
  throw Error(ErrorKind::kInput, where_ + ", \"" + key + "\"", what, "correct the file");
}

void ConfigReader::unsupported(const std::string& key, const std::string& what) const {
  throw Error(ErrorKind::kUnsupported,
              where_ + ", \"" + key + "\"",
              what,
              "use a Stable Diffusion 1.x or 2.x model");
}

std::optional<core::JsonField> ConfigReader::find(const char* key) {
  read_.insert(key);
  return fields_.find(key);
}

void ConfigReader::class_is(const char* key, const std::vector<std::string>& names) {
  const std::string name = word(key, names.front());
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    throw Error(ErrorKind::kUnsupported,
                where_,
                core::in_quotes(name) + " is not an architecture this build runs",
                "use " + names.front());
  }
}

std::int64_t ConfigReader::integer(const char* key,
                                   std::int64_t fallback,
                                   std::int64_t least,
                                   std::int64_t most) {
  const auto field = find(key);
  return field ? field->integer(least, most) : fallback;
}

double ConfigReader::number(const char* key, double fallback) {
  const auto field = find(key);
  return field ? field->finite() : fallback;
}

bool ConfigReader::flag(const char* key, bool fallback) {
  const auto field = find(key);
  return field ? field->boolean() : fallback;
}

std::string ConfigReader::word(const char* key, const std::string& fallback) {
  const auto field = find(key);
  return field ? field->text(kLongestWord) : fallback;
}

std::vector<std::string> ConfigReader::words(const char* key,
                                             const std::vector<std::string>& fallback) {
  const auto field = find(key);
  if (!field) return fallback;
  std::vector<std::string> names;
  for (const core::JsonField& entry : field->elements(kMostLevels)) {
    names.push_back(entry.text(kLongestWord));
  }
  if (names.empty()) field->fail("is empty");
  return names;
}

std::vector<std::int64_t> ConfigReader::integers(const char* key,
                                                 const std::vector<std::int64_t>& fallback) {
  const auto field = find(key);
  if (!field) return fallback;
  std::vector<std::int64_t> numbers;
  for (const core::JsonField& entry : field->elements(kMostLevels)) {
    numbers.push_back(entry.integer(1, kMostPerLevel));
  }
  if (numbers.empty()) field->fail("is empty");
  return numbers;
}

std::vector<std::int64_t> ConfigReader::per_level(const char* key,
                                                  std::int64_t fallback,
                                                  std::size_t count) {
  const auto field = find(key);
  if (!field || !field->is_array()) {
    return std::vector<std::int64_t>(count, integer(key, fallback, 1, kMostPerLevel));
  }
  std::vector<std::int64_t> numbers = integers(key, {});
  if (numbers.size() != count) {
    field->fail("has not one entry for each of " + std::to_string(count) + " levels");
  }
  return numbers;
}

void ConfigReader::must_be(const char* key, const json& only) {
  if (!find(key) || json_[key] == only) return;
  unsupported(
      key,
      shown(json_[key]) + " is not supported" + (only.is_null() ? "" : ", only " + only.dump()));
}

void ConfigReader::ignore(const std::vector<const char*>& keys) {
  read_.insert(keys.begin(), keys.end());
}

void ConfigReader::finish() const {
  std::string unknown;
  for (const auto& [key, value] : json_.items()) {
    if (read_.count(key) > 0 || key.rfind('_', 0) == 0) continue;
    unknown += (unknown.empty() ? "" : ", ") + core::in_quotes(key);
  }
  if (unknown.empty()) return;
  throw Error(ErrorKind::kUnsupported,
              where_,
              "has the unknown field " + unknown,
              "use a Stable Diffusion 1.x or 2.x model, or remove the field if it changes nothing");
}

}  // namespace patina::diffusion::internal
