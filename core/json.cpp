// SPDX-License-Identifier: Apache-2.0
#include "core/json.h"

#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/error.h"

namespace patina::core {
namespace {

using nlohmann::json;

/// Builds the document while it is read, so that depth and key rules hold before memory is spent.
class Builder : public nlohmann::json_sax<json> {
 public:
  explicit Builder(int max_depth) : max_depth_(max_depth) {}

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t& /*text*/) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t& /*value*/) override { return fail("binary values are not JSON"); }
  bool start_object(std::size_t /*size*/) override { return open(json::object()); }
  bool start_array(std::size_t /*size*/) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    if (open_.back()->contains(name)) {
      return fail("key " + in_quotes(name) + " appears twice in one object");
    }
    key_ = std::move(name);
    return true;
  }

  bool parse_error(std::size_t position,
                   const std::string& /*last_token*/,
                   const nlohmann::detail::exception& error) override {
    const std::string text = error.what();
    // The library's reason follows its own name and the position, e.g. "... column 3: syntax
    // error".
    const std::size_t reason = text.find(": ");
    const std::string detail = reason == std::string::npos ? text : text.substr(reason + 2);
    return fail("not JSON at byte " + std::to_string(position) + ", " + in_quotes(detail));
  }

  const std::string& problem() const { return problem_; }
  json take() { return std::move(root_); }

 private:
  bool fail(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }

  json* place(json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    json& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    return &(parent[key_] = std::move(value));
  }

  bool add(json value) {
    place(std::move(value));
    return true;
  }

  bool open(json container) {
    if (open_.size() >= static_cast<std::size_t>(max_depth_)) {
      return fail("nested deeper than " + std::to_string(max_depth_) + " levels");
    }
    open_.push_back(place(std::move(container)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  int max_depth_;
  json root_;
  std::vector<json*> open_;  // parents grow only at their end while a child is open
  std::string key_;
  std::string problem_;
};

/// JSON pointer to the first number that is not finite.
std::optional<std::string> place_not_finite(const json& value) {
  if (value.is_number_float() && !std::isfinite(value.get<double>())) {
    return "";
  }
  if (!value.is_structured()) {
    return std::nullopt;
  }
  for (const auto& item : value.items()) {
    if (const auto below = place_not_finite(item.value())) {
      return "/" + item.key() + *below;
    }
  }
  return std::nullopt;
}

}  // namespace

json parse_json(std::string_view text, const std::string& where, int max_depth) {
  // The library takes a zero byte for the end of its input and would not look behind it.
  const std::size_t zero = text.find('\0');
  Builder builder(max_depth);
  if (zero == std::string_view::npos && json::sax_parse(text.begin(), text.end(), &builder)) {
    return builder.take();
  }
  const std::string problem = zero == std::string_view::npos
                                  ? builder.problem()
                                  : "not JSON, zero byte at byte " + std::to_string(zero);
  throw Error(ErrorKind::kInput, where, problem, "mend or replace it");
}

std::string dump_json(const json& value) {
  if (const auto place = place_not_finite(value)) {
    throw Error(ErrorKind::kInternal,
                place->empty() ? "/" : *place,
                "a number that is not finite cannot be written as JSON",
                "write null and a reason instead");
  }
  try {
    return value.dump(2) + "\n";
  } catch (const json::exception&) {
    std::throw_with_nested(Error(ErrorKind::kInput,
                                 "JSON output",
                                 "a text in it is not UTF-8",
                                 "rename files whose names are not UTF-8"));
  }
}

json number_or_null(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

}  // namespace patina::core
