// SPDX-License-Identifier: Apache-2.0
#include "cli/program.h"

#include <algorithm>
#include <exception>
#include <new>
#include <ostream>
#include <poll.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "cli/json_document.h"
#include "cli/nearest.h"
#include "cli/table.h"
#include "core/error.h"
#include "core/json.h"
#include "core/version.h"

namespace patina::cli {
namespace {

using core::Error;
using core::ErrorKind;
using Args = std::vector<std::string>;

bool has_flag(const Args& args, const std::string& flag) {
  const auto end = std::find(args.begin(), args.end(), "--");
  return std::find(args.begin(), end, flag) != end;
}

void print_overview(const std::vector<Command>& commands, std::ostream& out) {
  out << "Usage: patina COMMAND [arguments]\n\n"
         "Coats images before their release and audits models for having been trained on them.\n\n"
         "Commands:\n";
  std::vector<TableRow> rows;
  rows.reserve(commands.size());
  for (const Command& command : commands) rows.push_back({"  " + command.name, command.summary});
  out << format_table(rows, {Align::kLeft, Align::kLeft});
  out << "\npatina COMMAND --help explains one command; patina --version prints the version.\n\n"
      << wrap(
             "Exit codes: 0 done, 1 the audit found no evidence, 2 wrong usage or input, 3 "
             "network, disk or memory failed, 4 a bundle does not verify, 70 a bug in patina, 130 "
             "interrupted.",
             80,
             2)
      << "\n";
}

void print_version(std::ostream& out) {
  out << "patina " << core::kVersion;
  if (*core::kRevision != '\0') out << " (" << core::kRevision << ")";
  out << "\n";
}

const Command& find_command(const std::vector<Command>& commands, const std::string& name) {
  std::vector<std::string> names;
  for (const Command& command : commands) {
    if (command.name == name) return command;
    names.push_back(command.name);
  }
  throw Error(ErrorKind::kUsage,
              core::in_quotes(name),
              "is not a command of patina",
              "the nearest is " + nearest(name, names) + ", see patina help");
}

// As a shell reports a program that SIGPIPE ended (128 + 13).
constexpr int kClosedPipe = 141;

// Whether nobody reads standard output any more: `patina coat --help | head -1`.
bool is_output_closed() {
  pollfd output{STDOUT_FILENO, POLLOUT, 0};
  return poll(&output, 1, 0) > 0 && (output.revents & POLLERR) != 0;
}

int run_command(const Command& command, const Args& args, std::ostream& out, std::ostream& err) {
  const int code = command.run(args, out, err);
  if (!out.flush()) {
    if (is_output_closed()) return kClosedPipe;
    throw Error(ErrorKind::kDisk, "standard output", "cannot be written", "check where it leads");
  }
  return code;
}

int dispatch(const std::vector<Command>& commands,
             const Args& args,
             std::ostream& out,
             std::ostream& err) {
  if (args.empty()) {
    print_overview(commands, err);
    return core::exit_code(ErrorKind::kUsage);
  }
  const std::string& first = args.front();
  if (first == "--version") {
    print_version(out);
    return 0;
  }
  if (first == "help" && args.size() > 1) {
    return run_command(find_command(commands, args[1]), {"--help"}, out, err);
  }
  if (first == "help" || first == "--help" || first == "-h") {
    print_overview(commands, out);
    return 0;
  }
  return run_command(find_command(commands, first), Args(args.begin() + 1, args.end()), out, err);
}

void print_causes(const std::exception& error, std::ostream& err) {
  try {
    std::rethrow_if_nested(error);
  } catch (const std::exception& cause) {
    err << "  because: " << cause.what() << "\n";
    print_causes(cause, err);
  } catch (...) {
    err << "  because: something that is not an exception of the standard library\n";
  }
}

Error as_error(const std::exception& error) {
  if (const auto* known = dynamic_cast<const Error*>(&error)) return *known;
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) {
    return Error(ErrorKind::kResource,
                 "memory",
                 "there was not enough",
                 "close other programs or take smaller images");
  }
  return Error(ErrorKind::kInternal,
               "patina",
               std::string("met an unexpected error, ") + error.what(),
               "report it with the command that led to it");
}

int tell(const std::exception& exception, const Args& args, std::ostream& out, std::ostream& err) {
  const Error error = as_error(exception);
  err << "patina: " << printable(error.what()) << "\n";
  if (has_flag(args, "--verbose")) print_causes(exception, err);
  if (has_flag(args, "--json")) {
    const bool named = !args.empty() && args.front().rfind('-', 0) != 0;
    out << error_document(named ? args.front() : "", error).dump(2) << "\n" << std::flush;
  }
  return core::exit_code(error.kind());
}

}  // namespace

int run_program(const std::vector<Command>& commands,
                const std::vector<std::string>& args,
                std::ostream& out,
                std::ostream& err) {
  try {
    return dispatch(commands, args, out, err);
  } catch (const std::exception& error) {
    return tell(error, args, out, err);
  } catch (...) {
    return tell(std::runtime_error("unknown"), args, out, err);
  }
}

}  // namespace patina::cli
