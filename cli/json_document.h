// SPDX-License-Identifier: Apache-2.0
// The one document that --json prints, on success and on failure.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>

#include <nlohmann/json.hpp>

#include "core/error.h"

namespace patina::cli {

inline constexpr int kJsonSchemaVersion = 1;

struct JsonDocument {
  std::string command;
  nlohmann::json options = nlohmann::json::object();  ///< Effective, all but secrets.
  nlohmann::json inputs = nlohmann::json::array();    ///< See input_record().
  nlohmann::json result = nlohmann::json::object();
  nlohmann::json timings_ms = nlohmann::json::object();
};

void print_document(const JsonDocument& document, std::ostream& out);

/// {"error": {kind, where, what, todo}} with version, tool and command (null if none was
/// recognised).
nlohmann::json error_document(const std::string& command, const core::Error& error);

/// {"role", "path", "sha256"}; the digest is null for a folder.
nlohmann::json input_record(const std::string& role, const std::filesystem::path& path);

/// Milliseconds, rounded to a whole number.
std::int64_t milliseconds(double seconds);

}  // namespace patina::cli
