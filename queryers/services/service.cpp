// SPDX-License-Identifier: Apache-2.0
#include "queryers/services/service.h"

#include "core/names.h"

namespace patina::queryers {
namespace {

constexpr core::Named<Outcome> kOutcomes[] = {
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
};

}  // namespace

const char* to_string(Outcome outcome) { return core::name_of(kOutcomes, outcome); }

std::optional<Outcome> outcome_from_name(std::string_view name) {
  return core::find_value(kOutcomes, name);
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
