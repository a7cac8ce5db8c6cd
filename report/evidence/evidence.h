// SPDX-License-Identifier: Apache-2.0
// Evidence: everything an audit found, as plain data. analyzer fills it, report prints it (JSON,
// PDF) and verifies it; nothing is recomputed for display. JSON schema:
// report/evidence/evidence.schema.json.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "keys/commitment.h"
#include "keys/extractor.h"
#include "stats/protocol.h"
#include "stats/score_comparison.h"

namespace patina::report {

inline constexpr int kEvidenceSchemaVersion = 1;

/// One scored image.
struct ScoredSample {
  std::string sha256;  ///< Digest of the encoded bytes.
  std::string file;    ///< Inside the bundle: "data/samples/<sha256>.png".
  std::string source;  ///< Path or URL it came from (UTF-8).
  int width_px = 0;
  int height_px = 0;
  double score = 0.0;  ///< Coating score; smaller means more like a coated image.
};

/// One item that was not scored, and why.
struct SkippedSample {
  std::string source;
  std::string reason;
};

/// How images were got over the network; the exchanges are in the bundle's acquisition folder.
struct AcquisitionRecord {
  std::string service;       ///< Product that answered.
  std::string model;         ///< As the service names it.
  std::string model_digest;  ///< As the service states it; empty = not told.
  std::string
      identity_grade;  ///< "A": a digest of the weights; "B": a stable id; "C": a name; "D".
  std::string began;   ///< RFC 3339.
  std::string ended;
  std::string journal_sha256;  ///< Digest of the last line of the chained journal.
  std::int64_t planned = 0;
  std::int64_t requests = 0;
  std::map<std::string, std::int64_t> outcomes;  ///< Planned images by what became of them.
  std::vector<std::string> remarks;
};

/// A source of images and what came of it.
struct SampleSet {
  std::string kind;  ///< "directory", "a1111", ...
  std::string location;
  std::optional<AcquisitionRecord> acquisition;
  std::vector<ScoredSample> samples;
  std::vector<SkippedSample> skipped;
};

/// The key, without anything secret.
struct KeyRecord {
  std::string key_sha256;  ///< Digest of the key file.
  std::string created;     ///< RFC 3339.
  keys::ExtractorInfo extractor;
};

struct Verdict {
  stats::Decision decision = stats::Decision::kNoEvidence;
  std::string headline;     ///< One plain sentence.
  std::string explanation;  ///< What was tested and what the number means, two to four sentences.
};

struct Evidence {
  std::string tool_version;
  std::string tool_revision;
  std::string created;    ///< RFC 3339, UTC.
  std::string case_name;  ///< Title chosen by the user, may be empty (UTF-8).
  KeyRecord key;
  std::optional<keys::CommitmentRecord> commitment;
  SampleSet suspect;
  SampleSet benign;
  /// Mean over the suspect images of keys::Extractor::key_terms(), [K]; empty for a method without.
  std::vector<double> key_terms;
  stats::ComparisonOptions options;
  stats::ScoreComparison comparison;
  std::string null_hypothesis;  ///< In words.
  Verdict verdict;
  std::vector<std::string> notes;  ///< Warnings: shared images, small samples, differing sizes, ...
  std::vector<std::string> limits;  ///< What this evidence does not show.
};

/// The verdict of a comparison in plain words; the same function serves audit and verify.
Verdict make_verdict(const stats::ScoreComparison& comparison,
                     const stats::ComparisonOptions& options,
                     std::int64_t suspect_count,
                     std::int64_t benign_count);

/// What an audit by this protocol does not show, and how its deciding test works.
std::vector<std::string> standing_limits(stats::Protocol protocol);
std::string deciding_test_text(stats::Protocol protocol, std::size_t key_signs);

nlohmann::json to_json(const Evidence& evidence);
/// Throws Error{kInput} naming `where` and the field if the document is not evidence of a known
/// version.
Evidence evidence_from_json(const nlohmann::json& document, const std::string& where);

/// "suspect" and "benign" rows: role, source, sha256, width, height, score (17 digits). RFC 4180.
std::string scores_csv(const Evidence& evidence);

}  // namespace patina::report
