// SPDX-License-Identifier: Apache-2.0
// What every subcommand has: the flags of output and arithmetic, and the observer of a run.
#include "cli/session.h"

#include <cstdlib>
#include <signal.h>
#include <sstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "cli/interrupt.h"
#include "core/error.h"
#include "tests/core/caught.h"

namespace patina::cli {
namespace {

using testing::HasSubstr;

CommandText try_text() { return {"try", "[flags]", "Tries.", "patina try", "0 done."}; }

OutputOptions parse_output(const std::vector<std::string>& args) {
  OutputOptions options;
  CommandLine line(try_text());
  bind_output(line, options);
  std::ostringstream out;
  line.parse(args, out);
  return options;
}

tensors::ComputeOptions parse_compute(const std::vector<std::string>& args) {
  tensors::ComputeOptions options;
  CommandLine line(try_text());
  bind_compute(line, options);
  std::ostringstream out;
  line.parse(args, out);
  return options;
}

std::string compute_help(const tensors::ComputeOptions& defaults) {
  tensors::ComputeOptions options = defaults;
  CommandLine line(try_text());
  bind_compute(line, options);
  std::ostringstream out;
  line.parse({"--help"}, out);
  return out.str();
}

TEST(OutputFlags, AreOffUnlessGiven) {
  const OutputOptions none = parse_output({});
  EXPECT_FALSE(none.json || none.quiet || none.verbose);
  EXPECT_TRUE(parse_output({"--json"}).json);
  EXPECT_TRUE(parse_output({"--quiet"}).quiet);
  EXPECT_TRUE(parse_output({"--verbose"}).verbose);
}

TEST(ComputeFlags, SetArithmeticDeviceAndThreads) {
  const auto options = parse_compute(
      {"--precision", "bfloat16", "--device", "cuda", "--threads", "3"});
  EXPECT_EQ(options.precision, tensors::Precision::kBFloat16);
  EXPECT_EQ(options.device, "cuda");
  EXPECT_EQ(options.num_threads, 3);
}

TEST(ComputeFlags, ShowTheDefaultOfTheCommandThatBindsThem) {
  tensors::ComputeOptions defaults;
  defaults.precision = tensors::Precision::kFloat32;
  EXPECT_THAT(compute_help(defaults), HasSubstr("float32).\n"));
  defaults.precision = tensors::Precision::kAuto;
  EXPECT_THAT(compute_help(defaults), HasSubstr("auto).\n"));
}

TEST(ComputeFlags, RefuseWhatThereIsNot) {
  EXPECT_EQ(core::caught_text([] {
              parse_compute({"--device", "tpu"});
            }),
            "--device: is \"tpu\"; give one of cpu, cuda.");
  EXPECT_EQ(core::caught_text([] {
              parse_compute({"--threads", "1025"});
            }),
            "--threads: is \"1025\"; give a whole number from 0 to 1024.");
}

TEST(ComputeFlags, AreEchoedAsTheyAreWritten) {
  EXPECT_EQ(to_json(parse_compute({"--precision", "float32", "--threads", "2"})),
            (nlohmann::json{{"precision", "float32"}, {"device", "cpu"}, {"threads", 2}}));
}

TEST(ASession, TellsProgressAndRemarksOnTheErrorStream) {
  std::ostringstream err;
  const Session session({}, err);
  session.observer().report({"scoring", 2, 2, ""});
  session.say("Skipped a.png.");
  EXPECT_THAT(err.str(), HasSubstr("scoring: 2 of 2 (100 %)"));
  EXPECT_THAT(err.str(), HasSubstr("\nSkipped a.png.\n"));
}

TEST(ASession, SaysNothingWhenQuiet) {
  OutputOptions output;
  output.quiet = true;
  std::ostringstream err;
  const Session session(output, err);
  session.observer().report({"scoring", 2, 2, ""});
  session.say("Skipped a.png.");
  EXPECT_EQ(err.str(), "");
}

TEST(ASession, ShowsControlCharactersOfRemarksAsEscapes) {
  std::ostringstream err;
  const Session session({}, err);
  session.say("Skipped \x1B[2J.png.");
  EXPECT_EQ(err.str(), "Skipped \\u001B[2J.png.\n");
}

TEST(ASession, CountsItsTimeForward) {
  std::ostringstream err;
  const Session session({}, err);
  const double before = session.seconds();
  EXPECT_GE(before, 0.0);
  EXPECT_GE(session.seconds(), before);
}

TEST(SteadySeconds, NeverGoBack) {
  double last = steady_seconds();
  for (int i = 0; i < 1000; ++i) {
    const double now = steady_seconds();
    ASSERT_GE(now, last);
    last = now;
  }
}

/// Runs in a process of its own: ends with 7 if work stops as an interrupted one, else with 8.
[[noreturn]] void work_after(int signal) {
  handle_interrupts();
  if (interrupted()) std::_Exit(9);
  ::raise(signal);
  if (!interrupted()) std::_Exit(8);
  std::ostringstream err;
  const Session session({}, err);
  try {
    session.observer().report({"scoring", 1, 2, ""});
  } catch (const core::Error& error) {
    std::_Exit(error.kind() == core::ErrorKind::kCancelled ? 7 : 8);
  }
  std::_Exit(8);
}

TEST(InterruptDeathTest, CancelsTheWorkAtTheFirstSignal) {
  EXPECT_EXIT(work_after(SIGINT), testing::ExitedWithCode(7), "");
  EXPECT_EXIT(work_after(SIGTERM), testing::ExitedWithCode(7), "");
}

TEST(InterruptDeathTest, EndsTheProgramAtTheSecondSignal) {
  EXPECT_EXIT(
      {
        handle_interrupts();
        ::raise(SIGINT);
        ::raise(SIGINT);
        std::_Exit(8);
      },
      testing::KilledBySignal(SIGINT),
      "");
}

}  // namespace
}  // namespace patina::cli
