// SPDX-License-Identifier: Apache-2.0
#include "cli/program.h"

#include <new>
#include <ostream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/version.h"
#include "tests/cli/run.h"

namespace patina::cli {
namespace {

using core::Error;
using core::ErrorKind;
using testing::HasSubstr;
using testing::StartsWith;

int run_fine(std::vector<std::string> args, std::ostream& out, std::ostream& /*err*/) {
  for (const std::string& arg : args) out << arg << "\n";
  return 1;
}

int run_nested(std::vector<std::string> /*args*/, std::ostream& /*out*/, std::ostream& /*err*/) {
  try {
    throw std::runtime_error("bit 7 is set");
  } catch (const std::exception&) {
    std::throw_with_nested(Error(ErrorKind::kInput, "my.key", "is damaged", "use a copy"));
  }
}

template <ErrorKind kind>
int run_failing(std::vector<std::string> /*args*/, std::ostream& /*out*/, std::ostream& /*err*/) {
  throw Error(kind, "a.png", "went \x1B wrong", "look at it");
}

int run_out_of_memory(std::vector<std::string>, std::ostream&, std::ostream&) {
  throw std::bad_alloc();
}
int run_buggy(std::vector<std::string>, std::ostream&, std::ostream&) {
  throw std::logic_error("bug");
}

std::vector<Command> commands() {
  return {{"fine", "Does well.", run_fine}, {"nested", "Fails deep inside.", run_nested}};
}

TEST(Program, HandsTheArgumentsOnAndReturnsTheCode) {
  const Ran ran = run(commands(), {"fine", "a", "--b"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.out, "a\n--b\n");
  EXPECT_EQ(ran.err, "");
}

TEST(Program, NamesTheNearestCommand) {
  const Ran ran = run(commands(), {"fin"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err,
            "patina: \"fin\": is not a command of patina; the nearest is fine, see patina help.\n");
}

TEST(Program, ListsItsCommandsOnRequest) {
  for (const char* ask : {"help", "--help", "-h"}) {
    const Ran ran = run(commands(), {ask});
    EXPECT_EQ(ran.code, 0);
    EXPECT_THAT(ran.out, HasSubstr("  fine    Does well.\n  nested  Fails deep inside.\n"));
  }
}

TEST(Program, ListsItsCommandsAsAnErrorWithoutArguments) {
  const Ran ran = run(commands(), {});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, StartsWith("Usage: patina COMMAND"));
}

TEST(Program, AsksACommandForItsHelp) {
  EXPECT_EQ(run(commands(), {"help", "fine"}).out, "--help\n");
}

TEST(Program, PrintsItsVersion) {
  EXPECT_THAT(run(commands(), {"--version"}).out,
              StartsWith(std::string("patina ") + core::kVersion));
}

TEST(Program, TellsTheCausesOnlyWhenVerbose) {
  EXPECT_EQ(run(commands(), {"nested"}).err, "patina: my.key: is damaged; use a copy.\n");
  EXPECT_EQ(run(commands(), {"nested", "--verbose"}).err,
            "patina: my.key: is damaged; use a copy.\n  because: bit 7 is set\n");
}

TEST(Program, PrintsOneDocumentOnFailureWithJson) {
  const Ran ran = run(commands(), {"nested", "--json"});
  const auto document = nlohmann::json::parse(ran.out);
  EXPECT_EQ(document.at("command"), "nested");
  EXPECT_EQ(document.at("schema_version"), 1);
  EXPECT_EQ(document.at("tool").at("version"), core::kVersion);
  EXPECT_EQ(document.at("error"),
            nlohmann::json::parse(R"({"kind": "input", "where": "my.key", "what": "is damaged",
                                      "todo": "use a copy"})"));
  EXPECT_EQ(ran.err, "patina: my.key: is damaged; use a copy.\n");
}

TEST(Program, PrintsADocumentEvenWithoutACommand) {
  const auto document = nlohmann::json::parse(run(commands(), {"--json"}).out);
  EXPECT_TRUE(document.at("command").is_null());
  EXPECT_EQ(document.at("error").at("kind"), "usage");
}

TEST(Program, KeepsControlCharactersFromTheTerminal) {
  const Ran ran = run({{"fail", "", run_failing<ErrorKind::kInput>}}, {"fail"});
  EXPECT_EQ(ran.err, "patina: a.png: went \\u001B wrong; look at it.\n");
}

// What a caller can do about an error decides.
TEST(Program, TurnsTheKindOfAnErrorIntoTheExitCode) {
  EXPECT_EQ(run({{"x", "", run_failing<ErrorKind::kUsage>}}, {"x"}).code, 2);
  EXPECT_EQ(run({{"x", "", run_failing<ErrorKind::kInput>}}, {"x"}).code, 2);
  EXPECT_EQ(run({{"x", "", run_failing<ErrorKind::kUnsupported>}}, {"x"}).code, 2);
  EXPECT_EQ(run({{"x", "", run_failing<ErrorKind::kNetwork>}}, {"x"}).code, 3);
  EXPECT_EQ(run({{"x", "", run_failing<ErrorKind::kDisk>}}, {"x"}).code, 3);
  EXPECT_EQ(run({{"x", "", run_failing<ErrorKind::kResource>}}, {"x"}).code, 3);
  EXPECT_EQ(run({{"x", "", run_failing<ErrorKind::kMismatch>}}, {"x"}).code, 4);
  EXPECT_EQ(run({{"x", "", run_failing<ErrorKind::kCancelled>}}, {"x"}).code, 130);
  EXPECT_EQ(run({{"x", "", run_failing<ErrorKind::kInternal>}}, {"x"}).code, 70);
}

TEST(Program, TellsForeignExceptionsToo) {
  const Ran memory = run({{"x", "", run_out_of_memory}}, {"x"});
  EXPECT_EQ(memory.code, 3);
  EXPECT_EQ(memory.err,
            "patina: memory: there was not enough; close other programs or take smaller images.\n");
  const Ran bug = run({{"x", "", run_buggy}}, {"x"});
  EXPECT_EQ(bug.code, 70);
  EXPECT_EQ(bug.err,
            "patina: patina: met an unexpected error, bug; report it with the command that led to "
            "it.\n");
}

}  // namespace
}  // namespace patina::cli
