// SPDX-License-Identifier: Apache-2.0
#include "cli/option_fields.h"

#include <algorithm>
#include <cctype>
#include <cstdint>

#include "core/error.h"
#include "core/text.h"

namespace patina::cli {
namespace {

std::string capitalised(std::string text) {
  if (!text.empty()) {
    text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  }
  return text;
}

// "siren: training steps, 0 to 100000; more fit the set better (default: 20)."
std::string help_of_field(const std::vector<std::string>& owners, const core::OptionField& field) {
  const std::string range = core::range_text(field);
  const bool toggle = std::holds_alternative<core::ToggleField>(field.field);
  const std::string value = toggle ? "" : core::value_text(field);
  std::string meaning = field.meaning;
  if (!range.empty()) meaning.insert(std::min(meaning.find(';'), meaning.size()), ", " + range);
  return (owners.empty() ? capitalised(meaning) : core::join(owners) + ": " + meaning) +
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
  void operator()(const core::OptionalWholeField& field) const {
    line.whole(flag,
               {static_cast<std::uint64_t>(field.least), static_cast<std::uint64_t>(field.most)},
               [value = field.value](std::uint64_t given) { *value = static_cast<int>(given); });
  }
  void operator()(const core::OptionalRealField& field) const {
    line.real(flag,
              {field.least, field.most, field.above_least, false},
              [value = field.value](double given) { *value = given; });
  }
  void operator()(const core::ToggleField& field) const { line.toggle(flag, *field.value); }
  void operator()(const core::ChoiceField& field) const {
    line.choice(flag, field.names, field.choose);
  }
  void operator()(const core::TextField& field) const { line.text(flag, *field.value); }
  void operator()(const core::PathField& field) const { line.path(flag, *field.value); }
};

void refuse(const std::string& flag, const std::string& what, const std::string& todo) {
  throw core::Error(core::ErrorKind::kUsage, flag, what, todo);
}

}  // namespace

void bind_fields(CommandLine& line, const core::OptionGroup& group) {
  for (const core::OptionField& field : group.fields) {
    std::visit(Binder{line, {field.flag, field.value, help_of_field(group.owners, field)}},
               field.field);
  }
}

bool is_read(const core::OptionGroup& group, const std::vector<std::string>& chosen) {
  const auto& owners = group.owners;
  return owners.empty() ||
         std::find_first_of(owners.begin(), owners.end(), chosen.begin(), chosen.end()) !=
             owners.end();
}

void refuse_flags_without_effect(const CommandLine& line,
                                 const std::vector<core::OptionGroup>& groups,
                                 const std::string& chooser,
                                 const std::vector<std::string>& chosen) {
  for (const core::OptionGroup& group : groups) {
    for (const core::OptionField& field : group.fields) {
      if (!line.given(field.flag)) continue;
      if (!is_read(group, chosen)) {
        refuse(field.flag,
               "has no effect with " + chooser + " " + core::join(chosen, ","),
               "leave it out, or choose " + chooser + " " + core::join(group.owners, " or "));
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
