// SPDX-License-Identifier: Apache-2.0
// Walks through HTML and XML as libxml2 reads them; nothing is fetched and no entity of a document
// is expanded.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patina::queryers {

class Attributes {
 public:
  void add(std::string name, std::string value) {
    values_.emplace_back(std::move(name), std::move(value));
  }
  /// Empty if there is none.
  std::string get(std::string_view name) const {
    for (const auto& [key, value] : values_) {
      if (key == name) return value;
    }
    return {};
  }

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

struct Walker {
  std::function<void(const std::string& name, const Attributes& attributes)> open;
  std::function<void(const std::string& name)> close;
  std::function<void(std::string_view text)> text;
};

/// Names are in lower case. Reads at most 100,000 elements.
void walk_html(std::string_view html, const Walker& walker);
/// Names carry their prefix ("image:loc"). Stops at the first error.
void walk_xml(std::string_view xml, const Walker& walker);

}  // namespace patina::queryers
