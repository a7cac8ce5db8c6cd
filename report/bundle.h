// SPDX-License-Identifier: Apache-2.0
// The evidence bundle as a BagIt 1.0 bag [RFC 8493]: payload data/samples/<sha256>.<ext> and
// data/extractor.safetensors; tag files evidence.json, report.pdf, scores.csv, bagit.txt,
// bag-info.txt, manifest-sha256.txt, tagmanifest-sha256.txt. The manifests are written last: a
// folder without them is an unfinished audit.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/extractor.h"
#include "core/image_io.h"
#include "core/observer.h"
#include "report/evidence.h"

namespace patina::report {

inline constexpr const char* kEvidenceFile = "evidence.json";
inline constexpr const char* kReportFile = "report.pdf";
inline constexpr const char* kScoresFile = "scores.csv";
inline constexpr const char* kExtractorFile = "data/extractor.safetensors";
inline constexpr const char* kSamplesFolder = "data/samples";
/// Below it "suspect" and "benign": what a collection over the network left.
inline constexpr const char* kAcquisitionFolder = "data/acquisition";

/// True if the folder holds a finished bundle (its tag manifest exists).
bool is_finished_bundle(const std::filesystem::path& bundle);

/// Writes evidence.json, scores.csv, report.pdf and the manifests into a bundle whose payload
/// (samples and extractor) is already in place. Every file appears whole or not at all.
void finish_bundle(const std::filesystem::path& bundle, const Evidence& evidence);

/// One thing that differs from what the bundle claims.
struct Difference {
  std::string what;  ///< "data/samples/ab..png", "score of ...", "p-value of ...", "verdict".
  std::string claimed;
  std::string found;
};

struct VerifyResult {
  std::int64_t files_checked = 0;
  std::int64_t scores_recomputed = 0;  ///< 0 without an extractor.
  std::int64_t tests_recomputed = 0;
  double largest_score_difference = 0.0;  ///< Relative to max(1, score).
  std::vector<Difference> differences;    ///< Empty = verified.
};

struct VerifyOptions {
  /// Scores may differ by this much relative to max(1, score) between machines (float32 sums).
  double score_tolerance = 1e-3;
  core::ImageLimits limits;  ///< Images beyond them are reported as unreadable.
};

/// Recomputes digests, scores (when `extractor` is given), tests and verdict, and lists what
/// differs. Throws Error{kInput} if the folder is not a finished bundle or its evidence cannot be
/// read.
VerifyResult verify_bundle(const std::filesystem::path& bundle,
                           core::Extractor* extractor,
                           const VerifyOptions& options = {},
                           const core::Observer& observer = {});

}  // namespace patina::report
