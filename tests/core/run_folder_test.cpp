// SPDX-License-Identifier: Apache-2.0
// A run that is killed is an object that goes without finish(): nothing happens in its destructor.
#include "core/run_folder.h"

#include <map>
#include <string>
#include <sys/stat.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"

namespace patina::core {
namespace {

using nlohmann::json;

class RunFolderTest : public testing::Test {
 protected:
  static RunIdentity identity(int steps = 400) { return RunIdentity().add("--steps", steps); }
  RunPlace place() const {
    RunPlace made;
    made.folder = folder_;
    made.record = "record.json";
    return made;
  }
  RunFolder open(int steps = 400) const { return RunFolder(place(), identity(steps)); }
  RunState state(int steps = 400) const { return open(steps).state(); }
  // A run that is killed after it kept `step`.
  void kill_at(int step) const {
    RunFolder run = open();
    run.begin();
    run.keep({{"step", step}});
  }
  void finish() const {
    RunFolder run = open();
    run.begin();
    run.finish({{"loss", 0.5}});
  }
  void put(const fs::path& name, const std::string& text = "x") const {
    make_folder((folder_ / name).parent_path());
    write_file_atomic(folder_ / name, text);
  }
  /// Every path below the scratch folder with its contents.
  std::map<std::string, std::string> contents() const {
    std::map<std::string, std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(scratch_.path())) {
      found[entry.path().string()] = entry.is_regular_file() ? read_text_file(entry.path()) : "";
    }
    return found;
  }
  std::string refusal(int steps = 400) const {
    return caught_text([&] { open(steps).begin(); });
  }

  ScratchFolder scratch_;
  fs::path folder_ = scratch_ / "out";
  // No process has the highest number that a name may hold.
  std::string temporary_ = ".weights.patina-tmp-2147483647-0";
};

TEST_F(RunFolderTest, IsEmptyWhereNothingIs) {
  EXPECT_EQ(state(), RunState::kEmpty);
  make_folder(folder_);
  EXPECT_EQ(state(), RunState::kEmpty);
}

TEST_F(RunFolderTest, WritesNothingBeforeItBegins) {
  open();
  EXPECT_FALSE(fs::exists(folder_));
  kill_at(1);
  put(temporary_);
  const auto before = contents();
  open();
  open(200);
  EXPECT_EQ(contents(), before);
}

TEST_F(RunFolderTest, GoesOnWithWhatAKilledRunKept) {
  kill_at(7);
  RunFolder run = open();
  EXPECT_EQ(run.state(), RunState::kUnfinished);
  EXPECT_EQ(run.kept(), json({{"step", 7}}));
  run.begin();
  EXPECT_EQ(run.kept(), json({{"step", 7}}));
}

TEST_F(RunFolderTest, IsUnfinishedFromTheMomentItBegins) {
  open().begin();
  EXPECT_EQ(state(), RunState::kUnfinished);
  EXPECT_TRUE(open().kept().is_null());
}

TEST_F(RunFolderTest, KeepsWhatTheRunMadeAndItsLargeFiles) {
  kill_at(1);
  put("picture.png", "half of the work");
  write_file_atomic(open().state_file("checkpoint"), std::string("weights"));
  open().begin();
  EXPECT_EQ(read_text_file(folder_ / "picture.png"), "half of the work");
  EXPECT_EQ(read_text_file(open().state_file("checkpoint")), "weights");
}

TEST_F(RunFolderTest, RemovesWhatAKilledAttemptWasWritingOnceItBegins) {
  kill_at(1);
  put(temporary_);
  open().begin();
  EXPECT_FALSE(fs::exists(folder_ / temporary_));
}

TEST_F(RunFolderTest, IsEmptyAfterAKillWithinTheFirstWrite) {
  put(".patina-run/.run.json.patina-tmp-2147483647-0", "{");
  EXPECT_EQ(state(), RunState::kEmpty);
  open().begin();
  EXPECT_EQ(state(), RunState::kUnfinished);
}

TEST_F(RunFolderTest, LeavesItsRecordAloneWhenItIsFinished) {
  kill_at(1);
  RunFolder run = open();
  run.begin();
  run.finish({{"loss", 0.5}});
  EXPECT_EQ(count_entries(folder_), 1);
  const RunFolder done = open();
  EXPECT_EQ(done.state(), RunState::kFinished);
  EXPECT_EQ(done.record(), json({{"loss", 0.5}, {"run", {{"--steps", "400"}}}}));
}

TEST_F(RunFolderTest, IsFinishedAfterAKillBetweenTheRecordAndTheRemovalOfTheState) {
  kill_at(1);
  put("record.json", R"({"run": {"--steps": "400"}})");
  const RunFolder run = open();
  EXPECT_EQ(run.state(), RunState::kFinished);
  run.remove_state();
  EXPECT_EQ(count_entries(folder_), 1);
}

TEST_F(RunFolderTest, IsNotDoneTwice) {
  finish();
  EXPECT_EQ(refusal(), folder_.string() + ": holds a finished run; name a new or empty folder.");
}

TEST_F(RunFolderTest, NamesTheFieldInWhichAnUnfinishedRunDiffers) {
  kill_at(1);
  EXPECT_EQ(state(200), RunState::kAnother);
  EXPECT_EQ(refusal(200),
            folder_.string() +
                ": holds another run (--steps was 400, now 200); repeat the command that began it, "
                "or name another folder.");
}

TEST_F(RunFolderTest, NamesTheFieldInWhichAFinishedRunDiffers) {
  finish();
  EXPECT_EQ(state(200), RunState::kAnother);
  EXPECT_EQ(refusal(200),
            folder_.string() +
                ": holds another run (--steps was 400, now 200); name a new or empty folder.");
}

TEST_F(RunFolderTest, RefusesARecordThatDoesNotSayOfWhichRun) {
  put("record.json", "{}");
  EXPECT_EQ(state(), RunState::kAnother);
  EXPECT_EQ(refusal(), folder_.string() + ": holds a finished run; name a new or empty folder.");
}

TEST_F(RunFolderTest, RefusesAFolderOfOtherFilesAndTouchesNone) {
  put("letter.txt");
  put(temporary_);
  const auto before = contents();
  EXPECT_EQ(
      refusal(),
      folder_.string() + ": is not empty, it holds \"letter.txt\"; name a new or empty folder.");
  EXPECT_THROW(open().remove_state(), Error);
  EXPECT_EQ(contents(), before);
}

TEST_F(RunFolderTest, RefusesAStateFolderOfOtherFiles) {
  put(".patina-run/letter.txt");
  EXPECT_EQ(refusal(),
            (folder_ / ".patina-run").string() +
                ": is not empty, it holds \"letter.txt\"; name a new or empty folder.");
}

TEST_F(RunFolderTest, RefusesAFileInThePlaceOfAFolder) {
  write_file_atomic(folder_, std::string("x"));
  EXPECT_EQ(refusal(), folder_.string() + ": is a file; name a folder.");
}

TEST_F(RunFolderTest, RefusesADamagedState) {
  const std::string sentence = (folder_ / ".patina-run/run.json").string() +
                               ": is damaged; delete its folder and start again.";
  kill_at(1);
  for (const char* text :
       {"",
        "{\"format\": \"patina-run\"",
        "[]",
        R"({"format": "patina-run", "version": 1, "kept": null})",
        R"({"format": "patina-run", "version": 2, "identity": {}, "kept": 1})"}) {
    put(".patina-run/run.json", text);
    EXPECT_EQ(caught_text([this] { open(); }), sentence) << text;
  }
}

TEST_F(RunFolderTest, RefusesADamagedRecord) {
  put("record.json", "{");
  EXPECT_EQ(
      caught_text([this] { open(); }),
      (folder_ / "record.json").string() + ": is damaged; delete its folder and start again.");
}

TEST_F(RunFolderTest, KeepsAndFinishesOnlyWhatHasBegun) {
  EXPECT_EQ(caught([this] { open().keep(1); }).kind(), ErrorKind::kInternal);
  EXPECT_EQ(caught([this] { open().finish(json::object()); }).kind(), ErrorKind::kInternal);
  EXPECT_EQ(caught([this] { open().record(); }).kind(), ErrorKind::kInternal);
}

class SecretStateTest : public RunFolderTest {
 protected:
  RunFolder open() const {
    RunPlace apart = place();
    apart.state = state_;
    apart.access = FileAccess::kSecret;
    return RunFolder(apart, identity());
  }
  static mode_t mode(const fs::path& path) {
    struct stat status = {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 0777;
  }
  fs::path state_ = scratch_ / "key.run";
};

TEST_F(SecretStateTest, LiesApartForTheOwnerAlone) {
  RunFolder run = open();
  run.begin();
  run.keep({{"seed", "1"}});
  EXPECT_EQ(count_entries(folder_), 0);
  EXPECT_EQ(mode(state_), 0700U);
  EXPECT_EQ(mode(state_ / "run.json"), 0600U);
  EXPECT_EQ(open().kept(), json({{"seed", "1"}}));
}

TEST_F(SecretStateTest, GoesOnBesideWhatTheRunMade) {
  open().begin();
  put("coated.png");
  EXPECT_EQ(open().state(), RunState::kUnfinished);
  open().remove_state();
  EXPECT_FALSE(fs::exists(state_));
  EXPECT_EQ(open().state(), RunState::kAnother);
}

TEST_F(RunFolderTest, RequireOnlyNamesTheForeignFile) {
  EXPECT_NO_THROW(require_only(folder_, {"plan.json"}, "a collection"));
  put("plan.json");
  put(temporary_);
  EXPECT_NO_THROW(require_only(folder_, {"plan.json"}, "a collection"));
  put("letter.txt");
  EXPECT_EQ(caught_text([this] { require_only(folder_, {"plan.json"}, "a collection"); }),
            folder_.string() +
                ": holds files that are not of a collection, \"letter.txt\" among them; name a new "
                "or empty folder.");
  EXPECT_EQ(caught_text([this] { require_only(folder_ / "letter.txt", {}, "a collection"); }),
            (folder_ / "letter.txt").string() + ": is a file; name a folder.");
}

}  // namespace
}  // namespace patina::core
