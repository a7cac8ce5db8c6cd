// SPDX-License-Identifier: Apache-2.0
#include "report/bundle/bundle.h"

#include <algorithm>
#include <system_error>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/text.h"
#include "images/image_io.h"
#include "report/bundle/bag.h"
#include "report/evidence/bundle_layout.h"
#include "report/pdf/pdf.h"

namespace patina::report {
namespace {

namespace fs = std::filesystem;

void remove_file(const fs::path& path) {
  std::error_code error;
  fs::remove(path, error);
  if (!error) return;
  throw core::Error(core::ErrorKind::kDisk,
                    path.string(),
                    "cannot be removed: " + error.message(),
                    "mend the permissions of the folder");
}

void expect_payload_file(const fs::path& bundle, const std::string& path) {
  if (is_plain_file(bundle, path)) return;
  throw core::Error(core::ErrorKind::kInput,
                    (bundle / path).string(),
                    "is not a file of the bundle",
                    "run the audit again");
}

void expect_payload(const fs::path& bundle, const Evidence& evidence) {
  expect_payload_file(bundle, kExtractorFile);
  for (const SampleSet* set : {&evidence.suspect, &evidence.benign}) {
    for (const ScoredSample& sample : set->samples) expect_payload_file(bundle, sample.file);
  }
}

BagFiles list_plain_files(const fs::path& bundle) {
  BagFiles files = list_bag(bundle);
  if (files.strange.empty()) return files;
  throw core::Error(core::ErrorKind::kInput,
                    (bundle / files.strange.front()).string(),
                    "is a symbolic link or a special file, a bundle holds plain files only",
                    "remove it");
}

std::string make_manifest(const fs::path& bundle, const std::vector<std::string>& paths) {
  std::vector<ManifestEntry> entries;
  entries.reserve(paths.size());
  for (const std::string& path : paths) {
    entries.push_back({core::to_hex(core::sha256_file(bundle / path)), path});
  }
  return manifest_text(std::move(entries));
}

std::string bag_info(const Evidence& evidence, const std::string& oxum) {
  std::string info;
  if (!evidence.case_name.empty()) {
    info += "External-Description: " + core::printable(evidence.case_name) + "\n";
  }
  info += "Bag-Software-Agent: Patina " + core::printable(evidence.tool_version) + "\n";
  constexpr std::size_t kDateLength = 10;  // "2026-01-31" of the RFC 3339 time.
  info += "Bagging-Date: " + core::printable(evidence.created.substr(0, kDateLength)) + "\n";
  info += "Payload-Oxum: " + oxum + "\n";
  return info;
}

void write_documents(const fs::path& bundle, const Evidence& evidence) {
  const std::string text = core::dump_json(to_json(evidence));
  core::write_file_atomic(bundle / kEvidenceFile, text);
  core::write_file_atomic(bundle / kScoresFile, scores_csv(evidence));
  const LoadSample load_sample = [&bundle](const ScoredSample& sample) {
    images::ImageLimits limits;  // Raised to what the audit itself has decoded.
    const auto pixels = static_cast<std::uint64_t>(std::max(0, sample.width_px)) *
                        static_cast<std::uint64_t>(std::max(0, sample.height_px));
    limits.max_pixels = std::max(limits.max_pixels, pixels);
    return images::read_image(bundle / sample.file, limits).image;
  };
  const std::string digest = core::to_hex(core::sha256(text));
  core::write_file_atomic(bundle / kReportFile, render_pdf(evidence, digest, load_sample));
}

}  // namespace

bool is_finished_bundle(const fs::path& bundle) { return is_plain_file(bundle, kTagManifestFile); }

void finish_bundle(const fs::path& bundle,
                   const Evidence& evidence,
                   const std::string& superseded) {
  remove_file(bundle / kTagManifestFile);
  core::remove_stale_temporaries(bundle);
  expect_payload(bundle, evidence);
  write_documents(bundle, evidence);
  if (!superseded.empty()) remove_file(bundle / superseded);
  const BagFiles files = list_plain_files(bundle);
  core::write_file_atomic(bundle / kBagDeclarationFile, bag_declaration());
  core::write_file_atomic(bundle / kBagInfoFile,
                          bag_info(evidence, payload_oxum(bundle, files.payload)));
  core::write_file_atomic(bundle / kManifestFile, make_manifest(bundle, files.payload));
  core::write_file_atomic(bundle / kTagManifestFile, make_manifest(bundle, list_bag(bundle).tags));
}

}  // namespace patina::report
