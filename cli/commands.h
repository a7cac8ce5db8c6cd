// SPDX-License-Identifier: Apache-2.0
// The subcommands, one file each. Each binds its flags to the options of one function of a module,
// calls it and prints; results go to `out`, progress and warnings to `err`. They return the exit
// code and throw core::Error for what stops them.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace patina::cli {

int run_coat(std::vector<std::string> args, std::ostream& out, std::ostream& err);
int run_score(std::vector<std::string> args, std::ostream& out, std::ostream& err);
int run_audit(std::vector<std::string> args, std::ostream& out, std::ostream& err);
int run_verify(std::vector<std::string> args, std::ostream& out, std::ostream& err);
int run_generate(std::vector<std::string> args, std::ostream& out, std::ostream& err);
int run_personalize(std::vector<std::string> args, std::ostream& out, std::ostream& err);
int run_evaluate(std::vector<std::string> args, std::ostream& out, std::ostream& err);
int run_collect(std::vector<std::string> args, std::ostream& out, std::ostream& err);
int run_probe(std::vector<std::string> args, std::ostream& out, std::ostream& err);
int run_serve(std::vector<std::string> args, std::ostream& out, std::ostream& err);
int run_inspect(std::vector<std::string> args, std::ostream& out, std::ostream& err);

}  // namespace patina::cli
