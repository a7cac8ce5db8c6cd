// SPDX-License-Identifier: Apache-2.0
// Collects what inspect() tells, for people and for programs at once, and makes foreign text and
// large numbers fit to be shown.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "diffusion/inspect/inspect.h"

namespace patina::diffusion::internal {

class FactSheet {
 public:
  explicit FactSheet(const std::string& kind);

  /// One fact in both forms; an empty label keeps it out of the text.
  void add(const std::string& label,
           const std::string& key,
           const std::string& text,
           nlohmann::json exact);
  /// A text that is the same in both; nothing if it is empty.
  void add(const std::string& label, const std::string& key, const std::string& text);
  Inspection take();

 private:
  Inspection inspection_;
  nlohmann::json object_;
};

/// Foreign text on one line: white space becomes single spaces, what is left is cut after `max_bytes`
/// with "..." at the end and made printable.
std::string one_line(std::string_view foreign, std::size_t max_bytes = 200);

/// The same over all keys and values, at most 100 entries.
nlohmann::json one_line(const std::map<std::string, std::string>& metadata);

/// "859.5 million", "48123".
std::string count_text(std::uint64_t count);
/// "3.4 GB" in powers of 1000.
std::string bytes_text(std::uint64_t bytes);

}  // namespace patina::diffusion::internal
