// SPDX-License-Identifier: Apache-2.0
// Flags made from options that describe themselves (core/options.h), and the one way in which a flag
// that would do nothing is refused.
#pragma once

#include <string>
#include <vector>

#include "cli/command_line.h"
#include "core/options.h"

namespace patina::cli {

/// Binds each field as a flag. The help starts with the owners, if there are any, has the range
/// after the first clause of the meaning, which a semicolon ends, and closes with the default.
void bind_fields(CommandLine& line, const core::OptionGroup& group);

/// Whether one of `chosen` reads the group.
bool is_read(const core::OptionGroup& group, const std::vector<std::string>& chosen);

/// Throws Error{kUsage} for a given flag none of whose owners is among `chosen`, or whose field needs
/// a flag that was not given: whoever gives it wants something that they would not get. `chooser` is
/// the flag that chooses among the owners.
void refuse_flags_without_effect(const CommandLine& line,
                                 const std::vector<core::OptionGroup>& groups,
                                 const std::string& chooser,
                                 const std::vector<std::string>& chosen);

}  // namespace patina::cli
