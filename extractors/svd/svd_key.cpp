// SPDX-License-Identifier: Apache-2.0
#include "extractors/svd/svd_key.h"

#include "core/error.h"
#include "core/rng.h"
#include "extractors/frame/frame_key.h"
#include "keys/key_tensors.h"

namespace patina::extractors {

namespace {

constexpr int kBits = 32;        // [Siren 2025, Sec. 5.2]
constexpr double kInside = 0.1;  // A tenth of the blocks may have changed sides.

}  // namespace

void make_svd_key(keys::CoatKey& key) {
  core::Rng rng = core::Rng(key.seed).fork("watermark bits");
  std::vector<double> bits;
  for (int i = 0; i < kBits; ++i) bits.push_back(rng.bernoulli(0.5) ? 1.0 : 0.0);
  key.method = "dct-dwt-svd";
  key.radius = kInside;
  key.tensors["bits"] = keys::blob_of_values(bits, {kBits});
  key.tensors["step"] = keys::blob_of_values({SvdWatermark().step}, {1});
  key.tensors["center"] = keys::blob_of_values({0.0}, {1});
}

SvdWatermark svd_watermark(const keys::CoatKey& key) {
  const std::vector<double> step = keys::values_of(key, "step");
  SvdWatermark watermark;
  for (const double bit : keys::values_of(key, "bits")) watermark.bits.push_back(bit > 0.5);
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
