// SPDX-License-Identifier: Apache-2.0
#include "core/run_identity.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json.h"
#include "core/text.h"

namespace patina::core {
namespace {

using nlohmann::json;

constexpr std::string_view kDigestMark = "sha256:";
constexpr std::size_t kNamedDifferences = 3;
constexpr std::size_t kPlainBytes = 80;

// Numbers and names of choices read better without quotes.
std::string shown(const std::string& value) {
  const bool plain = !value.empty() && value.size() <= kPlainBytes &&
                     std::all_of(value.begin(), value.end(), [](unsigned char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+';
                     });
  return plain ? value : in_quotes(value);
}

bool is_digest(const std::string& value) { return value.rfind(kDigestMark, 0) == 0; }

// Empty where the field is the same in both.
std::string difference_in(const std::string& name,
                          const RunIdentity& found,
                          const RunIdentity& wanted) {
  const auto was = found.fields().find(name);
  const auto is = wanted.fields().find(name);
  if (was == found.fields().end()) return name + " was not given";
  if (is == wanted.fields().end()) return name + " was " + shown(was->second) + ", now not given";
  if (was->second == is->second) return {};
  if (is_digest(was->second) && is_digest(is->second)) return "other " + name;
  return name + " was " + shown(was->second) + ", now " + shown(is->second);
}

void add_leaves(const json& value, const std::string& place, RunIdentity& identity) {
  if (!value.is_structured() || value.empty()) {
    identity.add(place, value.is_string() ? value.get_ref<const std::string&>() : value.dump());
    return;
  }
  for (const auto& item : value.items()) {
    add_leaves(item.value(), place.empty() ? item.key() : place + "/" + item.key(), identity);
  }
}

}  // namespace

RunIdentity& RunIdentity::add(const std::string& name, std::string_view value) {
  const std::string kept = is_utf8(value)
                               ? std::string(value)
                               : "bytes " +
                                     to_hex(reinterpret_cast<const std::uint8_t*>(value.data()),
                                            value.size());
  if (!fields_.emplace(name, kept).second) {
    throw Error(ErrorKind::kInternal, name, "is a field of this run already");
  }
  return *this;
}

RunIdentity& RunIdentity::add(const std::string& name, const char* value) {
  return add(name, std::string_view(value));
}

RunIdentity& RunIdentity::add(const std::string& name, bool value) {
  return add(name, value ? "yes" : "no");
}

RunIdentity& RunIdentity::add(const std::string& name, double value) {
  std::array<char, 32> text = {};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return add(name, std::string_view(text.data(), static_cast<std::size_t>(end - text.data())));
}

RunIdentity& RunIdentity::add_digest(const std::string& name, const Digest& contents) {
  return add(name, std::string(kDigestMark) + to_hex(contents));
}

std::string RunIdentity::digest() const { return to_hex(sha256(dump_json(to_json(*this)))); }

bool operator==(const RunIdentity& left, const RunIdentity& right) {
  return left.fields() == right.fields();
}
bool operator!=(const RunIdentity& left, const RunIdentity& right) { return !(left == right); }

json to_json(const RunIdentity& identity) { return json(identity.fields()); }

RunIdentity identity_from_json(const json& fields, const std::string& where) {
  const auto is_text = [](const json& value) { return value.is_string(); };
  if (!fields.is_object() || !std::all_of(fields.begin(), fields.end(), is_text)) {
    throw Error(ErrorKind::kInput,
                where,
                "does not say which run it is of",
                "delete its folder and start again");
  }
  RunIdentity identity;
  for (const auto& item : fields.items()) {
    identity.add(item.key(), item.value().get_ref<const std::string&>());
  }
  return identity;
}

RunIdentity identity_of_document(const json& document) {
  RunIdentity identity;
  add_leaves(document, "", identity);
  return identity;
}

std::string name_differences(const RunIdentity& found, const RunIdentity& wanted) {
  std::set<std::string> names;
  for (const auto& field : found.fields()) names.insert(field.first);
  for (const auto& field : wanted.fields()) names.insert(field.first);
  std::string text;
  std::size_t count = 0;
  for (const std::string& name : names) {
    const std::string difference = difference_in(name, found, wanted);
    if (difference.empty()) continue;
    if (++count <= kNamedDifferences) text += (text.empty() ? "" : "; ") + difference;
  }
  if (count > kNamedDifferences) text += "; " + std::to_string(count - kNamedDifferences) + " more";
  return text;
}

void require_same_run(const std::filesystem::path& folder,
                      const RunIdentity& found,
                      const RunIdentity& wanted) {
  if (found == wanted) return;
  throw Error(ErrorKind::kInput,
              folder.string(),
              "holds another run (" + name_differences(found, wanted) + ")",
              "repeat the command that began it, or name another folder");
}

}  // namespace patina::core
