// SPDX-License-Identifier: Apache-2.0
// Reads a config.json so that nothing in it goes unnoticed.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/json_reader.h"

namespace patina::diffusion::internal {

class ConfigReader {
 public:
  /// Throws Error{kInput} if `json` is not an object.
  ConfigReader(const nlohmann::json& json, std::string where);

  /// Throws Error{kUnsupported} unless `key` is absent or holds one of `names`.
  void class_is(const char* key, const std::vector<std::string>& names);
  std::int64_t integer(const char* key,
                       std::int64_t fallback,
                       std::int64_t least,
                       std::int64_t most);
  double number(const char* key, double fallback);
  bool flag(const char* key, bool fallback);
  std::string word(const char* key, const std::string& fallback);
  std::vector<std::string> words(const char* key, const std::vector<std::string>& fallback);
  /// One number for all or one for each of `count` levels.
  std::vector<std::int64_t> per_level(const char* key, std::int64_t fallback, std::size_t count);
  std::vector<std::int64_t> integers(const char* key, const std::vector<std::int64_t>& fallback);
  /// Absent, null, or exactly `only`; anything else is not supported.
  void must_be(const char* key, const nlohmann::json& only);
  /// Known and of no consequence here.
  void ignore(const std::vector<const char*>& keys);
  /// Throws Error{kUnsupported} naming the keys that nobody read; those that begin with '_' are
  /// comments.
  void finish() const;

  /// Throw Error{kInput} and Error{kUnsupported}, naming file and key.
  [[noreturn]] void refuse(const std::string& key, const std::string& what) const;
  [[noreturn]] void unsupported(const std::string& key, const std::string& what) const;

 private:
  /// Nothing if absent or null.
  std::optional<core::JsonField> find(const char* key);

  const nlohmann::json& json_;
  core::JsonField fields_;
  std::string where_;
  std::set<std::string> read_;
};

}  // namespace patina::diffusion::internal
