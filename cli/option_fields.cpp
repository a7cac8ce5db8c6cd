// SPDX-License-Identifier: Apache-2.0
#include "cli/option_fields.h"

#include <algorithm>
#include <cctype>
#include <cstdint>

#include "core/error.h"

namespace patina::cli {
namespace {

std::string capitalised(std::string text) {
  if (!text.empty()) {
    text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  }
  return text;
}

// "Siren: training steps, 0 to 100000; more fit the set better (default: 20)."
std::string help_of_field(const std::string& owner, const core::OptionField& field) {
  const std::string range = core::range_text(field);
  const std::string value = core::value_text(field);
  std::string meaning = field.meaning;
  if (!range.empty()) meaning.insert(std::min(meaning.find(';'), meaning.size()), ", " + range);
  return capitalised(owner.empty() ? meaning : owner + ": " + meaning) +
         (value.empty() ? "" : " (default: " + value + ")") + ".";
}

struct Binder {
  CommandLine& line;
  Flag flag;

  void operator()(const core::WholeField& field) const {
    line.whole(flag,
               {static_cast<std::uint64_t>(field.least), static_cast<std::uint64_t>(field.most)},
               *field.value);
  }
  void operator()(const core::RealField& field) const {
    line.real(
        flag, {field.least, field.most, field.above_least, false, field.or_zero}, *field.value);
  }
  void operator()(const core::TextField& field) const { line.text(flag, *field.value); }
  void operator()(const core::PathField& field) const { line.path(flag, *field.value); }
};

void refuse(const std::string& flag, const std::string& what, const std::string& todo) {
  throw core::Error(core::ErrorKind::kUsage, flag, what, todo);
}

}  // namespace

void bind_fields(CommandLine& line, const FieldGroup& group) {
  for (const core::OptionField& field : group.fields) {
    std::visit(Binder{line, {field.flag, field.value, help_of_field(group.owner, field)}},
               field.field);
  }
}

void refuse_flags_without_effect(const CommandLine& line,
                                 const std::vector<FieldGroup>& groups,
                                 const std::string& chooser,
                                 const std::vector<std::string>& chosen) {
  for (const FieldGroup& group : groups) {
    const bool is_chosen = std::find(chosen.begin(), chosen.end(), group.owner) != chosen.end();
    for (const core::OptionField& field : group.fields) {
      if (!line.given(field.flag)) continue;
      if (!is_chosen) {
        std::string names;
        for (const std::string& name : chosen) names += (names.empty() ? "" : ",") + name;
        refuse(field.flag,
               "has no effect with " + chooser + " " + names,
               "leave it out, or add " + chooser + " " + group.owner);
      }
      if (!field.needs.empty() && !line.given(field.needs)) {
        refuse(field.flag,
               "has no effect without " + field.needs,
               "leave it out, or add " + field.needs + " W");
      }
    }
  }
}

}  // namespace patina::cli
