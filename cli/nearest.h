// SPDX-License-Identifier: Apache-2.0
// Which known word a mistyped one was meant to be.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace patina::cli {

/// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other
/// (optimal string alignment distance).
std::size_t edit_distance(std::string_view from, std::string_view to);

/// The known word at the smallest distance, the first of equals. Requires: `known` is not empty.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace patina::cli
