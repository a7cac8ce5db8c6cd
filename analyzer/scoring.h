// SPDX-License-Identifier: Apache-2.0
// Scores every image a source gives: bytes -> decoded on a second thread -> extractor, in batches,
// in the order of the source. Audits and `patina score` share it. Entry point: score_images.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/observer.h"
#include "images/image_io.h"
#include "keys/extractor.h"
#include "queryers/suspect.h"
#include "report/evidence/evidence.h"

namespace patina::analyzer {

/// An image and its coating score; smaller means more like a coated image.
struct ScoredImage {
  std::string source;
  std::string sha256;  ///< Digest of the encoded bytes.
  images::ImageFormat format =
      images::ImageFormat::kPNG;  ///< What the bytes are, whatever the name says.
  int width_px = 0;
  int height_px = 0;
  double score = 0.0;
  bool repeat = false;  ///< The same bytes came before from this source; the score is theirs.
  /// keys::Extractor::key_terms() of it, [K]; empty for a method without or if not asked for.
  std::vector<double> key_terms;
};

/// Scores from an earlier run by SHA-256; `source`, `repeat` and `key_terms` are unused.
using KnownScores = std::map<std::string, ScoredImage>;

struct ScoringOptions {
  int batch_size = 8;          ///< Images per call of the extractor and decoded ahead; [1, 1024].
  images::ImageLimits limits;  ///< Images beyond them are skipped.
  bool strict = false;         ///< One unreadable image stops the run.
  std::string stage = "scoring";  ///< Named in progress reports.
  bool key_terms = false;  ///< The terms of each image are wanted, too; of known ones as well.
  KnownScores known;       ///< Not scored again; batches keep their composition all the same.
};

/// Where the results go. Empty members are not called.
struct ScoringSink {
  std::function<void(const ScoredImage&)> on_scored;
  std::function<void(const report::SkippedSample&)> on_skipped;
  /// A batch is scored and handed over: a good moment to save progress.
  std::function<void()> on_batch;
  /// Keeps the bytes of an image; called on the decoding thread, before on_scored, once per digest.
  std::function<void(const queryers::Sample&, images::ImageFormat)> keep;
};

/// Throws Error{kInput} for an unreadable image when strict, for a score that is not finite and for
/// whatever stops the source; Error{kCancelled} when the observer says so.
void score_images(queryers::Suspect& source,
                  keys::Extractor& extractor,
                  const ScoringOptions& options,
                  const ScoringSink& sink,
                  const core::Observer& observer = {});

}  // namespace patina::analyzer
