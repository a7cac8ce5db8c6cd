// SPDX-License-Identifier: Apache-2.0
// The folder of a run that survives `kill -9`: whose it is, how far it came, whether it is done.
// While a run is unfinished its state lies in a folder of its own (run.json: identity and what the
// run keeps; beside it whatever large files the run wants); a finished run leaves its record, which
// is written last. Entry points: RunFolder; require_only and core/run_identity.h for folders whose
// format is fixed elsewhere.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/run_identity.h"

namespace patina::core {

/// Where a run keeps what.
struct RunPlace {
  std::filesystem::path folder;  ///< What the run makes goes here.
  /// Folder of an unfinished run's state; empty = ".patina-run" in `folder`. Another place where
  /// `folder` is for publishing.
  std::filesystem::path state;
  /// Name in `folder` of the record of a finished run; empty = the run leaves none.
  std::string record;
  FileAccess access = FileAccess::kPublic;  ///< Who may read the state; kSecret: the owner alone.
};

enum class RunState {
  kEmpty,       ///< Nothing is there.
  kUnfinished,  ///< This run, to be gone on with.
  kFinished,    ///< This run, done.
  kAnother,     ///< Something else: require_ours() says what.
};

/// Not for use by several threads at once, nor by two objects or processes on one folder.
class RunFolder {
 public:
  /// Looks and writes nothing. Throws Error{kInput} for a damaged run.json or record, Error{kDisk}.
  RunFolder(RunPlace place, RunIdentity identity);
  ~RunFolder();
  RunFolder(RunFolder&&) noexcept;
  RunFolder& operator=(RunFolder&&) noexcept;

  RunState state() const { return state_; }
  /// Throws Error{kInput} where something else is there: "holds another run (--steps was 400, now
  /// 200)", "is not empty", "holds a finished run", "is a file".
  void require_ours() const;
  /// The record of a finished run, as finish() was given it.
  nlohmann::json record() const;

  /// Makes the folders, marks them as this run's, and removes what a killed attempt was writing.
  /// Throws what require_ours does, and Error{kInput} "holds a finished run".
  void begin();
  /// What the run kept last, in this attempt or an earlier one; null = nothing yet.
  const nlohmann::json& kept() const { return *kept_; }
  /// Keeps a small document, whole or not at all. After begin().
  void keep(const nlohmann::json& document);
  /// Path in the state folder for a large file, such as a checkpoint.
  std::filesystem::path state_file(const std::string& name) const;
  /// Writes the record, an object, with the identity as its member "run", and removes the state.
  /// Everything else the run makes must be in place. After begin().
  void finish(nlohmann::json record);
  /// Removes the state: of a run that came to nothing, or one that was killed within finish().
  void remove_state() const;

 private:
  void look();
  void look_at_record(const std::filesystem::path& path);
  void look_at_state(const std::filesystem::path& path);
  void refuse(const std::filesystem::path& where, std::string what, std::string todo);
  void require_begun() const;
  void write() const;

  RunPlace place_;
  RunIdentity identity_;
  RunState state_ = RunState::kEmpty;
  std::optional<Error> refusal_;
  std::unique_ptr<nlohmann::json> kept_;
  bool begun_ = false;
};

/// Throws Error{kInput} "<folder>: holds files that are not of <whose>, "x" among them" unless all
/// names at its top are among `names` or those of unfinished writes. No folder is fine.
void require_only(const std::filesystem::path& folder,
                  const std::set<std::string>& names,
                  const std::string& whose);

}  // namespace patina::core
