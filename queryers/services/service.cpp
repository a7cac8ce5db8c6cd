// SPDX-License-Identifier: Apache-2.0
#include "queryers/services/service.h"

namespace patina::queryers {

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
