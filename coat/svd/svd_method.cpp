// SPDX-License-Identifier: Apache-2.0
#include "coat/svd/svd_method.h"

#include <vector>

#include "coat/svd/embed_bits.h"
#include "core/rng.h"
#include "extractors/svd/dct_dwt_svd.h"
#include "keys/key_tensors.h"

namespace patina::coat::svd {

namespace {

constexpr int kBits = 32;        // [Siren 2025, Sec. 5.2]
constexpr double kInside = 0.1;  // A tenth of the blocks may have changed sides.

}  // namespace

MethodWords words() {
  return {
      "a classical watermark, for comparison",
      "DCT-DWT-SVD watermark",
      "The key holds 32 bits. An image is cut into blocks of 8 by 8 pixels; in each, the largest "
      "singular value of the Haar approximation of the colour channel U lies in the lower or the "
      "upper half of a quantisation step, which reads as a bit of 0 or 1. The score is the share "
      "of blocks that do not read as their bit: 0 if all do, about 0.5 without the watermark.",
      "At most one block in ten does not read as its bit."};
}

keys::CoatKey make_key(const KeyRequest& request) {
  core::Rng rng = core::Rng(request.seed).fork("watermark bits");
  std::vector<double> bits;
  for (int i = 0; i < kBits; ++i) bits.push_back(rng.bernoulli(0.5) ? 1.0 : 0.0);
  keys::CoatKey key;
  key.radius = kInside;
  key.scoring.tensors["bits"] = keys::blob_from_values(bits, {kBits});
  key.scoring.tensors["step"] = keys::blob_from_values({extractors::SvdWatermark().step}, {1});
  return key;
}

Coating make_coating(const keys::CoatKey& key) {
  const extractors::SvdWatermark watermark = extractors::read_svd_watermark(key.scoring);
  Coating coating;
  coating.replaced = [watermark](const images::Image& image) {
    return embed_bits(image, watermark);
  };
  coating.read = [watermark](const images::Image& image) {
    const double agreement = extractors::block_agreement(image, watermark);
    return Reading{2.0 * agreement - 1.0, 1.0 - agreement};
  };
  return coating;
}

}  // namespace patina::coat::svd
