// SPDX-License-Identifier: Apache-2.0
#include "extractors/svd_key.h"

#include "core/error.h"
#include "core/rng.h"
#include "extractors/frame_key.h"

namespace patina::extractors {

namespace {

constexpr int kBits = 32;        // [Siren 2025, Sec. 5.2]
constexpr double kInside = 0.1;  // A tenth of the blocks may have changed sides.

}  // namespace

void make_svd_key(CoatKey& key) {
  core::Rng rng = core::Rng(key.seed).fork("watermark bits");
  std::vector<double> bits;
  for (int i = 0; i < kBits; ++i) bits.push_back(rng.bernoulli(0.5) ? 1.0 : 0.0);
  key.method = "dct-dwt-svd";
  key.radius = kInside;
  key.tensors["bits"] = blob_of_values(bits, {kBits});
  key.tensors["step"] = blob_of_values({SvdWatermark().step}, {1});
  key.tensors["center"] = blob_of_values({0.0}, {1});
}

SvdWatermark svd_watermark(const CoatKey& key) {
  const std::vector<double> step = values_of(key, "step");
  SvdWatermark watermark;
  for (const double bit : values_of(key, "bits")) watermark.bits.push_back(bit > 0.5);
  if (step.size() != 1 || step[0] <= 0.0 || watermark.bits.empty()) {
    throw core::Error(core::ErrorKind::kInput,
                      "key",
                      "bits and step of its watermark are not usable",
                      "use the key as it was written");
  }
  watermark.step = step[0];
  return watermark;
}

}  // namespace patina::extractors
