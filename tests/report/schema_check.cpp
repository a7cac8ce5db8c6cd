// SPDX-License-Identifier: Apache-2.0
#include "tests/report/schema_check.h"

#include <algorithm>
#include <functional>
#include <map>
#include <regex>

namespace patina::report::test {
namespace {

using nlohmann::json;

class Checker {
 public:
  explicit Checker(const json& root) : root_(root) {}

  std::vector<std::string> check(const json& schema,
                                 const json& value,
                                 const std::string& at) const {
    std::vector<std::string> found;
    for (const auto& keyword : schema.items()) {
      const auto rule = rules_.find(keyword.key());
      if (rule == rules_.end()) {
        found.push_back("the schema uses " + keyword.key() + ", which is not checked");
        continue;
      }
      for (const std::string& problem : rule->second(schema, value, at)) found.push_back(problem);
    }
    return found;
  }

 private:
  using Problems = std::vector<std::string>;
  using Rule =
      std::function<Problems(const json& schema, const json& value, const std::string& at)>;

  static Problems require(bool holds, const std::string& problem) {
    return holds ? Problems{} : Problems{problem};
  }

  static bool has_type(const std::string& type, const json& value) {
    if (type == "number") return value.is_number();
    if (type == "integer") return value.is_number_integer();
    return type == value.type_name();
  }

  static Problems type(const json& schema, const json& value, const std::string& at) {
    const json& wanted = schema["type"];
    const json types = wanted.is_array() ? wanted : json::array({wanted});
    const bool any = std::any_of(types.begin(), types.end(), [&value](const json& one) {
      return has_type(one.get<std::string>(), value);
    });
    return require(any, at + " is no " + wanted.dump());
  }

  Problems members(const json& schema, const json& value, const std::string& at) const {
    Problems found;
    if (!value.is_object()) return found;
    for (const auto& item : schema["properties"].items()) {
      if (!value.contains(item.key())) continue;
      for (const auto& one : check(item.value(), value[item.key()], at + "/" + item.key())) {
        found.push_back(one);
      }
    }
    return found;
  }

  static Problems closed(const json& schema, const json& value, const std::string& at) {
    Problems found;
    if (schema["additionalProperties"] != false || !value.is_object()) return found;
    for (const auto& item : value.items()) {
      if (!schema["properties"].contains(item.key()))
        found.push_back(at + "/" + item.key() + " is unknown");
    }
    return found;
  }

  static Problems required(const json& schema, const json& value, const std::string& at) {
    Problems found;
    for (const auto& name : schema["required"]) {
      if (!value.is_object() || !value.contains(name.get<std::string>())) {
        found.push_back(at + "/" + name.get<std::string>() + " is missing");
      }
    }
    return found;
  }

  Problems items(const json& schema, const json& value, const std::string& at) const {
    Problems found;
    if (!value.is_array()) return found;
    for (std::size_t i = 0; i < value.size(); ++i) {
      for (const auto& one : check(schema["items"], value[i], at + "/" + std::to_string(i))) {
        found.push_back(one);
      }
    }
    return found;
  }

  Problems one_of(const json& schema, const json& value, const std::string& at) const {
    const auto matches = std::count_if(
        schema["oneOf"].begin(), schema["oneOf"].end(), [&](const json& option) {
          return check(option, value, at).empty();
        });
    return require(matches == 1, at + " matches " + std::to_string(matches) + " of the options");
  }

  const json& root_;
  const std::map<std::string, Rule> rules_ = {
      {"$schema", [](auto&&...) { return Problems{}; }},
      {"$id", [](auto&&...) { return Problems{}; }},
      {"$defs", [](auto&&...) { return Problems{}; }},
      {"title", [](auto&&...) { return Problems{}; }},
      {"description", [](auto&&...) { return Problems{}; }},
      {"type", &Checker::type},
      {"additionalProperties", &Checker::closed},
      {"required", &Checker::required},
      {"properties",
       [this](const json& s, const json& v, const std::string& at) { return members(s, v, at); }},
      {"items",
       [this](const json& s, const json& v, const std::string& at) { return items(s, v, at); }},
      {"oneOf",
       [this](const json& s, const json& v, const std::string& at) { return one_of(s, v, at); }},
      {"$ref",
       [this](const json& s, const json& v, const std::string& at) {
         const auto target = s["$ref"].get<std::string>();
         return check(root_.at(json::json_pointer(target.substr(1))), v, at);
       }},
      {"const",
       [](const json& s, const json& v, const std::string& at) {
         return require(s["const"] == v, at + " is not " + s["const"].dump());
       }},
      {"enum",
       [](const json& s, const json& v, const std::string& at) {
         const bool listed = std::find(s["enum"].begin(), s["enum"].end(), v) != s["enum"].end();
         return require(listed, at + " is none of " + s["enum"].dump());
       }},
      {"pattern",
       [](const json& s, const json& v, const std::string& at) {
         const std::regex pattern(s["pattern"].get<std::string>(), std::regex::ECMAScript);
         const bool fits = !v.is_string() || std::regex_search(v.get<std::string>(), pattern);
         return require(fits, at + " does not match " + s["pattern"].dump());
       }},
      {"minimum",
       [](const json& s, const json& v, const std::string& at) {
         return require(!v.is_number() || v >= s["minimum"], at + " is too small");
       }},
      {"maximum",
       [](const json& s, const json& v, const std::string& at) {
         return require(!v.is_number() || v <= s["maximum"], at + " is too large");
       }},
      {"maxLength",
       [](const json& s, const json& v, const std::string& at) {
         return require(!v.is_string() || v.get<std::string>().size() <= s["maxLength"],
                        at + " is too long");
       }},
      {"minItems",
       [](const json& s, const json& v, const std::string& at) {
         return require(!v.is_array() || v.size() >= s["minItems"], at + " has too few elements");
       }},
      {"maxItems", [](const json& s, const json& v, const std::string& at) {
         return require(!v.is_array() || v.size() <= s["maxItems"], at + " has too many elements");
       }}};
};

}  // namespace

std::vector<std::string> schema_violations(const json& schema, const json& instance) {
  return Checker(schema).check(schema, instance, "");
}

}  // namespace patina::report::test
