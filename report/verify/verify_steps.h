// SPDX-License-Identifier: Apache-2.0
// The steps of verify_bundle. Each adds what it finds and trusts nothing an earlier step did not
// check.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "core/observer.h"
#include "report/bundle/bundle.h"
#include "report/verify/verify.h"

namespace patina::report {

/// Collects differences, the first one under each name.
class Findings {
 public:
  void add(const std::string& what, const std::string& claimed, const std::string& found);
  /// Adds a difference unless the texts are equal.
  void compare(const std::string& what, const std::string& claimed, const std::string& found);
  VerifyResult& result() { return result_; }

 private:
  VerifyResult result_;
  std::set<std::string> named_;
};

/// Path inside the bundle -> SHA-256 of what is there, for every plain file.
using FileDigests = std::map<std::string, std::string>;

/// Manifests against files and files against manifests; says whether the extractor is intact.
FileDigests check_files(const std::filesystem::path& bundle,
                        Findings& findings,
                        const core::Observer& observer);

/// Samples of the evidence against the files below data/samples.
void check_samples(const Evidence& evidence, const FileDigests& digests, Findings& findings);

/// The chained journals below data/acquisition against the evidence.
void check_acquisition(const std::filesystem::path& bundle,
                       const Evidence& evidence,
                       Findings& findings);

/// scores.csv against the evidence.
void check_scores_file(const std::filesystem::path& bundle,
                       const Evidence& evidence,
                       Findings& findings);

/// Tests, effect size and smallest possible p-value against the stored scores.
void check_statistics(const Evidence& evidence, Findings& findings);

/// Verdict, null hypothesis and limits against the words of this schema version.
void check_wording(const Evidence& evidence, Findings& findings);

}  // namespace patina::report
