// SPDX-License-Identifier: Apache-2.0
// Bounded JSON parsing for files and servers that may be hostile.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace patina::core {

/// Parses JSON of at most `max_depth` nesting. Throws Error{kInput} naming `where` otherwise.
nlohmann::json parse_json(std::string_view text, const std::string& where, int max_depth = 64);

/// Two-space indentation, keys in insertion or sorted order as held, ends with a newline. Doubles
/// round-trip; a NaN or infinity throws Error{kInternal}: absent numbers are null with a reason.
std::string dump_json(const nlohmann::json& value);

/// number, or null when it is not finite.
nlohmann::json number_or_null(double value);

}  // namespace patina::core
