// SPDX-License-Identifier: Apache-2.0
#include "queryers/services/service.h"

#include <array>
#include <utility>

namespace patina::queryers {
namespace {

constexpr std::array<std::pair<Outcome, const char*>, 10> kOutcomes = {{
    {Outcome::kImage, "image"},
    {Outcome::kFiltered, "filtered-image"},
    {Outcome::kRefused, "refused"},
    {Outcome::kRateLimited, "rate-limited"},
    {Outcome::kNotReady, "not-ready"},
    {Outcome::kFailed, "failed"},
    {Outcome::kTimeout, "timeout"},
    {Outcome::kExpired, "expired"},
    {Outcome::kCancelled, "cancelled"},
    {Outcome::kProtocolError, "protocol-error"},
}};

}  // namespace

const char* to_string(Outcome outcome) {
  for (const auto& [value, name] : kOutcomes) {
    if (value == outcome) return name;
  }
  return "unknown";
}

std::optional<Outcome> outcome_from_name(std::string_view name) {
  for (const auto& [value, known] : kOutcomes) {
    if (name == known) return value;
  }
  return std::nullopt;
}

const char* to_string(IdentityGrade grade) {
  switch (grade) {
    case IdentityGrade::kDigest:
      return "A";
    case IdentityGrade::kStable:
      return "B";
    case IdentityGrade::kName:
      return "C";
    case IdentityGrade::kUnknown:
      return "D";
  }
  return "D";
}

}  // namespace patina::queryers
