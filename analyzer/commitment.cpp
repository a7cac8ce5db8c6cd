// SPDX-License-Identifier: Apache-2.0
#include "analyzer/commitment.h"

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json.h"

namespace patina::analyzer {
namespace {

using core::Error;
using core::ErrorKind;
using nlohmann::json;

constexpr const char* kFormat = "patina-commitment";
constexpr int kVersion = 1;
constexpr const char* kTodo = "name the commitment.json that patina coat wrote";

const json& field(const json& document,
                  const char* name,
                  json::value_t type,
                  const std::string& where) {
  const auto found = document.find(name);
  if (found == document.end() || found->type() != type) {
    throw Error(
        ErrorKind::kInput, where, "has no usable field \"" + std::string(name) + "\"", kTodo);
  }
  return *found;
}

std::string text(const json& document, const char* name, const std::string& where) {
  return field(document, name, json::value_t::string, where).get<std::string>();
}

void require_known_format(const json& document, const std::string& where) {
  if (!document.is_object() || document.value("format", json()) != kFormat) {
    throw Error(ErrorKind::kInput, where, "is not a commitment", kTodo);
  }
  const json& version = field(document, "version", json::value_t::number_unsigned, where);
  if (version != kVersion) {
    throw Error(ErrorKind::kUnsupported,
                where,
                "is a commitment of version " + version.dump() + ", this build reads version 1",
                "use a newer Patina");
  }
}

std::string salted_digest(const std::string& salt_hex,
                          const std::filesystem::path& key,
                          const std::string& where) {
  const std::vector<std::uint8_t> salt = core::from_hex(salt_hex, where + ", salt");
  const std::vector<std::uint8_t> bytes = core::read_file(key);
  core::Sha256 hash;
  hash.update(salt.data(), salt.size()).update(bytes.data(), bytes.size());
  return core::to_hex(hash.finish());
}

// Leaves are path, zero byte, hexadecimal digest; patina coat writes them sorted by path.
std::string merkle_root_of(const json& files, const std::string& where) {
  std::vector<std::string> leaves;
  for (const json& file : files) {
    if (!file.is_object()) {
      throw Error(ErrorKind::kInput, where, "has an entry in \"files\" that is no file", kTodo);
    }
    leaves.push_back(text(file, "path", where) + '\0' + text(file, "sha256", where));
  }
  return core::to_hex(core::merkle_root(leaves));
}

}  // namespace

report::CommitmentRecord check_commitment(const std::filesystem::path& commitment,
                                          const std::filesystem::path& key) {
  const std::string where = commitment.string();
  const json document = core::parse_json(core::read_text_file(commitment), where);
  require_known_format(document, where);
  report::CommitmentRecord record;
  record.created = text(document, "created", where);
  record.merkle_root = text(document, "merkle_root", where);
  const json& files = field(document, "files", json::value_t::array, where);
  record.file_count = static_cast<std::int64_t>(files.size());
  if (merkle_root_of(files, where) != record.merkle_root) {
    throw Error(ErrorKind::kInput,
                where,
                "its merkle_root is not that of its files",
                "take the file as it was published");
  }
  record.key_matches = salted_digest(text(document, "salt", where), key, where) ==
                       text(document, "key_sha256_salted", where);
  return record;
}

}  // namespace patina::analyzer
