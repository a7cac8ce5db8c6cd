// SPDX-License-Identifier: Apache-2.0
#include "analyzer/internal/audit_folder.h"

#include <algorithm>
#include <system_error>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "report/bundle/bundle.h"
#include "report/evidence/bundle_layout.h"

namespace patina::analyzer {
namespace {

namespace fs = std::filesystem;
using core::Error;
using core::ErrorKind;

constexpr const char* kJournalFile = ".progress.json";
constexpr const char* kTemporaryMark = ".patina-tmp-";  // Of core::write_file_atomic.
constexpr std::chrono::seconds kSaveInterval(2);
constexpr const char* kTodo = "delete the folder or choose another with --output";

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

// What a killed write of one of these files left; begin() removes it.
bool is_unfinished_write(const std::string& name) {
  return std::any_of(own_names().begin(), own_names().end(), [&name](const std::string& own) {
    return name.rfind("." + own + kTemporaryMark, 0) == 0;
  });
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

AuditFolder::AuditFolder(fs::path bundle, std::string scorer) : bundle_(std::move(bundle)) {
  journal_.scorer = std::move(scorer);
  std::error_code ignored;
  if (!fs::exists(bundle_, ignored)) return;
  if (!fs::is_directory(bundle_, ignored)) {
    throw Error(ErrorKind::kInput,
                bundle_.string(),
                "is a file, a folder is written there",
                "choose another with --output");
  }
  if (report::is_finished_bundle(bundle_)) {
    throw Error(ErrorKind::kInput, bundle_.string(), "is a finished evidence bundle", kTodo);
  }
  if (fs::is_empty(bundle_, ignored)) return;
  require_ours();
  resume();
}

void AuditFolder::require_ours() const {
  const std::vector<std::string> names = names_in(bundle_);
  const bool resumable = std::any_of(names.begin(),
                                     names.end(),
                                     [](const std::string& name) {
                                       return name == kJournalFile || name == report::kEvidenceFile;
                                     }) ||
                         fs::exists(bundle_ / report::kAcquisitionFolder);
  for (const std::string& name : names) {
    if (is_unfinished_write(name) || (resumable && own_names().count(name) > 0)) continue;
    throw Error(
        ErrorKind::kInput,
        bundle_.string(),
        "holds files that are not of an unfinished audit, " + core::in_quotes(name) + " among them",
        "name a new or empty folder with --output");
  }
}

void AuditFolder::resume() {
  std::error_code ignored;
  const bool scored = fs::exists(bundle_ / kJournalFile, ignored) ||
                      fs::exists(bundle_ / report::kEvidenceFile, ignored);
  if (!scored) return;  // interrupted while it collected
  Journal found = fs::exists(bundle_ / kJournalFile, ignored)
                      ? read_journal(bundle_ / kJournalFile)
                      : read_journal_from_evidence(bundle_ / report::kEvidenceFile);
  if (found.scorer != journal_.scorer) {
    throw Error(ErrorKind::kInput,
                bundle_.string(),
                "holds an unfinished audit with another key, precision or version of Patina",
                kTodo);
  }
  journal_.scores = std::move(found.scores);
}

void AuditFolder::begin() {
  core::make_folder(bundle_);
  core::remove_stale_temporaries(bundle_);
  save();
  core::make_folder(bundle_ / report::kSamplesFolder);
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
