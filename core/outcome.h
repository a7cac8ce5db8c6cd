// SPDX-License-Identifier: Apache-2.0
// What became of an image that was asked of a service: what collections write and evidence counts.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace patina::core {

/// Every planned image ends in exactly one of these.
enum class Outcome {
  kImage,
  kFiltered,  ///< A black, blurred or flagged picture.
  kRefused,   ///< The service declines the prompt.
  kRateLimited,
  kNotReady,  ///< The model is still loading.
  kFailed,
  kTimeout,
  kExpired,  ///< The picture was gone when it was fetched.
  kCancelled,
  kProtocolError,  ///< The answer is not what the service's contract says.
};
/// "image", "filtered-image", "refused", ...
const char* to_string(Outcome outcome);
std::optional<Outcome> outcome_from_name(std::string_view name);
/// All names, in the order above.
std::vector<const char*> outcome_names();

}  // namespace patina::core
