// SPDX-License-Identifier: Apache-2.0
#include "extractors/siren/siren_key.h"

#include "core/error.h"

namespace patina::extractors {
namespace {

constexpr const char* kRunningName = "running";
constexpr const char* kPerImageName = "per-image";

}  // namespace

const char* to_string(InputNorm input) { return input == InputNorm::kMscn ? "mscn" : "imagenet"; }

std::optional<InputNorm> input_norm_from_name(const std::string& name) {
  for (const InputNorm input : {InputNorm::kImageNet, InputNorm::kMscn}) {
    if (name == to_string(input)) return input;
  }
  return std::nullopt;
}

NetworkNorms read_norms(const keys::KeyPart& scoring) {
  const std::string& norm = scoring.text("norm_mode");
  const std::optional<InputNorm> input = input_norm_from_name(scoring.text("input"));
  if (!input || (norm != kRunningName && norm != kPerImageName)) {
    throw core::Error(core::ErrorKind::kInput,
                      "key",
                      "norm_mode " + core::in_quotes(norm) + " or input " +
                          core::in_quotes(scoring.text("input")) + " is unknown",
                      "use the key as it was written");
  }
  return {norm == kRunningName ? NormMode::kRunning : NormMode::kPerImage, *input};
}

void put_norms(keys::KeyPart& scoring, const NetworkNorms& norms) {
  scoring.fields["norm_mode"] = std::string(norms.norm == NormMode::kRunning ? kRunningName
                                                                             : kPerImageName);
  scoring.fields["input"] = std::string(to_string(norms.input));
}

}  // namespace patina::extractors
