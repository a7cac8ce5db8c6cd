// SPDX-License-Identifier: Apache-2.0
#include "cli/interrupt.h"

#include <atomic>
#include <signal.h>

namespace patina::cli {
namespace {

// A signal handler has no arguments to carry state.
std::atomic<bool> signal_came{false};  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
static_assert(std::atomic<bool>::is_always_lock_free, "only these may be touched by a handler");

}  // namespace

void handle_interrupts() {
  struct sigaction action = {};
  action.sa_handler = [](int) { signal_came = true; };
  // After the first signal the default action is back, which ends the program.
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return signal_came; }

}  // namespace patina::cli
