// SPDX-License-Identifier: Apache-2.0
// Reads fields of a JSON document that may be hostile. Each failure throws JsonError, which names the
// document and the field by its JSON pointer (RFC 6901).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/error.h"

namespace patina::core {

/// Error{kInput} that keeps which field was wrong and how, for answers that say so in their own form.
class JsonError : public Error {
 public:
  JsonError(const std::string& where, std::string pointer, std::string fault, std::string todo);

  const std::string& pointer() const { return pointer_; }  ///< "/images/0"; "" for the document.
  const std::string& fault() const { return fault_; }      ///< "is not an integer".

 private:
  std::string pointer_;
  std::string fault_;
};

/// One value of a document and where it stands. The document must outlive it.
class JsonField {
 public:
  /// `todo` ends every message that says nothing else.
  JsonField(const nlohmann::json& document, std::string where, std::string todo);

  /// Fails unless this is an object with no other members than these.
  void expect_only(const std::vector<const char*>& members) const;
  bool has(const char* name) const;
  /// Fails if there is none.
  JsonField member(const char* name) const;
  /// Nothing if there is none or it is null.
  std::optional<JsonField> find(const char* name) const;
  /// Names and values of an object in the order held.
  std::vector<std::pair<std::string, JsonField>> members() const;
  /// Elements of an array of at most `most` elements.
  std::vector<JsonField> elements(std::size_t most) const;

  bool is_null() const { return value_->is_null(); }
  bool is_array() const { return value_->is_array(); }
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

  /// The member, or `fallback` where there is none or it is null.
  bool boolean_or(const char* name, bool fallback) const;
  std::int64_t integer_or(const char* name,
                          std::int64_t fallback,
                          std::int64_t low,
                          std::int64_t high) const;
  double number_or(const char* name, double fallback, double low, double high) const;
  std::string text_or(const char* name, const std::string& fallback, std::size_t most) const;

  [[noreturn]] void fail(const std::string& what, const std::string& todo = {}) const;

 private:
  JsonField(const nlohmann::json* value, const JsonField& parent, const std::string& token);

  const nlohmann::json* value_;
  std::string where_;
  std::string todo_;
  std::string pointer_;
};

}  // namespace patina::core
