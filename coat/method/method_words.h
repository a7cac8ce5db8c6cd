// SPDX-License-Identifier: Apache-2.0
// What is said of a method of coating: to users in the help, to readers of evidence in the report.
#pragma once

#include <string>

namespace patina::coat {

struct MethodWords {
  std::string summary;  ///< For the help: "a mark that ... learn".
  std::string title;    ///< As keys::MethodRecord::title.
  std::string score;    ///< As keys::MethodRecord::score.
  std::string inside;   ///< As keys::MethodRecord::inside.
};

}  // namespace patina::coat
