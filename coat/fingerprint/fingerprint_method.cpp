// SPDX-License-Identifier: Apache-2.0
#include "coat/fingerprint/fingerprint_method.h"

#include <memory>
#include <vector>

#include "coat/fingerprint/fingerprint_torch.h"
#include "core/files.h"
#include "core/rng.h"
#include "extractors/strided/strided_network_torch.h"
#include "keys/key_tensors.h"
#include "tensors/modules_torch.h"

namespace patina::coat::fingerprint {

namespace {

constexpr double kInside = 0.15;  // Share of bits that may be misread in a coated image.

}  // namespace

MethodWords words() {
  return {"bits that a trained encoder lays on, for comparison",
          "artificial fingerprint",
          "The key holds 32 bits and a decoder network, trained beforehand on other images to read "
          "bits that its encoder lays on [Yu et al., ICCV 2021]. The score is the share of the "
          "key's bits that the decoder does not read in the image: 0 if it reads all, about 0.5 "
          "without the fingerprint.",
          "At most as many of the 32 bits are misread as the radius says."};
}

keys::CoatKey make_key(const KeyRequest& request) {
  const FingerprintPair pair = read_fingerprint_pair(
      core::data_file("fingerprint/pair.safetensors"));
  core::Rng rng = core::Rng(request.seed).fork("fingerprint bits");
  std::vector<double> bits;
  for (int i = 0; i < kFingerprintBits; ++i) bits.push_back(rng.bernoulli(0.5) ? 1.0 : 0.0);
  keys::CoatKey key;
  key.radius = kInside;
  key.scoring.tensors["bits"] = keys::blob_from_values(bits, {kFingerprintBits});
  tensors::export_module(*pair.decoder, "extractor/", key.scoring.tensors);
  tensors::export_module(*pair.encoder, "generator/", key.secret.tensors);
  return key;
}

Coating make_coating(const keys::CoatKey& key) {
  const auto coater = std::make_shared<FingerprintCoater>(key);
  Coating coating;
  coating.pattern = [coater](const images::Image& image) { return coater->pattern(image); };
  coating.read = read_shares(extractors::make_fingerprint_scorer(key, {}, {}));
  coating.stops_at_centre = false;
  return coating;
}

}  // namespace patina::coat::fingerprint
