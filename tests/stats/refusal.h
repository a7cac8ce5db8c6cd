// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "core/error.h"

namespace patina::stats {

/// The sentence with which `work` refuses its input, or what happened instead.
inline std::string refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const core::Error& error) {
    return error.kind() == core::ErrorKind::kInput
               ? error.what()
               : std::string(core::to_string(error.kind())) + ": " + error.what();
  }
  return "accepted";
}

}  // namespace patina::stats
