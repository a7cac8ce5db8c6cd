// SPDX-License-Identifier: Apache-2.0
// Binds flags to the members of options structs. CLI11 splits the arguments; the words of errors
// and help are ours. Every flag is a kebab-case whole word.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/help_text.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own
class App;
class Option;
}  // namespace CLI

namespace patina::cli {

/// How a flag looks: "--key", or "-o,--output"; placeholder "FILE"; help with unit and default.
struct Flag {
  std::string names;
  std::string placeholder;
  std::string help;
  bool required = false;
};

struct WholeRange {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};
struct RealRange {
  double low = 0.0;
  double high = 0.0;
  bool low_open = false;  ///< `low` itself is not allowed.
  bool high_open = false;
  bool or_zero = false;  ///< 0 is allowed too.
};

class CommandLine {
 public:
  explicit CommandLine(CommandText text);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  /// Arguments without a flag; `required` means at least one.
  void positional(const Flag& flag, std::vector<std::filesystem::path>& values);
  void path(const Flag& flag, std::filesystem::path& value);
  /// May be given several times, one path each.
  void paths(const Flag& flag, std::vector<std::filesystem::path>& values);
  void text(const Flag& flag, std::string& value);
  void toggle(const Flag& flag, bool& value);
  /// Whole number in a range, given to `set`.
  void whole(const Flag& flag, WholeRange range, std::function<void(std::uint64_t)> set);
  /// The same into an int; the range must fit.
  void whole(const Flag& flag, WholeRange range, int& value);
  /// Finite number in a range, given to `set`.
  void real(const Flag& flag, RealRange range, std::function<void(double)> set);
  /// The same into a double.
  void real(const Flag& flag, RealRange range, double& value);
  /// One of `values`; "list" prints them instead of running.
  void choice(const Flag& flag,
              const std::vector<std::string>& values,
              std::function<void(const std::string&)> set);
  /// At most one of the two flags may be given.
  void exclude(const std::string& first, const std::string& second);

  /// Parses, or answers --help and "list" on `out` and returns false. Throws Error{kUsage} naming
  /// the flag, the value and what is expected; an unknown flag comes with the nearest known one.
  bool parse(std::vector<std::string> args, std::ostream& out);

  /// True if the flag was given. Requires: the flag was bound and parse() ran.
  bool given(const std::string& name) const;
  /// Throws Error{kUsage} saying that the flag is needed if it was not given.
  void require(const std::string& name) const;

 private:
  struct Bound {
    Flag flag;
    CLI::Option* option = nullptr;
  };
  void add(const Flag& flag, const std::function<void(const std::string&)>& take);
  bool answer(const std::vector<std::string>& args, std::ostream& out) const;
  void refuse_unknown() const;
  void require_sound() const;

  CommandText text_;
  std::unique_ptr<CLI::App> app_;
  std::vector<Bound> bound_;  ///< In the order of the help.
  std::map<std::string, std::vector<std::string>> choices_;
  std::vector<std::pair<std::string, std::string>> excluded_;
};

}  // namespace patina::cli
