// SPDX-License-Identifier: Apache-2.0
// The folder of an audit under way: samples by digest, and a journal of the scores so far
// (".progress.json", replaced by evidence.json once every image is scored) from which a rerun goes
// on.
#pragma once

#include <chrono>
#include <filesystem>
#include <set>
#include <string>

#include "analyzer/internal/journal.h"
#include "analyzer/scoring.h"
#include "images/image_io.h"
#include "queryers/suspect.h"
#include "report/evidence/evidence.h"

namespace patina::analyzer {

/// Not for use by several threads at once.
class AuditFolder {
 public:
  /// Checks and opens; nothing is written or removed before begin(). `scorer` names what computes the scores:
  /// those of another are of no use here. Throws Error{kInput} for a finished bundle, foreign
  /// files, an unfinished audit by another scorer.
  AuditFolder(std::filesystem::path bundle, core::RunIdentity scorer);

  /// Makes the folder and its journal, so that from here on it is known as an audit of ours, and
  /// removes what a killed attempt was writing.
  void begin();

  const std::filesystem::path& path() const { return bundle_; }
  const KnownScores& scores() const { return journal_.scores; }

  /// Writes data/samples/<sha256>.<ext> unless it is there with that digest. Touches no journal:
  /// may run beside add().
  void keep_sample(const queryers::Sample& sample, images::ImageFormat format) const;

  void add(const ScoredImage& image) { journal_.scores[image.sha256] = image; }
  void save();
  /// save(), but not more often than every two seconds.
  void save_now_and_then();

  /// Removes the samples of images that are no longer part of the audit. `files` are relative to
  /// the bundle.
  void keep_only(const std::set<std::string>& files) const;

  /// Replaces the journal by the evidence and finishes the bundle, whose payload must be in place.
  void finish(const report::Evidence& evidence) const;

 private:
  void resume();

  std::filesystem::path bundle_;
  Journal journal_;
  std::chrono::steady_clock::time_point saved_at_;
};

/// "data/samples/<sha256>.png".
std::string sample_file(const std::string& sha256, images::ImageFormat format);

}  // namespace patina::analyzer
