// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>

#include "core/error.h"

namespace patina::core {

/// The Error that `act` throws; fails the test if it throws none.
template <typename Act>
Error caught(Act&& act) {
  try {
    act();
  } catch (const Error& error) {
    return error;
  }
  throw std::logic_error("expected an Error, none was thrown");
}

/// The whole sentence.
template <typename Act>
std::string caught_text(Act&& act) {
  return caught(act).what();
}

}  // namespace patina::core
