// SPDX-License-Identifier: Apache-2.0
// Options that describe themselves. A struct of options lists its fields once, each with its flag,
// range and meaning; the command line binds and explains them, validation checks them, and records
// of a run name them, all from that list. The fields point into the struct that was described.
#pragma once

#include <filesystem>
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
  std::variant<WholeField, RealField, TextField, PathField> field;
  /// What an empty text or path stands for: "drawn from the seed".
  std::string when_empty;
  bool secret = false;  ///< Left out of what others may read.
  /// Flag of a weight of the same struct without which this field does nothing; empty = none.
  std::string needs;
};

/// Throws Error{kUsage} naming the flag, the value and the range.
void validate(const std::vector<OptionField>& fields);

/// "8 to 256", "above 0 to 4", "20 to 60 or 0"; empty for texts and paths.
std::string range_text(const OptionField& field);

/// The value as a person would write it; `when_empty` for an empty text or path.
std::string value_text(const OptionField& field);

/// {"surrogate_steps": 100, ...}, named after the flags; of a secret field only whether it is given,
/// {"message_given": true}.
nlohmann::json record(const std::vector<OptionField>& fields);

}  // namespace patina::core
