// SPDX-License-Identifier: Apache-2.0
#include "keys/commitment.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/clock.h"
#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/version.h"

namespace patina::keys {
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

std::string salted_digest(const std::vector<std::uint8_t>& salt, const std::filesystem::path& key) {
  const std::vector<std::uint8_t> bytes = core::read_file(key);
  core::Sha256 hash;
  hash.update(salt.data(), salt.size()).update(bytes.data(), bytes.size());
  return core::to_hex(hash.finish());
}

std::vector<ReleasedFile> read_files(const json& files, const std::string& where) {
  std::vector<ReleasedFile> released;
  for (const json& file : files) {
    if (!file.is_object()) {
      throw Error(ErrorKind::kInput, where, "has an entry in \"files\" that is no file", kTodo);
    }
    released.push_back({text(file, "path", where), text(file, "sha256", where)});
  }
  return released;
}

}  // namespace

std::vector<ReleasedFile> list_released_files(const std::filesystem::path& folder) {
  std::vector<ReleasedFile> files;
  for (const auto& item : std::filesystem::recursive_directory_iterator(folder)) {
    if (!item.is_regular_file()) continue;
    files.push_back({item.path().lexically_relative(folder).generic_string(),
                     core::to_hex(core::sha256_file(item.path()))});
  }
  std::sort(
      files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

std::string released_merkle_root(const std::vector<ReleasedFile>& files) {
  std::vector<std::string> leaves;
  for (const ReleasedFile& file : files) leaves.push_back(file.path + '\0' + file.sha256);
  return core::to_hex(core::merkle_root(leaves));
}

void write_commitment(const std::filesystem::path& folder,
                      const std::vector<ReleasedFile>& files,
                      const std::filesystem::path& key) {
  constexpr std::size_t kSaltBytes = 16;
  const std::vector<std::uint8_t> salt = core::random_bytes(kSaltBytes);
  nlohmann::ordered_json document = {{"format", kFormat},
                                     {"version", kVersion},
                                     {"created", core::utc_now()},
                                     {"tool", {{"version", core::kVersion}}},
                                     {"key_sha256_salted", salted_digest(salt, key)},
                                     {"salt", core::to_hex(salt.data(), salt.size())},
                                     {"merkle_root", released_merkle_root(files)},
                                     {"files", nlohmann::ordered_json::array()}};
  for (const ReleasedFile& file : files) {
    document["files"].push_back({{"path", file.path}, {"sha256", file.sha256}});
  }
  core::write_file_atomic(folder / kCommitmentFile, document.dump(2) + "\n");
}

CommitmentRecord check_commitment(const std::filesystem::path& commitment,
                                  const std::filesystem::path& key) {
  const std::string where = commitment.string();
  const json document = core::parse_json(core::read_text_file(commitment), where);
  require_known_format(document, where);
  CommitmentRecord record;
  record.created = text(document, "created", where);
  record.merkle_root = text(document, "merkle_root", where);
  const json& files = field(document, "files", json::value_t::array, where);
  record.file_count = static_cast<std::int64_t>(files.size());
  if (released_merkle_root(read_files(files, where)) != record.merkle_root) {
    throw Error(ErrorKind::kInput,
                where,
                "its merkle_root is not that of its files",
                "take the file as it was published");
  }
  const auto salt = core::from_hex(text(document, "salt", where), where + ", salt");
  record.key_matches = salted_digest(salt, key) == text(document, "key_sha256_salted", where);
  return record;
}

}  // namespace patina::keys
