// SPDX-License-Identifier: Apache-2.0
#include "analyzer/internal/audit_folder.h"

#include <system_error>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/run_folder.h"
#include "report/bundle/bundle.h"
#include "report/evidence/bundle_layout.h"

namespace patina::analyzer {
namespace {

namespace fs = std::filesystem;
using core::Error;
using core::ErrorKind;

constexpr const char* kJournalFile = ".progress.json";
constexpr std::chrono::seconds kSaveInterval(2);

// Everything an unfinished audit may hold at its top [RFC 8493, Sec. 2].
const std::set<std::string>& own_names() {
  static const std::set<std::string> names = {kJournalFile,
                                              "data",
                                              report::kEvidenceFile,
                                              report::kReportFile,
                                              report::kScoresFile,
                                              "bagit.txt",
                                              "bag-info.txt",
                                              "manifest-sha256.txt"};
  return names;
}

void require_done(const std::error_code& failure, const fs::path& path, const std::string& verb) {
  if (!failure) return;
  throw Error(ErrorKind::kDisk,
              path.string(),
              "cannot be " + verb + " (" + failure.message() + ")",
              "check its permissions");
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code failure;
  for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    names.push_back(entry->path().filename().string());
  }
  require_done(failure, folder, "read");
  return names;
}

}  // namespace

std::string sample_file(const std::string& sha256, images::ImageFormat format) {
  return std::string(report::kSamplesFolder) + "/" + sha256 + images::file_extension(format);
}

AuditFolder::AuditFolder(fs::path bundle, core::RunIdentity scorer) : bundle_(std::move(bundle)) {
  journal_.scorer = std::move(scorer);
  if (report::is_finished_bundle(bundle_)) {
    throw Error(ErrorKind::kInput,
                bundle_.string(),
                "is a finished evidence bundle",
                "delete the folder or choose another with --output");
  }
  std::error_code ignored;
  const bool scored = fs::exists(bundle_ / kJournalFile, ignored) ||
                      fs::exists(bundle_ / report::kEvidenceFile, ignored);
  const bool collected = fs::exists(bundle_ / report::kAcquisitionFolder, ignored);
  core::require_only(
      bundle_, scored || collected ? own_names() : std::set<std::string>(), "an unfinished audit");
  if (scored) resume();
}

void AuditFolder::resume() {
  std::error_code ignored;
  Journal found = fs::exists(bundle_ / kJournalFile, ignored)
                      ? read_journal(bundle_ / kJournalFile)
                      : read_journal_from_evidence(bundle_ / report::kEvidenceFile);
  core::require_same_run(bundle_, found.scorer, journal_.scorer);
  journal_.scores = std::move(found.scores);
}

void AuditFolder::begin() {
  core::make_folder(bundle_);
  save();
  core::make_folder(bundle_ / report::kSamplesFolder);
  core::remove_stale_temporaries(bundle_);
}

void AuditFolder::keep_sample(const queryers::Sample& sample, images::ImageFormat format) const {
  const fs::path path = bundle_ / sample_file(sample.sha256, format);
  std::error_code ignored;
  const bool there = fs::file_size(path, ignored) == sample.bytes.size() &&
                     core::to_hex(core::sha256_file(path)) == sample.sha256;
  if (!there) core::write_file_atomic(path, sample.bytes);
}

void AuditFolder::save() {
  write_journal(bundle_ / kJournalFile, journal_);
  saved_at_ = std::chrono::steady_clock::now();
}

void AuditFolder::save_now_and_then() {
  if (std::chrono::steady_clock::now() - saved_at_ >= kSaveInterval) save();
}

void AuditFolder::keep_only(const std::set<std::string>& files) const {
  for (const std::string& name : names_in(bundle_ / report::kSamplesFolder)) {
    const std::string file = std::string(report::kSamplesFolder) + "/" + name;
    if (files.count(file) > 0) continue;
    std::error_code failure;
    fs::remove_all(bundle_ / file, failure);
    require_done(failure, bundle_ / file, "removed");
  }
}

void AuditFolder::finish(const report::Evidence& evidence) const {
  report::finish_bundle(bundle_, evidence, kJournalFile);
}

}  // namespace patina::analyzer
