// SPDX-License-Identifier: Apache-2.0
// Runs an audit: opens both sources, scores them, tests, words the verdict and writes the
// bundle. No LibTorch: the extractor is handed down. Entry point: run_audit.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/observer.h"
#include "images/image_io.h"
#include "keys/extractor.h"
#include "queryers/suspect.h"
#include "report/evidence/evidence.h"

namespace patina::analyzer {

/// Options of run_audit().
struct AuditOptions {
  /// Reject H0 when the primary p-value is below alpha; (0,1). The false-positive rate of one test.
  double alpha = 1e-6;
  double confidence = 0.95;    ///< Confidence level of the intervals, (0,1). Larger widens them.
  std::string case_name;       ///< Title on the report, UTF-8.
  int min_samples = 5;         ///< Fewer distinct readable suspect or benign images stop the audit.
  int batch_size = 8;          ///< Images decoded ahead of the extractor; [1, 1024].
  images::ImageLimits limits;  ///< Images beyond them are skipped.
  bool strict = false;         ///< One unreadable image stops the audit.
};
/// Throws Error{kInput} naming the field, its value and the constraint it violates.
void validate(const AuditOptions& options);

/// What the audit knows of the key without seeing anything secret.
struct AuditKey {
  report::KeyRecord record;
  std::optional<keys::CommitmentRecord> commitment;
  /// Writes data/extractor.safetensors of the bundle.
  std::function<void(const std::filesystem::path&)> write_extractor;
};

/// Neither may be null.
struct AuditSources {
  std::unique_ptr<queryers::Suspect> suspect;
  std::unique_ptr<queryers::Suspect> benign;
};

struct AuditInput {
  /// Opens both sources, or collects them; called once, after the place of the bundle is known to be
  /// usable.
  std::function<AuditSources()> open_sources;
  keys::Extractor& extractor;
  AuditKey key;
  std::filesystem::path bundle;
};

/// Audits and writes the bundle. Throws Error{kInput}: too few samples, suspect and benign the same
/// folder or sharing more than half their images, bundle already finished, foreign or inside a
/// source; Error{kCancelled} from the observer. An unfinished bundle of the same key and precision
/// is resumed: its scores are kept for the images that are still there, and the evidence is the
/// same as without the interruption.
///
/// Bytes that come twice in one set are tested once, since repeated images are not independent
/// observations; the repetitions stand among the skipped. Images in both sets stay in both, which
/// only weakens the evidence.
report::Evidence run_audit(const AuditInput& input,
                           const AuditOptions& options,
                           const core::Observer& observer = {});

}  // namespace patina::analyzer
