// SPDX-License-Identifier: Apache-2.0
#include "cli/json_document.h"

#include <cmath>
#include <ostream>
#include <system_error>

#include "cli/table.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/version.h"

namespace patina::cli {
namespace {

using nlohmann::json;

json envelope(const std::string& command) {
  return {
      {"schema_version", kJsonSchemaVersion},
      {"tool", {{"name", "patina"}, {"version", core::kVersion}, {"revision", core::kRevision}}},
      {"command", command.empty() ? json() : json(printable(command))}};
}

}  // namespace

void print_document(const JsonDocument& document, std::ostream& out) {
  json whole = envelope(document.command);
  whole["options"] = document.options;
  whole["inputs"] = document.inputs;
  whole["result"] = document.result;
  whole["timings_ms"] = document.timings_ms;
  out << core::dump_json(whole);
}

json error_document(const std::string& command, const core::Error& error) {
  json whole = envelope(command);
  whole["error"] = {{"kind", core::to_string(error.kind())},
                    {"where", printable(error.where())},
                    {"what", printable(error.problem())},
                    {"todo", printable(error.todo())}};
  return whole;
}

json input_record(const std::string& role, const std::filesystem::path& path) {
  std::error_code ignored;
  const bool is_file = std::filesystem::is_regular_file(path, ignored);
  return {{"role", role},
          {"path", printable(path.string())},
          {"sha256", is_file ? json(core::to_hex(core::sha256_file(path))) : json()}};
}

std::int64_t milliseconds(double seconds) {
  return static_cast<std::int64_t>(std::llround(1000.0 * seconds));
}

}  // namespace patina::cli
