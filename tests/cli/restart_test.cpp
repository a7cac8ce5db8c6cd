// SPDX-License-Identifier: Apache-2.0
#include "cli/restart.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patina::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

Settings settings(const VectorUnits& units, const std::set<std::string>& set_already = {}) {
  return choose_library_settings(
      units, [&](const std::string& name) { return set_already.count(name) > 0; });
}

// OpenMP 5.0, Sec. 6.7 (OMP_WAIT_POLICY); OpenBLAS, "Runtime variables" (OPENBLAS_CORETYPE).
TEST(LibrarySettings, LetThreadsSleepAndNameTheVectorUnits) {
  EXPECT_THAT(
      settings({true, true}),
      ElementsAre(Pair("OMP_WAIT_POLICY", "PASSIVE"), Pair("OPENBLAS_CORETYPE", "SKYLAKEX")));
  EXPECT_THAT(
      settings({true, false}),
      ElementsAre(Pair("OMP_WAIT_POLICY", "PASSIVE"), Pair("OPENBLAS_CORETYPE", "HASWELL")));
}

TEST(LibrarySettings, LeaveTheCodeToOpenBLASOnOtherProcessors) {
  EXPECT_THAT(settings({}), ElementsAre(Pair("OMP_WAIT_POLICY", "PASSIVE")));
}

TEST(LibrarySettings, LeaveAloneWhatTheUserHasSet) {
  EXPECT_THAT(settings({true, true}, {"OPENBLAS_CORETYPE", "OMP_WAIT_POLICY"}), IsEmpty());
  EXPECT_THAT(settings({}, {"GOMP_SPINCOUNT"}), IsEmpty());
}

// Its exit code says whether the setting has arrived.
void restart_as_shell() {
  std::string shell = "sh", flag = "-c", script = "test \"$PATINA_TEST_SETTING\" = b && exit 7";
  char* argv[] = {shell.data(), flag.data(), script.data(), nullptr};
  restart_with({{"PATINA_TEST_SETTING", "b"}}, "/bin/sh", argv);
}

TEST(RestartDeathTest, RunsTheProgramWithTheArgumentsAndTheSettings) {
  EXPECT_EXIT(restart_as_shell(), testing::ExitedWithCode(7), "");
}

TEST(Restart, ReturnsWhereThereIsNothingToDoOrToRun) {
  char* argv[] = {nullptr};
  restart_with({}, "/bin/false", argv);
  restart_with({{"PATINA_TEST_SETTING", "b"}}, "", argv);
  restart_with({{"PATINA_TEST_SETTING", "b"}}, "/no/such/program", argv);
}

TEST(OwnPath, IsThatOfTheRunningProgram) {
  EXPECT_THAT(own_path(), testing::EndsWith("/patina_cli_tests"));
}

}  // namespace
}  // namespace patina::cli
