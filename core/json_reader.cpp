// SPDX-License-Identifier: Apache-2.0
#include "core/json_reader.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/numbers.h"
#include "core/text.h"

namespace patina::core {
namespace {

/// Member name as a reference token of a JSON pointer, shortened and safe to print.
std::string pointer_token(const std::string& name) {
  constexpr std::size_t kLongest = 64;
  std::string token;
  for (const char c : name.substr(0, kLongest)) {
    if (c == '~') {
      token += "~0";
    } else if (c == '/') {
      token += "~1";
    } else {
      token += c;
    }
  }
  return printable(token);
}

}  // namespace

JsonError::JsonError(const std::string& where,
                     std::string pointer,
                     std::string fault,
                     std::string todo)
    : Error(ErrorKind::kInput,
            where,
            (pointer.empty() ? "the document" : pointer) + " " + fault,
            std::move(todo)),
      pointer_(std::move(pointer)),
      fault_(std::move(fault)) {}

JsonField::JsonField(const nlohmann::json& document, std::string where, std::string todo)
    : value_(&document), where_(std::move(where)), todo_(std::move(todo)) {}

JsonField::JsonField(const nlohmann::json* value, const JsonField& parent, const std::string& token)
    : value_(value),
      where_(parent.where_),
      todo_(parent.todo_),
      pointer_(parent.pointer_ + "/" + pointer_token(token)) {}

void JsonField::fail(const std::string& what, const std::string& todo) const {
  throw JsonError(where_, pointer_, what, todo.empty() ? todo_ : todo);
}

void JsonField::expect_only(const std::vector<const char*>& members) const {
  if (!value_->is_object()) fail("is not an object");
  for (const auto& item : value_->items()) {
    const bool known = std::any_of(
        members.begin(), members.end(), [&item](const char* name) { return item.key() == name; });
    if (!known) {
      JsonField(&item.value(), *this, item.key()).fail("is not a known field");
    }
  }
}

bool JsonField::has(const char* name) const {
  return value_->is_object() && value_->contains(name);
}

JsonField JsonField::member(const char* name) const {
  if (!value_->is_object()) fail("is not an object");
  const auto found = value_->find(name);
  if (found == value_->end()) JsonField(value_, *this, name).fail("is missing");
  return {&*found, *this, name};
}

std::optional<JsonField> JsonField::find(const char* name) const {
  if (!value_->is_object()) fail("is not an object");
  const auto found = value_->find(name);
  if (found == value_->end() || found->is_null()) return std::nullopt;
  return JsonField(&*found, *this, name);
}

std::vector<std::pair<std::string, JsonField>> JsonField::members() const {
  if (!value_->is_object()) fail("is not an object");
  std::vector<std::pair<std::string, JsonField>> fields;
  for (const auto& [name, value] : value_->items()) {
    fields.emplace_back(name, JsonField(&value, *this, name));
  }
  return fields;
}

std::vector<JsonField> JsonField::elements(std::size_t most) const {
  if (!value_->is_array()) fail("is not an array");
  if (value_->size() > most) {
    fail("has " + std::to_string(value_->size()) + " elements, at most " + std::to_string(most) +
         " are read");
  }
  std::vector<JsonField> fields;
  fields.reserve(value_->size());
  for (std::size_t i = 0; i < value_->size(); ++i) {
    fields.push_back(JsonField(&(*value_)[i], *this, std::to_string(i)));
  }
  return fields;
}

bool JsonField::boolean() const {
  if (!value_->is_boolean()) fail("is not true or false");
  return value_->get<bool>();
}

std::int64_t JsonField::integer(std::int64_t low, std::int64_t high) const {
  if (!value_->is_number_integer()) fail("is not an integer");
  const std::string range = "[" + std::to_string(low) + ", " + std::to_string(high) + "]";
  const bool too_large = value_->is_number_unsigned() &&
                         value_->get<std::uint64_t>() >
                             static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (too_large) fail("is outside " + range);
  const auto number = value_->get<std::int64_t>();
  if (number < low || number > high) fail("is " + std::to_string(number) + ", outside " + range);
  return number;
}

double JsonField::finite() const {
  if (!value_->is_number()) fail("is not a number");
  const double number = value_->get<double>();
  if (!std::isfinite(number)) fail("is not a finite number");
  return number;
}

double JsonField::number(double low, double high) const {
  const double value = finite();
  if (value < low || value > high) {
    fail("is " + exact_text(value) + ", outside [" + exact_text(low) + ", " + exact_text(high) +
         "]");
  }
  return value;
}

double JsonField::number_or_nan() const {
  return is_null() ? std::numeric_limits<double>::quiet_NaN() : finite();
}

std::string JsonField::text(std::size_t most) const {
  if (!value_->is_string()) fail("is not a text");
  const auto& text = value_->get_ref<const std::string&>();
  if (text.size() > most) {
    fail("has " + std::to_string(text.size()) + " bytes, at most " + std::to_string(most) +
         " are read");
  }
  if (!is_utf8(text)) fail("is not UTF-8");
  return text;
}

std::string JsonField::hex(std::size_t digits, bool may_be_empty) const {
  const std::string digest = text(digits);
  if (digest.empty() && may_be_empty) return digest;
  const bool is_hex = digest.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (digest.size() != digits || !is_hex) {
    fail("is not " + std::to_string(digits) + " lower-case hexadecimal digits");
  }
  return digest;
}

bool JsonField::boolean_or(const char* name, bool fallback) const {
  const std::optional<JsonField> field = find(name);
  return field ? field->boolean() : fallback;
}

std::int64_t JsonField::integer_or(const char* name,
                                   std::int64_t fallback,
                                   std::int64_t low,
                                   std::int64_t high) const {
  const std::optional<JsonField> field = find(name);
  return field ? field->integer(low, high) : fallback;
}

double JsonField::number_or(const char* name, double fallback, double low, double high) const {
  const std::optional<JsonField> field = find(name);
  return field ? field->number(low, high) : fallback;
}

std::string JsonField::text_or(const char* name,
                               const std::string& fallback,
                               std::size_t most) const {
  const std::optional<JsonField> field = find(name);
  return field ? field->text(most) : fallback;
}

}  // namespace patina::core
