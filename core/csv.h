// SPDX-License-Identifier: Apache-2.0
// One field of a CSV file. Entry point: csv_field.
#pragma once

#include <string>

namespace patina::core {

/// Quoted where RFC 4180 asks for it: where there is a comma, a quote or a line break.
std::string csv_field(const std::string& text);

}  // namespace patina::core
