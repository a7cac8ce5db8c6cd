// SPDX-License-Identifier: Apache-2.0
// The public commitment: before any suspect exists, the owner publishes the salted digest of the key
// and the Merkle root of the released files, and can show later that it was this key. Written and
// checked by the same code. Format page: docs/formats/commitment.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace patina::keys {

inline constexpr const char* kCommitmentFile = "commitment.json";

struct ReleasedFile {
  std::string path;    ///< Relative to the released folder, with '/'.
  std::string sha256;  ///< Hexadecimal.
};

/// All files below a folder, sorted by path. Throws Error{kDisk}.
std::vector<ReleasedFile> list_released_files(const std::filesystem::path& folder);

/// RFC 9162, Sec. 2.1, over the leaves path, zero byte, digest, in the order given; hexadecimal.
std::string released_merkle_root(const std::vector<ReleasedFile>& files);

/// Writes `folder`/commitment.json over `files` and the key file as it is now, with a fresh salt.
void write_commitment(const std::filesystem::path& folder,
                      const std::vector<ReleasedFile>& files,
                      const std::filesystem::path& key);

/// What a public commitment says and whether a key matches it.
struct CommitmentRecord {
  std::string created;
  std::string merkle_root;
  std::int64_t file_count = 0;
  bool key_matches = false;
};

/// Reads a commitment of version 1 and compares its digest with SHA-256(salt | bytes of the key
/// file). Throws Error{kInput} for a document that is no commitment or whose Merkle root is not that
/// of its files, Error{kUnsupported} for a newer one. For a key that does not match, the record
/// has key_matches false.
CommitmentRecord check_commitment(const std::filesystem::path& commitment,
                                  const std::filesystem::path& key);

}  // namespace patina::keys
