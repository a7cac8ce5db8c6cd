// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <exception>
#include <optional>
#include <ostream>
#include <system_error>
#include <utility>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "cli/nearest.h"
#include "cli/table.h"
#include "core/error.h"
#include "core/numbers.h"
#include "core/text.h"

namespace patina::cli {
namespace {

using core::Error;
using core::ErrorKind;

template <typename Number>
std::optional<Number> parse_number(const std::string& text) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, value);
  if (failure != std::errc() || stop != end) return std::nullopt;
  return value;
}

[[noreturn]] void refuse_value(const std::string& name,
                               const std::string& text,
                               const std::string& expected) {
  throw Error(ErrorKind::kUsage, name, "is " + core::in_quotes(text), "give " + expected);
}

// "-o,--output" -> "--output"; "IMAGES" stays.
std::string long_name(const std::string& names) { return names.substr(names.find(',') + 1); }

std::string label(const Flag& flag) {
  std::string text = flag.names;
  const std::size_t comma = text.find(',');
  if (comma != std::string::npos) text.insert(comma + 1, " ");
  const bool attached = flag.placeholder.empty() || flag.placeholder == "...";
  return text + (attached ? "" : " ") + flag.placeholder;
}

std::string in_words(const RealRange& range) {
  return std::string("a number ") + (range.low_open ? "above " : "from ") +
         core::exact_text(range.low) + (range.high_open ? " and below " : " to ") +
         core::exact_text(range.high) + (range.or_zero ? ", or 0" : "");
}

bool contains(const RealRange& range, double value) {
  const bool above = range.low_open ? value > range.low : value >= range.low;
  const bool below = range.high_open ? value < range.high : value <= range.high;
  return (above && below) || (range.or_zero && value == 0.0);
}

// The flag that a message of the parser starts with or names.
std::string flag_in(const std::string& message) {
  const std::size_t start = message.find("--");
  if (start == std::string::npos) return "";
  return message.substr(start, message.find_first_of(" :,=", start) - start);
}

}  // namespace

CommandLine::CommandLine(CommandText text)
    : text_(std::move(text)), app_(std::make_unique<CLI::App>()) {
  app_->set_help_flag();
  app_->allow_extras();
}

CommandLine::~CommandLine() = default;

void CommandLine::positional(const Flag& flag, std::vector<std::filesystem::path>& values) {
  CLI::Option* option = app_->add_option_function<std::vector<std::string>>(
      flag.names, [&values](const std::vector<std::string>& given_values) {
        values.assign(given_values.begin(), given_values.end());
      });
  bound_.push_back({flag, option});
}

void CommandLine::add(const Flag& flag, const std::function<void(const std::string&)>& take) {
  bound_.push_back({flag, app_->add_option_function<std::string>(flag.names, take)});
}

void CommandLine::path(const Flag& flag, std::filesystem::path& value) {
  add(flag, [&value, name = long_name(flag.names)](const std::string& text) {
    if (text.empty()) refuse_value(name, text, "a path");
    value = text;
  });
}

void CommandLine::paths(const Flag& flag, std::vector<std::filesystem::path>& values) {
  CLI::Option* option = app_->add_option_function<std::vector<std::string>>(
      flag.names,
      [&values, name = long_name(flag.names)](const std::vector<std::string>& given_values) {
        for (const std::string& text : given_values) {
          if (text.empty()) refuse_value(name, text, "a path");
        }
        values.assign(given_values.begin(), given_values.end());
      });
  option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  bound_.push_back({flag, option});
}

void CommandLine::text(const Flag& flag, std::string& value) {
  add(flag, [&value, name = long_name(flag.names)](const std::string& text) {
    if (printable(text) != text)
      refuse_value(name, text, "plain UTF-8 text without control characters");
    value = text;
  });
}

void CommandLine::toggle(const Flag& flag, bool& value) {
  bound_.push_back({flag, app_->add_flag_callback(flag.names, [&value] { value = true; })});
}

void CommandLine::whole(const Flag& flag,
                        WholeRange range,
                        std::function<void(std::uint64_t)> set) {
  add(flag, [range, set = std::move(set), name = long_name(flag.names)](const std::string& text) {
    const auto value = parse_number<std::uint64_t>(text);
    if (!value || *value < range.low || *value > range.high) {
      refuse_value(
          name,
          text,
          "a whole number from " + std::to_string(range.low) + " to " + std::to_string(range.high));
    }
    set(*value);
  });
}

void CommandLine::whole(const Flag& flag, WholeRange range, int& value) {
  whole(flag, range, [&value](std::uint64_t number) { value = static_cast<int>(number); });
}

void CommandLine::real(const Flag& flag, RealRange range, std::function<void(double)> set) {
  add(flag, [range, set = std::move(set), name = long_name(flag.names)](const std::string& text) {
    const auto number = parse_number<double>(text);
    if (!number || !std::isfinite(*number) || !contains(range, *number)) {
      refuse_value(name, text, in_words(range));
    }
    set(*number);
  });
}

void CommandLine::real(const Flag& flag, RealRange range, double& value) {
  real(flag, range, [&value](double number) { value = number; });
}

void CommandLine::choice(const Flag& flag,
                         const std::vector<std::string>& values,
                         std::function<void(const std::string&)> set) {
  choices_[long_name(flag.names)] = values;
  add(flag, [values, set = std::move(set), name = long_name(flag.names)](const std::string& text) {
    if (std::find(values.begin(), values.end(), text) == values.end()) {
      refuse_value(name, text, "one of " + core::join(values));
    }
    set(text);
  });
}

void CommandLine::exclude(const std::string& first, const std::string& second) {
  excluded_.emplace_back(first, second);
}

bool CommandLine::answer(const std::vector<std::string>& args, std::ostream& out) const {
  const auto end = std::find(args.begin(), args.end(), "--");
  const auto asks_help = [](const std::string& arg) { return arg == "--help" || arg == "-h"; };
  if (std::any_of(args.begin(), end, asks_help)) {
    std::vector<FlagText> required;
    std::vector<FlagText> optional;
    for (const Bound& bound : bound_) {
      (bound.flag.required ? required : optional).push_back({label(bound.flag), bound.flag.help});
    }
    out << help_text(text_, required, optional);
    return true;
  }
  for (const auto& [name, values] : choices_) {
    const auto flag = std::find(args.begin(), end, name);
    const bool separate = flag != end && flag + 1 != end && *(flag + 1) == "list";
    if (!separate && std::find(args.begin(), end, name + "=list") == end) continue;
    for (const std::string& value : values) out << value << "\n";
    return true;
  }
  return false;
}

void CommandLine::refuse_unknown() const {
  std::vector<std::string> names;
  for (const Bound& bound : bound_) {
    if (bound.flag.names.front() == '-') names.push_back(long_name(bound.flag.names));
  }
  for (const std::string& extra : app_->remaining()) {
    if (extra == "--") continue;
    const std::string see = "see patina " + text_.name + " --help";
    if (extra.front() != '-' || extra.size() < 2) {
      throw Error(ErrorKind::kUsage, core::in_quotes(extra), "is one argument too many", see);
    }
    const std::string name = extra.substr(0, extra.find('='));
    throw Error(ErrorKind::kUsage,
                printable(name),
                "is not a flag of patina " + text_.name,
                "the nearest is " + nearest(name, names) + ", " + see);
  }
}

bool CommandLine::given(const std::string& name) const {
  return app_->get_option(name)->count() > 0;
}

void CommandLine::require(const std::string& name) const {
  if (given(name)) return;
  const auto bound = std::find_if(bound_.begin(), bound_.end(), [&](const Bound& candidate) {
    return long_name(candidate.flag.names) == name;
  });
  throw Error(ErrorKind::kUsage,
              name,
              "is missing, patina " + text_.name + " needs it",
              "add " + label(bound->flag));
}

void CommandLine::require_sound() const {
  for (const auto& [first, second] : excluded_) {
    if (!given(first) || !given(second)) continue;
    throw Error(
        ErrorKind::kUsage, first, "cannot be combined with " + second, "give one of the two");
  }
  for (const Bound& bound : bound_) {
    if (bound.flag.required) require(long_name(bound.flag.names));
  }
}

bool CommandLine::parse(std::vector<std::string> args, std::ostream& out) {
  if (answer(args, out)) return false;
  std::reverse(args.begin(), args.end());  // The parser takes them from the end.
  try {
    app_->parse(args);
  } catch (const CLI::ArgumentMismatch& error) {
    std::throw_with_nested(Error(ErrorKind::kUsage,
                                 flag_in(error.what()),
                                 "needs exactly one value",
                                 "see patina " + text_.name + " --help"));
  } catch (const CLI::ParseError& error) {
    std::throw_with_nested(Error(ErrorKind::kUsage,
                                 "patina " + text_.name,
                                 error.what(),
                                 "see patina " + text_.name + " --help"));
  }
  refuse_unknown();
  require_sound();
  return true;
}

}  // namespace patina::cli
