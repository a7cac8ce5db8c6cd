// SPDX-License-Identifier: Apache-2.0
#include "analyzer/internal/audit_folder.h"

#include <cmath>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json.h"
#include "report/bundle.h"

namespace patina::analyzer {
namespace {

namespace fs = std::filesystem;
using core::Error;
using core::ErrorKind;
using nlohmann::json;

constexpr const char* kJournalFile = ".progress.json";
constexpr const char* kJournalFormat = "patina-audit-progress";
constexpr int kJournalVersion = 1;
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

ScoredImage scored_image(const std::string& sha256, const json& entry) {
  ScoredImage image;
  image.sha256 = sha256;
  image.score = entry.at("score").get<double>();
  image.width_px = entry.at("width_px").get<int>();
  image.height_px = entry.at("height_px").get<int>();
  const auto format = core::format_from_name(entry.at("format").get<std::string>());
  const bool sound = format && std::isfinite(image.score) && image.width_px > 0 &&
                     image.height_px > 0 && sha256.size() == 64;
  if (!sound) throw std::out_of_range("score of " + sha256);
  image.format = *format;
  return image;
}

}  // namespace

std::string sample_file(const std::string& sha256, core::ImageFormat format) {
  return std::string(report::kSamplesFolder) + "/" + sha256 + core::file_extension(format);
}

AuditFolder::AuditFolder(fs::path bundle, std::string scorer)
    : bundle_(std::move(bundle)), scorer_(std::move(scorer)) {
  const std::string where = bundle_.string();
  std::error_code ignored;
  if (!fs::exists(bundle_, ignored)) return;
  if (!fs::is_directory(bundle_, ignored)) {
    throw Error(ErrorKind::kInput, where, "is a file, a folder is written there", "choose another");
  }
  if (report::is_finished_bundle(bundle_)) {
    finish();  // A run that ended right before this left its journal.
    throw Error(ErrorKind::kInput, where, "is a finished evidence bundle", kTodo);
  }
  if (fs::is_empty(bundle_, ignored)) return;
  core::remove_stale_temporaries(bundle_);
  require_ours();
  load();
}

void AuditFolder::require_ours() const {
  std::error_code ignored;
  const bool has_journal = fs::exists(bundle_ / kJournalFile, ignored);
  for (const std::string& name : names_in(bundle_)) {
    if (has_journal && own_names().count(name) > 0) continue;
    throw Error(
        ErrorKind::kInput,
        bundle_.string(),
        "holds files that are not of an unfinished audit, " + core::in_quotes(name) + " among them",
        "name a new or empty folder with --output");
  }
}

void AuditFolder::load() {
  const fs::path path = bundle_ / kJournalFile;
  const json journal = core::parse_json(core::read_text_file(path), path.string());
  try {
    if (journal.at("format") != kJournalFormat || journal.at("version") != kJournalVersion) {
      throw std::out_of_range("format version");
    }
    if (journal.at("scorer") != scorer_) {
      throw Error(ErrorKind::kInput,
                  bundle_.string(),
                  "holds an unfinished audit with another key, precision or version of Patina",
                  kTodo);
    }
    for (const auto& entry : journal.at("scores").items()) {
      scores_[entry.key()] = scored_image(entry.key(), entry.value());
    }
  } catch (const std::logic_error&) {
    std::throw_with_nested(
        Error(ErrorKind::kInput, path.string(), "is not a journal of this version", kTodo));
  } catch (const json::exception&) {
    std::throw_with_nested(
        Error(ErrorKind::kInput, path.string(), "is not a journal of this version", kTodo));
  }
}

void AuditFolder::begin() {
  core::make_folder(bundle_);
  save();
  core::make_folder(bundle_ / report::kSamplesFolder);
}

void AuditFolder::keep_sample(const queryers::Sample& sample, core::ImageFormat format) const {
  const fs::path path = bundle_ / sample_file(sample.sha256, format);
  std::error_code ignored;
  const bool there = fs::file_size(path, ignored) == sample.bytes.size() &&
                     core::to_hex(core::sha256_file(path)) == sample.sha256;
  if (!there) core::write_file_atomic(path, sample.bytes);
}

void AuditFolder::save() {
  json scores = json::object();
  for (const auto& [sha256, image] : scores_) {
    scores[sha256] = {{"score", image.score},
                      {"width_px", image.width_px},
                      {"height_px", image.height_px},
                      {"format", core::to_string(image.format)}};
  }
  const json journal = {{"format", kJournalFormat},
                        {"version", kJournalVersion},
                        {"scorer", scorer_},
                        {"scores", std::move(scores)}};
  core::write_file_atomic(bundle_ / kJournalFile, core::dump_json(journal));
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

void AuditFolder::finish() const {
  std::error_code ignored;
  fs::remove(bundle_ / kJournalFile, ignored);
}

}  // namespace patina::analyzer
