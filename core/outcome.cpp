// SPDX-License-Identifier: Apache-2.0
#include "core/outcome.h"

#include "core/names.h"

namespace patina::core {
namespace {

constexpr Named<Outcome> kOutcomes[] = {
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

const char* to_string(Outcome outcome) { return name_of(kOutcomes, outcome); }

std::optional<Outcome> outcome_from_name(std::string_view name) {
  return find_value(kOutcomes, name);
}

std::vector<const char*> outcome_names() {
  std::vector<const char*> names;
  for (const auto& row : kOutcomes) names.push_back(row.name);
  return names;
}

}  // namespace patina::core
