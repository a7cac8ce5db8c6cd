// SPDX-License-Identifier: Apache-2.0
// Text from elsewhere within markup: a set is called what its folder is called, which may hold
// anything.
#pragma once

#include <string>

namespace patina::evaluate {

/// One line of visible characters for a cell of a Markdown table.
std::string markdown_text(const std::string& text);
/// The same for an element of XML 1.0, which has no control characters.
std::string xml_text(const std::string& text);

}  // namespace patina::evaluate
