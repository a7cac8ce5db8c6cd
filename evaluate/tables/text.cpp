// SPDX-License-Identifier: Apache-2.0
#include "evaluate/tables/text.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/text.h"

namespace patina::evaluate {

namespace {

std::string replaced(const std::string& text,
                     const std::vector<std::pair<char, std::string>>& replacements) {
  std::string result;
  for (const char c : core::printable(text)) {
    const auto found = std::find_if(
        replacements.begin(), replacements.end(), [c](const auto& replacement) {
          return replacement.first == c;
        });
    result += found == replacements.end() ? std::string(1, c) : found->second;
  }
  return result;
}

}  // namespace

std::string markdown_text(const std::string& text) {
  return replaced(text, {{'|', "\\|"}, {'<', "\\<"}});
}

std::string xml_text(const std::string& text) {
  return replaced(text, {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}});
}

}  // namespace patina::evaluate
