// SPDX-License-Identifier: Apache-2.0
// Flags made from options that describe themselves (core/options.h), and the one way in which a flag
// that would do nothing is refused.
#pragma once

#include <string>
#include <vector>

#include "cli/command_line.h"
#include "core/options.h"

namespace patina::cli {

/// The options of one of several ways of doing a thing: "siren" of --method.
struct FieldGroup {
  std::string owner;
  std::vector<core::OptionField> fields;
};

/// Binds each field as a flag. The help starts with the owner, if it is not empty, has the range
/// after the first clause of the meaning, which a semicolon ends, and closes with the default.
void bind_fields(CommandLine& line, const FieldGroup& group);

/// Throws Error{kUsage} for a given flag whose owner is not among `chosen`, or whose field needs a
/// flag that was not given: whoever gives it wants something that they would not get. `chooser` is
/// the flag that chooses among the owners.
void refuse_flags_without_effect(const CommandLine& line,
                                 const std::vector<FieldGroup>& groups,
                                 const std::string& chooser,
                                 const std::vector<std::string>& chosen);

}  // namespace patina::cli
