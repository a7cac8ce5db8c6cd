// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/program.h"
#include "cli/restart.h"
#include "core/memory.h"

namespace {

// Starting again takes as long as starting: what computes nothing, or little, goes without.
void restart_with_fast_libraries(const std::string& command, char** argv) {
  for (const char* light :
       {"", "help", "--help", "-h", "--version", "inspect", "probe", "collect"}) {
    if (command == light) return;
  }
  const auto is_set = [](const std::string& name) {
    return std::getenv(name.c_str()) != nullptr;  // NOLINT(concurrency-mt-unsafe): before threads
  };
  patina::cli::restart_with(
      patina::cli::choose_library_settings(patina::cli::find_vector_units(), is_set),
      patina::cli::own_path(),
      argv);
}

}  // namespace

int main(int argc, char** argv) {
  restart_with_fast_libraries(argc > 1 ? argv[1] : "", argv);
  const std::vector<patina::cli::Command> commands = {
      {"coat",
       "Coats images before their release; makes the key and the commitment.",
       patina::cli::run_coat},
      {"score", "Prints the coating score of images.", patina::cli::run_score},
      {"audit",
       "Tests a suspect's images for the coating and writes an evidence bundle.",
       patina::cli::run_audit},
      {"verify", "Recomputes an evidence bundle and says what differs.", patina::cli::run_verify},
      {"collect",
       "Asks an endpoint for images and keeps every request and answer as evidence.",
       patina::cli::run_collect},
      {"probe", "Tells what answers at an endpoint.", patina::cli::run_probe},
      {"serve", "Serves a text-to-image model over the APIs of suspects.", patina::cli::run_serve},
      {"generate",
       "Makes images from a prompt with a text-to-image model.",
       patina::cli::run_generate},
      {"personalize",
       "Personalises a text-to-image model on images, as an infringer would.",
       patina::cli::run_personalize},
      {"evaluate",
       "Measures how often the audit finds and how often it accuses.",
       patina::cli::run_evaluate},
      {"inspect", "Says what LoRA, embedding, model and key files hold.", patina::cli::run_inspect},
  };
  patina::core::keep_freed_memory();
  patina::cli::handle_interrupts();
  return patina::cli::run_program(commands,
                                  std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc),
                                  std::cout,
                                  std::cerr);
}
