// SPDX-License-Identifier: Apache-2.0
// Reads fields of a JSON document that may be hostile. Each failure throws Error{kInput} that names
// the document and the field by its JSON pointer (RFC 6901).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace patina::report {

/// One value of a document and where it stands.
class JsonField {
 public:
  JsonField(const nlohmann::json& document, std::string where);

  /// Fails unless this is an object with no other members than these.
  void expect_only(const std::vector<const char*>& members) const;
  bool has(const char* name) const;
  JsonField member(const char* name) const;
  /// Elements of an array of at most `most` elements.
  std::vector<JsonField> elements(std::size_t most) const;

  bool is_null() const { return value_->is_null(); }
  bool boolean() const;
  std::int64_t integer(std::int64_t low, std::int64_t high) const;
  /// A finite number in [low, high].
  double number(double low, double high) const;
  double finite() const;
  /// NaN for null.
  double number_or_nan() const;
  /// UTF-8 of at most `most` bytes.
  std::string text(std::size_t most) const;
  /// Lower-case hexadecimal of exactly `digits` digits, or empty where `may_be_empty`.
  std::string hex(std::size_t digits, bool may_be_empty) const;

  [[noreturn]] void fail(const std::string& what, const std::string& todo = {}) const;

 private:
  JsonField(const nlohmann::json* value, std::string where, std::string pointer);

  const nlohmann::json* value_;
  std::string where_;
  std::string pointer_;
};

}  // namespace patina::report
