// SPDX-License-Identifier: Apache-2.0
#include "coat/method/key_request.h"

#include <algorithm>

#include "core/names.h"

namespace patina::coat {

namespace {

constexpr core::Named<Fidelity> kFidelities[] = {{Fidelity::kStandard, "standard"},
                                                 {Fidelity::kHigh, "high"}};

}  // namespace

const char* to_string(Fidelity fidelity) { return core::name_of(kFidelities, fidelity); }

double least_psnr_db(const FidelityOptions& options) {
  const bool high = options.level == Fidelity::kHigh && options.min_psnr_db > 0.0;
  return high ? std::max(options.min_psnr_db, kHighPsnrDb) : options.min_psnr_db;
}

std::vector<core::OptionField> describe(FidelityOptions& options) {
  return {
      {"--fidelity",
       "NAME",
       "standard keeps to --min-psnr, which shows on flat colour; high keeps each place to what "
       "the eye hardly finds there, of which models learn less",
       core::ChoiceField{core::names_of(kFidelities),
                         [&options] { return std::string(to_string(options.level)); },
                         [&options](const std::string& name) {
                           options.level = core::value_of(kFidelities, name, "--fidelity");
                         }}},
      {"--strength",
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
