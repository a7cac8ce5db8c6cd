// SPDX-License-Identifier: Apache-2.0
#include "report/verify/verify.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/numbers.h"
#include "core/text.h"
#include "images/image_io.h"
#include "keys/extractor.h"
#include "report/bundle/bag.h"
#include "report/evidence/bundle_layout.h"
#include "report/verify/verify_steps.h"
#include "stats/key_signs.h"

namespace patina::report {
namespace {

using core::exact_text;

namespace fs = std::filesystem;

constexpr std::uint64_t kLargestEvidence = 1ULL << 30;

Evidence read_evidence(const fs::path& bundle) {
  const fs::path path = bundle / kEvidenceFile;
  if (!is_plain_file(bundle, kEvidenceFile)) {
    throw core::Error(core::ErrorKind::kInput,
                      path.string(),
                      "is missing or not a plain file",
                      "verify the bundle as patina audit wrote it");
  }
  const std::string text = core::read_text_file(path, kLargestEvidence);
  return evidence_from_json(core::parse_json(text, path.string()), path.string());
}

bool same_number(double claimed, double found) {
  return claimed == found || std::fabs(claimed - found) <= 1e-6 * std::fabs(found) ||
         (std::isnan(claimed) && std::isnan(found));
}

void check_method(const keys::MethodRecord& claimed,
                  const keys::MethodRecord& found,
                  Findings& findings) {
  findings.compare("method of the key", claimed.name, found.name);
  findings.compare(
      "reader of the method", std::to_string(claimed.reader), std::to_string(found.reader));
  findings.compare("title of the method", claimed.title, found.title);
  findings.compare("what a score is", claimed.score, found.score);
  findings.compare("what inside means", claimed.inside, found.inside);
  if (!same_number(claimed.radius_score, found.radius_score)) {
    findings.add("radius of the extractor in score units",
                 core::exact_text(claimed.radius_score),
                 core::exact_text(found.radius_score));
  }
}

void check_extractor(const keys::ExtractorInfo& claimed,
                     const keys::ExtractorInfo& found,
                     Findings& findings) {
  check_method(claimed.method, found.method, findings);
  findings.compare("extractor weights", claimed.weights_sha256, found.weights_sha256);
  if (!same_number(claimed.radius, found.radius)) {
    findings.add(
        "extractor radius", core::exact_text(claimed.radius), core::exact_text(found.radius));
  }
}

/// Scores the images of the evidence again, a few decoded at a time, each file once. Of the
/// suspect's images the terms of the key are kept as well.
class Rescoring {
 public:
  Rescoring(const fs::path& bundle,
            keys::Extractor& extractor,
            const VerifyOptions& options,
            Findings& findings)
      : bundle_(bundle), extractor_(extractor), options_(options), findings_(findings) {}

  void run(const Evidence& evidence, const core::Observer& observer) {
    constexpr std::size_t kBatch = 8;
    const ClaimsByFile claims = claims_by_file(evidence);
    for (const ScoredSample& sample : evidence.suspect.samples) suspect_files_.insert(sample.file);
    std::int64_t done = 0;
    for (const auto& [file, claims_of_file] : claims) {
      decode(file, claims_of_file);
      if (images_.size() == kBatch) score_pending();
      observer.report({"scores", ++done, static_cast<std::int64_t>(claims.size()), file});
    }
    score_pending();
    check_key_terms(evidence);
  }

 private:
  using Claims = std::vector<const ScoredSample*>;
  struct Owner {
    std::string file;
    const Claims* claims;
  };
  using ClaimsByFile = std::map<std::string, Claims>;

  static ClaimsByFile claims_by_file(const Evidence& evidence) {
    ClaimsByFile claims;
    for (const SampleSet* set : {&evidence.suspect, &evidence.benign}) {
      for (const ScoredSample& sample : set->samples) claims[sample.file].push_back(&sample);
    }
    return claims;
  }

  void decode(const std::string& file, const Claims& claims) {
    if (!is_plain_file(bundle_, file)) return;  // Reported with the files.
    try {
      images_.push_back(images::read_image(bundle_ / file, options_.limits).image);
    } catch (const core::Error& error) {
      findings_.add("image of " + file, "a readable image", error.what());
      return;
    }
    owners_.push_back({file, &claims});
    const images::Image& image = images_.back();
    for (const ScoredSample* claim : claims) {
      findings_.compare("size of " + file,
                        size_text(claim->width_px, claim->height_px),
                        size_text(image.width_px, image.height_px));
    }
  }

  void score_pending() {
    if (images_.empty()) return;
    std::vector<const images::Image*> views;
    views.reserve(images_.size());
    for (const images::Image& image : images_) views.push_back(&image);
    const std::vector<double> scores = extractor_.score(views);
    for (std::size_t i = 0; i < owners_.size(); ++i) {
      for (const ScoredSample* claim : *owners_[i].claims) compare_score(*claim, scores.at(i));
    }
    keep_key_terms();
    images_.clear();
    owners_.clear();
  }

  void keep_key_terms() {
    std::vector<const images::Image*> suspects;
    std::vector<std::string> files;
    for (std::size_t i = 0; i < owners_.size(); ++i) {
      if (suspect_files_.count(owners_[i].file) == 0) continue;
      suspects.push_back(&images_[i]);
      files.push_back(owners_[i].file);
    }
    if (suspects.empty()) return;
    std::vector<std::vector<double>> terms = extractor_.key_terms(suspects);
    terms.resize(files.size());
    for (std::size_t i = 0; i < files.size(); ++i) terms_[files[i]] = std::move(terms[i]);
  }

  void check_key_terms(const Evidence& evidence) {
    std::vector<std::vector<double>> terms;
    for (const ScoredSample& sample : evidence.suspect.samples) {
      const auto found = terms_.find(sample.file);
      if (found == terms_.end()) return;  // An unreadable sample, reported above.
      terms.push_back(found->second);
    }
    compare_key_terms(evidence.key_terms, stats::mean_key_terms(terms));
  }

  void compare_key_terms(const std::vector<double>& claimed, const std::vector<double>& found) {
    findings_.compare(
        "number of the key's signs", std::to_string(claimed.size()), std::to_string(found.size()));
    const std::size_t both = std::min(found.size(), claimed.size());
    for (std::size_t k = 0; k < both; ++k) {
      if (std::fabs(claimed[k] - found[k]) <= options_.score_tolerance) continue;
      findings_.add("term " + std::to_string(k + 1) + " of the key's signs",
                    core::exact_text(claimed[k]),
                    core::exact_text(found[k]));
    }
  }

  void compare_score(const ScoredSample& claim, double found) {
    VerifyResult& result = findings_.result();
    ++result.scores_recomputed;
    const double difference = std::fabs(claim.score - found) / std::max(1.0, claim.score);
    if (std::isfinite(difference)) {
      result.largest_score_difference = std::max(result.largest_score_difference, difference);
    }
    if (difference <= options_.score_tolerance) return;
    findings_.add("score of " + claim.file + " (" + core::printable(claim.source) + ")",
                  core::exact_text(claim.score),
                  core::exact_text(found));
  }

  static std::string size_text(int width, int height) {
    return std::to_string(width) + " x " + std::to_string(height);
  }

  const fs::path& bundle_;
  keys::Extractor& extractor_;
  const VerifyOptions& options_;
  Findings& findings_;
  std::vector<images::Image> images_;  ///< Decoded, not yet scored.
  std::vector<Owner> owners_;          ///< One per image.
  std::set<std::string> suspect_files_;
  /// Key terms of the suspect's files that were read.
  std::map<std::string, std::vector<double>> terms_;
};

}  // namespace

void Findings::add(const std::string& what, const std::string& claimed, const std::string& found) {
  if (named_.insert(what).second) result_.differences.push_back({what, claimed, found});
}

void Findings::compare(const std::string& what,
                       const std::string& claimed,
                       const std::string& found) {
  if (claimed != found) add(what, claimed, found);
}

VerifyResult verify_bundle(const fs::path& bundle,
                           const MakeExtractor& make_extractor,
                           const VerifyOptions& options,
                           const core::Observer& observer) {
  if (!is_finished_bundle(bundle)) {
    throw core::Error(core::ErrorKind::kInput,
                      bundle.string(),
                      std::string("is not a finished bundle, it has no ") + kTagManifestFile,
                      "name the folder that patina audit wrote");
  }
  Findings findings;
  const FileDigests digests = check_files(bundle, findings, observer);
  const Evidence evidence = read_evidence(bundle);
  check_samples(evidence, digests, findings);
  check_acquisition(bundle, evidence, findings);
  check_scores_file(bundle, evidence, findings);
  check_statistics(evidence, findings);
  check_wording(evidence, findings);
  // An extractor that is not the bundle's own is never run.
  if (make_extractor && findings.result().extractor_intact) {
    const auto extractor = make_extractor(bundle / kExtractorFile,
                                          evidence.key.extractor.precision);
    check_extractor(evidence.key.extractor, extractor->info(), findings);
    Rescoring(bundle, *extractor, options, findings).run(evidence, observer);
  }
  return std::move(findings.result());
}

}  // namespace patina::report
