// SPDX-License-Identifier: Apache-2.0
// Options that describe themselves. A struct of options lists its fields once, each with its flag,
// range and meaning; the command line binds and explains them, validation checks them, and records
// of a run name them, all from that list. The fields point into the struct that was described.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace patina::core {

struct WholeField {
  int* value = nullptr;
  int least = 0;
  int most = 0;
};

struct RealField {
  double* value = nullptr;
  double least = 0.0;
  double most = 0.0;
  bool above_least = false;  ///< `least` itself is not allowed.
  bool or_zero = false;      ///< 0, which then means "without", is allowed below `least`.
};

/// A whole number that may be left to somebody else: OptionField::when_empty says to whom.
struct OptionalWholeField {
  std::optional<int>* value = nullptr;
  int least = 0;
  int most = 0;
};

/// As OptionalWholeField.
struct OptionalRealField {
  std::optional<double>* value = nullptr;
  double least = 0.0;
  double most = 0.0;
  bool above_least = false;  ///< As in RealField.
};

/// A flag that takes no value.
struct ToggleField {
  bool* value = nullptr;
};

/// One of several names.
struct ChoiceField {
  std::vector<std::string> names;
  std::function<std::string()> chosen;
  std::function<void(const std::string&)> choose;  ///< Given one of `names`.
};

struct TextField {
  std::string* value = nullptr;
};

struct PathField {
  std::filesystem::path* value = nullptr;
};

struct OptionField {
  std::string flag;     ///< "--latents".
  std::string value;    ///< "N", as the help shows it.
  std::string meaning;  ///< What it is and what larger values do, without the full stop.
  std::variant<WholeField,
               RealField,
               OptionalWholeField,
               OptionalRealField,
               ToggleField,
               ChoiceField,
               TextField,
               PathField>
      field;
  /// What an empty text or path, or a number that is not given, stands for: "drawn from the seed".
  std::string when_empty = {};
  bool secret = false;  ///< Left out of what others may read.
  /// Flag of a weight of the same struct without which this field does nothing; empty = none.
  std::string needs = {};
};

/// Options that only some of several ways of doing a thing read: those of the method "siren".
struct OptionGroup {
  std::vector<std::string> owners;  ///< The ways that read them; none = all read them.
  std::vector<OptionField> fields;
};

/// The fields of those groups that `owner` reads.
std::vector<OptionField> fields_read_by(const std::string& owner,
                                        const std::vector<OptionGroup>& groups);

/// Throws Error{kUsage} naming the flag, the value and the range.
void validate(const std::vector<OptionField>& fields);

/// "8 to 256", "above 0 to 4", "20 to 60 or 0"; empty for what is no number.
std::string range_text(const OptionField& field);

/// The value as a person would write it, "yes" or "no" of a toggle; `when_empty` where it is empty.
std::string value_text(const OptionField& field);

/// {"surrogate_steps": 100, ...}, named after the flags; null for a number that is not given; of a
/// secret field only whether it is given, {"message_given": true}.
nlohmann::json record(const std::vector<OptionField>& fields);

}  // namespace patina::core
