// SPDX-License-Identifier: Apache-2.0
#include "images/containers/problems.h"

namespace patina::images {

using core::Error;
using core::ErrorKind;

core::Error truncated(const std::string& where) {
  return core::Error(
      core::ErrorKind::kInput, where, "the image file ends early", "copy or download it again");
}

core::Error damaged(const std::string& where, const std::string& what) {
  return core::Error(core::ErrorKind::kInput, where, "damaged image: " + what, "export it again");
}

core::Error animated(const std::string& where, const std::string& what) {
  return core::Error(
      core::ErrorKind::kInput, where, what, "save each picture as a file of its own");
}

core::Error unsupported_variety(const std::string& where, const std::string& what) {
  return core::Error(core::ErrorKind::kUnsupported,
                     where,
                     what,
                     "save it as RGB or grey with 8 or 16 bits per channel");
}

}  // namespace patina::images
