// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/journal.h"
#include "core/text.h"
#include "report/bundle/bag.h"
#include "report/evidence/bundle_layout.h"
#include "report/verify/verify_steps.h"

namespace patina::report {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLargestText = 256ULL << 20;
constexpr const char* kMissing = "missing";

bool is_payload(const std::string& path) {
  return path.rfind(std::string(kPayloadFolder) + "/", 0) == 0;
}

FileDigests digest_files(const fs::path& bundle,
                         const BagFiles& files,
                         const core::Observer& observer) {
  FileDigests digests;
  const auto total = static_cast<std::int64_t>(files.payload.size() + files.tags.size());
  for (const auto* list : {&files.payload, &files.tags}) {
    for (const std::string& path : *list) {
      digests[path] = core::to_hex(core::sha256_file(bundle / path));
      observer.report({"digests", static_cast<std::int64_t>(digests.size()), total, path});
    }
  }
  return digests;
}

/// Entries of one manifest, by path.
struct ClaimedDigests {
  std::map<std::string, std::string> digests;
  std::set<std::string> repeated;  ///< Paths with several lines, of which the first counts.
};

// What is wrong with the manifest goes to the findings.
ClaimedDigests read_manifest(const fs::path& bundle,
                             const char* name,
                             bool of_payload,
                             Findings& findings) {
  ClaimedDigests claimed;
  if (!is_plain_file(bundle, name)) {
    findings.add(name, "a plain file", kMissing);
    return claimed;
  }
  const Manifest manifest = parse_manifest(core::read_text_file(bundle / name, kLargestText), name);
  for (const ManifestProblem& problem : manifest.problems) {
    findings.add(problem.line, problem.rule, problem.text);
  }
  for (const ManifestEntry& entry : manifest.entries) {
    const std::string path = core::printable(entry.path);
    if (is_payload(entry.path) != of_payload) {
      findings.add(std::string(name) + " entry " + path,
                   of_payload ? "a file below data/" : "a tag file",
                   path);
    } else if (!claimed.digests.emplace(entry.path, entry.sha256).second) {
      claimed.repeated.insert(entry.path);
      findings.add(std::string(name) + " entry " + path, "one line per file", "several lines");
    }
  }
  return claimed;
}

bool is_intact(const std::string& path, const ClaimedDigests& claimed, const FileDigests& found) {
  const auto expected = claimed.digests.find(path);
  const auto present = found.find(path);
  return expected != claimed.digests.end() && claimed.repeated.count(path) == 0 &&
         present != found.end() && present->second == expected->second;
}

void compare_digests(const std::map<std::string, std::string>& claimed,
                     const FileDigests& digests,
                     Findings& findings) {
  for (const auto& [path, digest] : claimed) {
    const auto found = digests.find(path);
    ++findings.result().files_checked;
    findings.compare(
        core::printable(path), digest, found == digests.end() ? kMissing : found->second);
  }
}

void report_unlisted(const std::vector<std::string>& present,
                     const std::map<std::string, std::string>& claimed,
                     const char* manifest,
                     Findings& findings) {
  for (const std::string& path : present) {
    if (claimed.count(path) == 0) {
      findings.add(core::printable(path), std::string("not listed in ") + manifest, "present");
    }
  }
}

void check_bag_tags(const fs::path& bundle, const BagFiles& files, Findings& findings) {
  for (const char* required : {kEvidenceFile,
                               kReportFile,
                               kScoresFile,
                               kBagDeclarationFile,
                               kBagInfoFile,
                               kManifestFile,
                               kExtractorFile}) {
    if (!is_plain_file(bundle, required)) findings.add(required, "part of every bundle", kMissing);
  }
  if (is_plain_file(bundle, kBagDeclarationFile)) {
    findings.compare(std::string("content of ") + kBagDeclarationFile,
                     bag_declaration(),
                     core::read_text_file(bundle / kBagDeclarationFile, kLargestText));
  }
  if (!is_plain_file(bundle, kBagInfoFile)) return;
  const std::string info = "\n" + core::read_text_file(bundle / kBagInfoFile, kLargestText);
  const std::string label = "\nPayload-Oxum: ";
  const std::size_t at = info.find(label);
  const std::size_t value_at = at == std::string::npos ? info.size() : at + label.size();
  const std::string claimed = info.substr(value_at, info.find('\n', value_at) - value_at);
  findings.compare("Payload-Oxum of bag-info.txt",
                   core::printable(claimed),
                   payload_oxum(bundle, files.payload));
}

}  // namespace

FileDigests check_files(const fs::path& bundle,
                        Findings& findings,
                        const core::Observer& observer) {
  const BagFiles files = list_bag(bundle);
  FileDigests digests = digest_files(bundle, files, observer);
  const ClaimedDigests payload = read_manifest(bundle, kManifestFile, true, findings);
  const ClaimedDigests tags = read_manifest(bundle, kTagManifestFile, false, findings);
  for (const std::string& path : files.strange) {
    findings.add(core::printable(path), "a plain file", "a symbolic link or special file");
  }
  compare_digests(payload.digests, digests, findings);
  compare_digests(tags.digests, digests, findings);
  report_unlisted(files.payload, payload.digests, kManifestFile, findings);
  report_unlisted(files.tags, tags.digests, kTagManifestFile, findings);
  findings.result().extractor_intact = is_intact(kExtractorFile, payload, digests);
  check_bag_tags(bundle, files, findings);
  return digests;
}

void check_acquisition(const fs::path& bundle, const Evidence& evidence, Findings& findings) {
  for (const auto& [role, set] :
       {std::pair<const char*, const SampleSet&>("suspect", evidence.suspect),
        {"benign", evidence.benign}}) {
    if (!set.acquisition) continue;
    const std::string file = std::string(kAcquisitionFolder) + "/" + role + "/journal.jsonl";
    std::string found = "missing";
    try {
      if (is_plain_file(bundle, file)) {
        found = core::read_chain(bundle / file, [](const nlohmann::json&) {});
      }
    } catch (const core::Error& error) {
      found = error.problem();
    }
    findings.compare("last line of " + file, set.acquisition->journal_sha256, found);
  }
}

void check_samples(const Evidence& evidence, const FileDigests& digests, Findings& findings) {
  std::set<std::string> named;
  for (const SampleSet* set : {&evidence.suspect, &evidence.benign}) {
    for (const ScoredSample& sample : set->samples) {
      named.insert(sample.file);
      const auto found = digests.find(sample.file);
      findings.compare(
          sample.file, sample.sha256, found == digests.end() ? kMissing : found->second);
    }
  }
  const std::string folder = std::string(kSamplesFolder) + "/";
  for (const auto& [path, digest] : digests) {
    if (path.rfind(folder, 0) == 0 && named.count(path) == 0) {
      findings.add(core::printable(path), "not a sample of evidence.json", "present");
    }
  }
}

void check_scores_file(const fs::path& bundle, const Evidence& evidence, Findings& findings) {
  if (!is_plain_file(bundle, kScoresFile)) return;  // Reported as missing with the other files.
  const std::string claimed = core::read_text_file(bundle / kScoresFile, kLargestText);
  const std::string expected = scores_csv(evidence);
  if (claimed == expected) return;
  const auto differs = std::mismatch(
      claimed.begin(), claimed.end(), expected.begin(), expected.end());
  const auto line = 1 + std::count(claimed.begin(), differs.first, '\n');
  const auto line_of = [line](const std::string& text) {
    std::size_t at = 0;
    for (std::ptrdiff_t i = 1; i < line && at < text.size(); ++i) at = text.find('\n', at) + 1;
    return core::printable(
        text.substr(at, std::min(text.find_first_of("\r\n", at), text.size()) - at));
  };
  findings.add(std::string(kScoresFile) + " line " + std::to_string(line),
               line_of(claimed),
               line_of(expected));
}

}  // namespace patina::report
