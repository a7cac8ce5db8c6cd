// SPDX-License-Identifier: Apache-2.0
// What makes a run this run and no other: named fields, kept as text, so that a run that differs can
// be told by the field in which it does.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>

#include <nlohmann/json_fwd.hpp>

#include "core/hash.h"

namespace patina::core {

/// The order in which fields are added does not matter. Values are kept as they are: a secret goes
/// in by add_digest.
class RunIdentity {
 public:
  /// Adds a field, named as the user knows it ("--steps"). Bytes that are not UTF-8 are kept as
  /// hexadecimal. Each throws Error{kInternal} for a name that is there already.
  RunIdentity& add(const std::string& name, std::string_view value);
  RunIdentity& add(const std::string& name, const char* value);
  RunIdentity& add(const std::string& name, bool value);    ///< "yes", "no".
  RunIdentity& add(const std::string& name, double value);  ///< The shortest that reads back.
  template <typename Whole, std::enable_if_t<std::is_integral_v<Whole>, int> = 0>
  RunIdentity& add(const std::string& name, Whole value) {
    return add(name, std::string_view(std::to_string(value)));
  }
  /// Adds contents that are too long or too secret to keep: images, weights, a message.
  RunIdentity& add_digest(const std::string& name, const Digest& contents);

  const std::map<std::string, std::string>& fields() const { return fields_; }
  /// SHA-256 of names and values, hexadecimal: equal exactly for equal fields.
  std::string digest() const;

 private:
  std::map<std::string, std::string> fields_;
};

bool operator==(const RunIdentity& left, const RunIdentity& right);
bool operator!=(const RunIdentity& left, const RunIdentity& right);

/// {"--steps": "400", ...}
nlohmann::json to_json(const RunIdentity& identity);
/// The inverse. Throws Error{kInput} naming `where` for anything else.
RunIdentity identity_from_json(const nlohmann::json& fields, const std::string& where);
/// Each value of a JSON document as a field that is named by its place: "prompts/0/seed".
RunIdentity identity_of_document(const nlohmann::json& document);

/// How a run that was found differs from the one that is wanted: "--steps was 400, now 200; other
/// images". Names the first three fields and counts the rest; "" where they are the same.
std::string name_differences(const RunIdentity& found, const RunIdentity& wanted);

/// Throws Error{kInput} "<folder>: holds another run (<differences>); ..." unless they are the same.
void require_same_run(const std::filesystem::path& folder,
                      const RunIdentity& found,
                      const RunIdentity& wanted);

}  // namespace patina::core
