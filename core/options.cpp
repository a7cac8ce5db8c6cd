// SPDX-License-Identifier: Apache-2.0
#include "core/options.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <nlohmann/json.hpp>

#include "core/error.h"

namespace patina::core {
namespace {

std::string shortest(double value) {
  std::array<char, 32> buffer{};
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), written.ptr};
}

std::string shortest(int value) { return std::to_string(value); }

// "--surrogate-steps" -> "surrogate_steps".
std::string record_name(const std::string& flag) {
  std::string name = flag.substr(flag.find_first_not_of('-'));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

bool in_range(const WholeField& field) {
  return *field.value >= field.least && *field.value <= field.most;
}

bool in_range(const RealField& field) {
  if (field.or_zero && *field.value == 0.0) return true;
  const bool enough = field.above_least ? *field.value > field.least : *field.value >= field.least;
  return enough && *field.value <= field.most;
}

struct RangeText {
  std::string operator()(const WholeField& field) const {
    return shortest(field.least) + " to " + shortest(field.most);
  }
  std::string operator()(const RealField& field) const {
    return (field.above_least ? "above " : "") + shortest(field.least) + " to " +
           shortest(field.most) + (field.or_zero ? " or 0" : "");
  }
  std::string operator()(const TextField&) const { return {}; }
  std::string operator()(const PathField&) const { return {}; }
};

struct ValueText {
  std::string operator()(const WholeField& field) const { return shortest(*field.value); }
  std::string operator()(const RealField& field) const { return shortest(*field.value); }
  std::string operator()(const TextField& field) const { return *field.value; }
  std::string operator()(const PathField& field) const { return field.value->string(); }
};

struct Value {
  nlohmann::json operator()(const WholeField& field) const { return *field.value; }
  nlohmann::json operator()(const RealField& field) const { return *field.value; }
  nlohmann::json operator()(const TextField& field) const { return *field.value; }
  nlohmann::json operator()(const PathField& field) const { return field.value->string(); }
};

struct InRange {
  bool operator()(const WholeField& field) const { return in_range(field); }
  bool operator()(const RealField& field) const { return in_range(field); }
  bool operator()(const TextField&) const { return true; }
  bool operator()(const PathField&) const { return true; }
};

}  // namespace

std::string range_text(const OptionField& field) { return std::visit(RangeText{}, field.field); }

std::string value_text(const OptionField& field) {
  const std::string text = std::visit(ValueText{}, field.field);
  return text.empty() ? field.when_empty : text;
}

void validate(const std::vector<OptionField>& fields) {
  for (const OptionField& field : fields) {
    if (std::visit(InRange{}, field.field)) continue;
    throw Error(ErrorKind::kUsage,
                field.flag,
                value_text(field) + " is outside " + range_text(field),
                "give a value in the range");
  }
}

nlohmann::json record(const std::vector<OptionField>& fields) {
  nlohmann::json object = nlohmann::json::object();
  for (const OptionField& field : fields) {
    const std::string name = record_name(field.flag);
    if (field.secret) {
      object[name + "_given"] = !std::visit(ValueText{}, field.field).empty();
    } else {
      object[name] = std::visit(Value{}, field.field);
    }
  }
  return object;
}

}  // namespace patina::core
