// SPDX-License-Identifier: Apache-2.0
#include "diffusion/files/config_reader.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace patina::diffusion::internal {

using core::Error;
using core::ErrorKind;
using nlohmann::json;

namespace {

constexpr std::int64_t kMostLevels = 8;
constexpr std::int64_t kMostPerLevel = 1 << 16;

std::string shown(const json& value) {
  std::string text = value.dump();
  constexpr std::size_t kLongest = 60;
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
  return text;
}

}  // namespace

ConfigReader::ConfigReader(const json& config, std::string where)
    : json_(config), where_(std::move(where)) {
  if (!config.is_object()) {
    throw Error(ErrorKind::kInput, where_, "is not a JSON object", "fetch the model again");
  }
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

const json* ConfigReader::find(const char* key) {
  read_.insert(key);
  const auto found = json_.find(key);
  return found == json_.end() || found->is_null() ? nullptr : &*found;
}

void ConfigReader::class_is(const char* key, const std::vector<std::string>& names) {
  const json* value = find(key);
  if (value == nullptr) return;
  const std::string name = value->is_string() ? value->get<std::string>() : shown(*value);
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    throw Error(ErrorKind::kUnsupported,
                where_,
                core::in_quotes(name) + " is not an architecture this build runs",
                "use " + names.front());
  }
}

std::int64_t ConfigReader::checked_integer(const json& value,
                                           const char* key,
                                           std::int64_t least,
                                           std::int64_t most) const {
  if (!value.is_number_integer()) refuse(key, shown(value) + " is not an integer");
  const bool too_large = value.is_number_unsigned() &&
                         value.get<std::uint64_t>() > static_cast<std::uint64_t>(most);
  const std::int64_t number = too_large ? most + 1 : value.get<std::int64_t>();
  if (number < least || number > most) {
    refuse(key,
           shown(value) + " is not from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return number;
}

std::int64_t ConfigReader::integer(const char* key,
                                   std::int64_t fallback,
                                   std::int64_t least,
                                   std::int64_t most) {
  const json* value = find(key);
  return value == nullptr ? fallback : checked_integer(*value, key, least, most);
}

double ConfigReader::number(const char* key, double fallback) {
  const json* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_number() || !std::isfinite(value->get<double>())) {
    refuse(key, shown(*value) + " is not a number");
  }
  return value->get<double>();
}

bool ConfigReader::flag(const char* key, bool fallback) {
  const json* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) refuse(key, shown(*value) + " is neither true nor false");
  return value->get<bool>();
}

std::string ConfigReader::word(const char* key, const std::string& fallback) {
  const json* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_string()) refuse(key, shown(*value) + " is not a string");
  return value->get<std::string>();
}

std::vector<std::string> ConfigReader::words(const char* key,
                                             const std::vector<std::string>& fallback) {
  const json* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_array() || value->empty() ||
      value->size() > static_cast<std::size_t>(kMostLevels) ||
      !std::all_of(value->begin(), value->end(), [](const json& v) { return v.is_string(); })) {
    refuse(key, shown(*value) + " is not a list of one to eight names");
  }
  return value->get<std::vector<std::string>>();
}

std::vector<std::int64_t> ConfigReader::integers(const char* key,
                                                 const std::vector<std::int64_t>& fallback) {
  const json* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_array() || value->empty() ||
      value->size() > static_cast<std::size_t>(kMostLevels)) {
    refuse(key, shown(*value) + " is not a list of one to eight integers");
  }
  std::vector<std::int64_t> numbers;
  for (const json& entry : *value) numbers.push_back(checked_integer(entry, key, 1, kMostPerLevel));
  return numbers;
}

std::vector<std::int64_t> ConfigReader::per_level(const char* key,
                                                  std::int64_t fallback,
                                                  std::size_t count) {
  const json* value = find(key);
  if (value == nullptr) return std::vector<std::int64_t>(count, fallback);
  if (!value->is_array()) {
    return std::vector<std::int64_t>(count, checked_integer(*value, key, 1, kMostPerLevel));
  }
  std::vector<std::int64_t> numbers = integers(key, {});
  if (numbers.size() != count) {
    refuse(key,
           shown(*value) + " has not one entry for each of " + std::to_string(count) + " levels");
  }
  return numbers;
}

void ConfigReader::must_be(const char* key, const json& only) {
  const json* value = find(key);
  if (value == nullptr || *value == only) return;
  unsupported(
      key, shown(*value) + " is not supported" + (only.is_null() ? "" : ", only " + only.dump()));
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
