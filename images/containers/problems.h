// SPDX-License-Identifier: Apache-2.0
// What can be wrong with an image file, in the words that users read. `where` names the file.
#pragma once

#include <string>

#include "core/error.h"

namespace patina::images {

core::Error truncated(const std::string& where);
core::Error damaged(const std::string& where, const std::string& what);
core::Error animated(const std::string& where, const std::string& what);
core::Error unsupported_variety(const std::string& where, const std::string& what);

}  // namespace patina::images
