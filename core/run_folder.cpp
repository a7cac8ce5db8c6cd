// SPDX-License-Identifier: Apache-2.0
#include "core/run_folder.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/json.h"

namespace patina::core {
namespace {

using nlohmann::json;

constexpr const char* kStateFolder = ".patina-run";
constexpr const char* kRunFile = "run.json";
constexpr const char* kFormat = "patina-run";
constexpr int kVersion = 1;
constexpr const char* kRunMember = "run";
constexpr const char* kNameAnother = "name a new or empty folder";

// The first name at the top of a folder, in order, that is not among the given ones; "" = none.
std::string foreign_name(const fs::path& folder, const std::set<std::string>& own) {
  std::set<std::string> foreign;
  std::error_code failure;
  for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    std::string name = entry->path().filename().string();
    if (own.count(name) == 0 && !is_temporary(name)) foreign.insert(std::move(name));
  }
  if (failure && failure != std::errc::no_such_file_or_directory) {
    throw Error(ErrorKind::kDisk,
                folder.string(),
                "cannot be read (" + failure.message() + ")",
                "check its permissions");
  }
  return foreign.empty() ? std::string() : *foreign.begin();
}

Error damaged(const fs::path& path) {
  return Error(ErrorKind::kInput, path.string(), "is damaged", "delete its folder and start again");
}

json read_object(const fs::path& path) {
  json document;
  try {
    document = parse_json(read_text_file(path), path.string());
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) throw;
    std::throw_with_nested(damaged(path));
  }
  if (!document.is_object()) throw damaged(path);
  return document;
}

bool is_file_in_the_way(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored) && !fs::is_directory(path, ignored);
}

}  // namespace

RunFolder::RunFolder(RunPlace place, RunIdentity identity)
    : place_(std::move(place)), identity_(std::move(identity)), kept_(std::make_unique<json>()) {
  if (place_.state.empty()) place_.state = place_.folder / kStateFolder;
  look();
}

RunFolder::~RunFolder() = default;
RunFolder::RunFolder(RunFolder&&) noexcept = default;
RunFolder& RunFolder::operator=(RunFolder&&) noexcept = default;

void RunFolder::refuse(const fs::path& where, std::string what, std::string todo) {
  state_ = RunState::kAnother;
  refusal_ = Error(ErrorKind::kInput, where.string(), std::move(what), std::move(todo));
}

void RunFolder::look() {
  for (const fs::path& folder : {place_.folder, place_.state}) {
    if (is_file_in_the_way(folder)) return refuse(folder, "is a file", "name a folder");
  }
  std::error_code ignored;
  const fs::path record = place_.folder / place_.record;
  if (!place_.record.empty() && fs::exists(record, ignored)) return look_at_record(record);
  const fs::path state = state_file(kRunFile);
  if (fs::exists(state, ignored)) return look_at_state(state);
  // A kill before run.json was there may have left the state's folder, with nothing in it.
  std::set<std::string> own;
  if (place_.state.parent_path() == place_.folder) own.insert(place_.state.filename().string());
  const std::string in_folder = foreign_name(place_.folder, own);
  const std::string in_state = foreign_name(place_.state, {});
  if (!in_folder.empty()) {
    refuse(place_.folder, "is not empty, it holds " + in_quotes(in_folder), kNameAnother);
  } else if (!in_state.empty()) {
    refuse(place_.state, "is not empty, it holds " + in_quotes(in_state), kNameAnother);
  }
}

void RunFolder::look_at_record(const fs::path& path) {
  const json record = read_object(path);
  if (!record.contains(kRunMember)) {
    return refuse(place_.folder, "holds a finished run", kNameAnother);
  }
  try {
    require_same_run(
        place_.folder, identity_from_json(record.at(kRunMember), path.string()), identity_);
    state_ = RunState::kFinished;
  } catch (const Error& error) {
    refuse(place_.folder, error.problem(), kNameAnother);
  }
}

void RunFolder::look_at_state(const fs::path& path) {
  const json document = read_object(path);
  if (document.value("format", json()) != kFormat ||
      document.value("version", json()) != kVersion || !document.contains("identity") ||
      !document.contains("kept")) {
    throw damaged(path);
  }
  const RunIdentity found = identity_from_json(document.at("identity"), path.string());
  try {
    require_same_run(place_.folder, found, identity_);
  } catch (const Error& error) {
    return refuse(place_.folder, error.problem(), error.todo());
  }
  state_ = RunState::kUnfinished;
  *kept_ = document.at("kept");
}

void RunFolder::require_ours() const {
  if (refusal_) throw Error(*refusal_);
}

json RunFolder::record() const {
  if (state_ != RunState::kFinished) {
    throw Error(ErrorKind::kInternal, place_.folder.string(), "holds no finished run");
  }
  return read_object(place_.folder / place_.record);
}

void RunFolder::begin() {
  require_ours();
  if (state_ == RunState::kFinished) {
    throw Error(ErrorKind::kInput, place_.folder.string(), "holds a finished run", kNameAnother);
  }
  make_folder(place_.folder);
  make_folder(place_.state);
  if (place_.access == FileAccess::kSecret) {
    fs::permissions(place_.state, fs::perms::owner_all);
  }
  begun_ = true;
  if (state_ == RunState::kEmpty) write();
  state_ = RunState::kUnfinished;
  remove_stale_temporaries(place_.folder);
  remove_stale_temporaries(place_.state);
}

void RunFolder::require_begun() const {
  if (!begun_) throw Error(ErrorKind::kInternal, place_.folder.string(), "holds no run under way");
}

void RunFolder::keep(const json& document) {
  require_begun();
  *kept_ = document;
  write();
}

fs::path RunFolder::state_file(const std::string& name) const { return place_.state / name; }

void RunFolder::finish(json record) {
  require_begun();
  record[kRunMember] = to_json(identity_);
  write_file_atomic(place_.folder / place_.record, dump_json(record));
  remove_state();
  state_ = RunState::kFinished;
  begun_ = false;
}

void RunFolder::remove_state() const {
  require_ours();
  std::error_code failure;
  // The file that says whose the folder is goes last, so that a kill in between leaves it known.
  for (fs::directory_iterator entry(place_.state, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    std::error_code ignored;
    if (entry->path().filename() != kRunFile) fs::remove_all(entry->path(), ignored);
  }
  fs::remove_all(place_.state, failure);
  if (!failure) return;
  throw Error(ErrorKind::kDisk,
              place_.state.string(),
              "cannot be removed (" + failure.message() + ")",
              "check its permissions, then remove it");
}

void RunFolder::write() const {
  write_file_atomic(state_file(kRunFile),
                    dump_json({{"format", kFormat},
                               {"version", kVersion},
                               {"identity", to_json(identity_)},
                               {"kept", *kept_}}),
                    place_.access);
}

void require_only(const fs::path& folder,
                  const std::set<std::string>& names,
                  const std::string& whose) {
  if (is_file_in_the_way(folder)) {
    throw Error(ErrorKind::kInput, folder.string(), "is a file", "name a folder");
  }
  const std::string foreign = foreign_name(folder, names);
  if (foreign.empty()) return;
  throw Error(ErrorKind::kInput,
              folder.string(),
              "holds files that are not of " + whose + ", " + in_quotes(foreign) + " among them",
              kNameAnother);
}

}  // namespace patina::core
