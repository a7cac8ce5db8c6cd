// SPDX-License-Identifier: Apache-2.0
#include "extractors/siren/siren_key.h"

#include "coat/siren/siren_key_torch.h"
#include "core/hash.h"
#include "tensors/modules_torch.h"

namespace patina::coat::siren {

std::string message_hex(const std::string& text, std::uint64_t seed, int bits) {
  const std::string material = text.empty() ? "patina message " + std::to_string(seed) : text;
  core::Digest digest = core::sha256(material);
  for (int bit = bits; bit < 48; ++bit) {
    digest[static_cast<std::size_t>(bit / 8)] |= static_cast<std::uint8_t>(0x80 >> (bit % 8));
  }
  return core::to_hex(digest.data(), 6);
}

void put_pair(keys::CoatKey& key, const Pair& pair, const std::string& message) {
  extractors::put_norms(key.scoring, {pair.norm, pair.input});
  key.secret.fields["message"] = message;
  key.secret.fields["coating_blur_px"] = pair.coating.blur_px;
  key.secret.fields["coating_mean_px"] = pair.coating.mean_px;
  key.secret.fields["dither"] = pair.coating.dither;
  key.secret.fields["chroma"] = pair.coating.chroma;
  tensors::export_module(*pair.generator, "generator/", key.secret.tensors);
  tensors::export_module(*pair.extractor, "extractor/", key.scoring.tensors);
}

Pair read_pair(const keys::CoatKey& key) {
  const extractors::NetworkNorms norms = extractors::read_norms(key.scoring);
  Pair pair;
  pair.coating = {key.strength,
                  key.secret.number("coating_blur_px"),
                  key.secret.number("coating_mean_px"),
                  key.secret.number("dither"),
                  key.secret.number("chroma")};
  pair.norm = norms.norm;
  pair.input = norms.input;
  pair.generator = Generator(generator_config(key.secret.tensors, "generator/", "key"));
  pair.extractor = extractors::HiddenExtractor(
      extractors::extractor_config(key.scoring.tensors, "extractor/", "key"));
  tensors::import_module(*pair.generator, "generator/", key.secret.tensors, "key");
  tensors::import_module(*pair.extractor, "extractor/", key.scoring.tensors, "key");
  return pair;
}

const std::string& read_message(const keys::CoatKey& key) { return key.secret.text("message"); }

}  // namespace patina::coat::siren
