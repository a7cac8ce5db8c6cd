// SPDX-License-Identifier: Apache-2.0
#include "coat/method/key_request.h"

namespace patina::coat {

std::vector<core::OptionField> describe(FidelityOptions& options) {
  return {{"--strength",
           "S",
           "strength of the coating; larger is more visible; by default it adapts to each image, "
           "around this value, but given without --min-psnr it is the same for all",
           core::RealField{&options.strength, 0.0, 4.0, true}},
          {"--min-psnr",
           "DB",
           "least PSNR in dB that an image's strength may be raised to; smaller is more visible; 0 "
           "gives --strength to all images",
           core::RealField{&options.min_psnr_db, 20.0, 60.0, false, true}}};
}

}  // namespace patina::coat
