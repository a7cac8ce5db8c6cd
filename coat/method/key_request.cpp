// SPDX-License-Identifier: Apache-2.0
#include "coat/method/key_request.h"

namespace patina::coat {

std::vector<core::OptionField> describe(FidelityOptions& options) {
  return {{"--strength",
           "S",
           "Coating strength, the same for every image unless --min-psnr is given too; larger is "
           "more visible",
           core::RealField{&options.strength, 0.0, 4.0, true},
           "",
           false,
           ""},
          {"--min-psnr",
           "DB",
           "Weakest fidelity in dB that an image's strength may be raised to, at least 20, or 0 to "
           "use --strength as it is",
           core::RealField{&options.min_psnr_db, 0.0, 60.0, false},
           "",
           false,
           ""}};
}

}  // namespace patina::coat
