// SPDX-License-Identifier: Apache-2.0
// Checks a public commitment against a key: the owner published the salted digest of the key before
// the suspect existed, and shows now that it is this key. Format page: docs/formats/commitment.md.
#pragma once

#include <filesystem>

#include "report/evidence/evidence.h"

namespace patina::analyzer {

/// Reads "patina-commitment" version 1 and compares key_sha256_salted with SHA-256(salt | bytes of
/// the key file). Throws Error{kInput} for a document that is no commitment or whose Merkle root is
/// not that of its files, Error{kUnsupported} for a newer one; a key that does not match is told in
/// the record.
report::CommitmentRecord check_commitment(const std::filesystem::path& commitment,
                                          const std::filesystem::path& key);

}  // namespace patina::analyzer
