// SPDX-License-Identifier: Apache-2.0
#include "core/options.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/numbers.h"
#include "core/text.h"

namespace patina::core {
namespace {

std::string shortest(double value) { return exact_text(value); }
std::string shortest(int value) { return std::to_string(value); }

// "--surrogate-steps" -> "surrogate_steps".
std::string record_name(const std::string& flag) {
  std::string name = flag.substr(flag.find_first_not_of('-'));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

template <typename Number, typename Field>
bool in_range(Number value, const Field& field) {
  return value >= field.least && value <= field.most;
}

bool in_range(double value, const OptionalRealField& field) {
  return value <= field.most && (field.above_least ? value > field.least : value >= field.least);
}

struct InRange {
  bool operator()(const WholeField& field) const { return in_range(*field.value, field); }
  bool operator()(const RealField& field) const {
    if (field.or_zero && *field.value == 0.0) return true;
    return in_range(*field.value,
                    OptionalRealField{nullptr, field.least, field.most, field.above_least});
  }
  bool operator()(const OptionalWholeField& field) const {
    return !*field.value || in_range(**field.value, field);
  }
  bool operator()(const OptionalRealField& field) const {
    return !*field.value || in_range(**field.value, field);
  }
  bool operator()(const ChoiceField& field) const {
    return std::find(field.names.begin(), field.names.end(), field.chosen()) != field.names.end();
  }
  template <typename Any>
  bool operator()(const Any&) const {
    return true;
  }
};

struct RangeText {
  std::string operator()(const WholeField& field) const { return whole(field); }
  std::string operator()(const OptionalWholeField& field) const { return whole(field); }
  std::string operator()(const RealField& field) const {
    return real(field) + (field.or_zero ? " or 0" : "");
  }
  std::string operator()(const OptionalRealField& field) const { return real(field); }
  template <typename Any>
  std::string operator()(const Any&) const {
    return {};
  }

 private:
  template <typename Field>
  static std::string whole(const Field& field) {
    return shortest(field.least) + " to " + shortest(field.most);
  }
  template <typename Field>
  static std::string real(const Field& field) {
    return (field.above_least ? "above " : "") + whole(field);
  }
};

struct ValueText {
  std::string operator()(const WholeField& field) const { return shortest(*field.value); }
  std::string operator()(const RealField& field) const { return shortest(*field.value); }
  std::string operator()(const OptionalWholeField& field) const {
    return *field.value ? shortest(**field.value) : std::string();
  }
  std::string operator()(const OptionalRealField& field) const {
    return *field.value ? shortest(**field.value) : std::string();
  }
  std::string operator()(const ToggleField& field) const { return *field.value ? "yes" : "no"; }
  std::string operator()(const ChoiceField& field) const { return field.chosen(); }
  std::string operator()(const TextField& field) const { return *field.value; }
  std::string operator()(const PathField& field) const { return field.value->string(); }
};

struct Value {
  nlohmann::json operator()(const OptionalWholeField& field) const { return of(*field.value); }
  nlohmann::json operator()(const OptionalRealField& field) const { return of(*field.value); }
  nlohmann::json operator()(const ChoiceField& field) const { return field.chosen(); }
  nlohmann::json operator()(const PathField& field) const { return field.value->string(); }
  template <typename Any>
  nlohmann::json operator()(const Any& field) const {
    return *field.value;
  }

 private:
  template <typename Number>
  static nlohmann::json of(const std::optional<Number>& value) {
    return value ? nlohmann::json(*value) : nlohmann::json();
  }
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
    if (const auto* choice = std::get_if<ChoiceField>(&field.field)) {
      throw Error(ErrorKind::kUsage,
                  field.flag,
                  choice->chosen() + " is none of " + join(choice->names),
                  "give one of them");
    }
    throw Error(ErrorKind::kUsage,
                field.flag,
                value_text(field) + " is outside " + range_text(field),
                "give a value in the range");
  }
}

std::vector<OptionField> fields_read_by(const std::string& owner,
                                        const std::vector<OptionGroup>& groups) {
  std::vector<OptionField> read;
  for (const OptionGroup& group : groups) {
    const auto& owners = group.owners;
    if (!owners.empty() && std::find(owners.begin(), owners.end(), owner) == owners.end()) continue;
    read.insert(read.end(), group.fields.begin(), group.fields.end());
  }
  return read;
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
