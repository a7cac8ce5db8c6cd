// SPDX-License-Identifier: Apache-2.0
// The scores of an audit under way, on disk. While images are scored they stand in a journal; once
// all are, evidence.json is written and takes its place until the bundle is finished.
#pragma once

#include <filesystem>
#include <string>

#include "analyzer/scoring.h"
#include "core/run_identity.h"
#include "report/evidence/evidence.h"

namespace patina::analyzer {

struct Journal {
  core::RunIdentity scorer;  ///< scorer_name() of the audit.
  KnownScores scores;
};

/// Names everything that can move a score: method, weights, precision, key and version of the tool.
core::RunIdentity scorer_name(const report::KeyRecord& key, const std::string& tool_version);

void write_journal(const std::filesystem::path& path, const Journal& journal);
/// Throws Error{kInput} for anything but a journal of this version.
Journal read_journal(const std::filesystem::path& path);
/// The same out of the evidence.json of an unfinished bundle.
Journal read_journal_from_evidence(const std::filesystem::path& path);

}  // namespace patina::analyzer
