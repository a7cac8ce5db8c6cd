// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <torch/utils.h>

#include "coat/siren/pair_torch.h"
#include "core/error.h"
#include "core/safetensors.h"
#include "extractors/siren/network_input_torch.h"
#include "keys/coat_key.h"
#include "tensors/modules_torch.h"
#include "transforms/jnd_torch.h"

namespace patina::coat::siren {

using core::Error;
using core::ErrorKind;

namespace {

double metadata_number(const core::SafetensorsFile& file, const std::string& name) {
  const auto found = file.metadata().find(name);
  try {
    if (found != file.metadata().end()) return std::stod(found->second);
  } catch (const std::exception&) {
    // Falls through to the one message for absent and malformed alike.
  }
  throw Error(ErrorKind::kInput,
              file.where(),
              "metadata " + name + " is missing or not a number",
              "use a pair written by the warm_start example");
}

extractors::InputNorm metadata_input(const core::SafetensorsFile& file) {
  const auto found = file.metadata().find("input");
  if (found != file.metadata().end()) {
    if (const auto input = extractors::input_norm_from_name(found->second)) return *input;
  }
  throw Error(ErrorKind::kInput,
              file.where(),
              "metadata input is neither imagenet nor mscn",
              "use a pair written by the warm_start example");
}

}  // namespace

Pair make_pair(std::uint64_t seed, const CoatingOptions& coating) {
  Pair pair{Generator(),
            extractors::HiddenExtractor(),
            coating,
            extractors::NormMode::kRunning,
            extractors::InputNorm::kMscn};
  const core::Rng rng(seed);
  tensors::initialise_kaiming(*pair.generator, rng.fork("generator"));
  tensors::initialise_kaiming(*pair.extractor, rng.fork("extractor"));
  return pair;
}

Pair read_pair(const std::filesystem::path& path) {
  const core::SafetensorsFile file = core::SafetensorsFile::open(path);
  const auto tensors = core::owned_tensors(file);
  Pair pair;
  pair.coating.strength = metadata_number(file, "strength");
  pair.coating.blur_px = metadata_number(file, "coating_blur_px");
  pair.coating.mean_px = metadata_number(file, "coating_mean_px");
  pair.coating.dither = metadata_number(file, "dither");
  pair.coating.chroma = metadata_number(file, "chroma");
  pair.message_bits = static_cast<int>(metadata_number(file, "bits"));
  pair.input = metadata_input(file);
  pair.generator = Generator(generator_config(tensors, "generator/", file.where()));
  pair.extractor = extractors::HiddenExtractor(
      extractors::extractor_config(tensors, "extractor/", file.where()));
  tensors::import_module(*pair.generator, "generator/", tensors, file.where());
  tensors::import_module(*pair.extractor, "extractor/", tensors, file.where());
  return pair;
}

void focus_on_direction(Pair& pair, const torch::Tensor& direction, double share) {
  torch::NoGradGuard no_grad;
  const torch::Tensor unit = (direction / direction.norm()).view({1, -1});  // [1,D]
  const torch::Tensor map = share * torch::eye(unit.size(1)) +
                            (1.0 - share) * torch::mm(unit.t(), unit);
  torch::nn::Linear& head = pair.extractor->linear;
  head->weight.copy_(torch::mm(map, head->weight));
  head->bias.copy_(torch::mv(map, head->bias));
}

void write_pair(const std::filesystem::path& path,
                Pair& pair,
                const std::map<std::string, std::string>& metadata) {
  std::map<std::string, core::TensorBlob> tensors;
  tensors::export_module(*pair.generator, "generator/", tensors);
  tensors::export_module(*pair.extractor, "extractor/", tensors);
  std::map<std::string, std::string> all = metadata;
  all["strength"] = std::to_string(pair.coating.strength);
  all["coating_blur_px"] = std::to_string(pair.coating.blur_px);
  all["coating_mean_px"] = std::to_string(pair.coating.mean_px);
  all["dither"] = std::to_string(pair.coating.dither);
  all["chroma"] = std::to_string(pair.coating.chroma);
  all["input"] = to_string(pair.input);
  all["bits"] = std::to_string(pair.message_bits);
  core::write_safetensors(path, tensors, all);
}

namespace {

torch::Tensor input_for(const Pair& pair, const torch::Tensor& unit, torch::ScalarType dtype) {
  const torch::Tensor x = extractors::network_input(unit, pair.input).to(dtype);
  return dtype == torch::kBFloat16 ? x.contiguous(at::MemoryFormat::ChannelsLast) : x;
}

}  // namespace

torch::Tensor coat_batch(Pair& pair,
                         const torch::Tensor& unit,
                         const torch::Tensor& message,
                         const ComputePolicy& policy) {
  const torch::Tensor seen = dithered(unit, pair.coating.dither, policy.dither_x, policy.dither_y);
  const torch::Tensor delta = pair.generator
                                  ->forward(
                                      input_for(pair, seen, policy.dtype), message, policy.mode)
                                  .to(unit.scalar_type())
                                  .contiguous();
  return apply_coating(unit, delta, transforms::jnd_mask(unit), pair.coating);
}

torch::Tensor random_messages(int n, int bits, core::Rng& rng) {
  std::vector<float> signs(static_cast<std::size_t>(n) * 48);
  for (std::size_t i = 0; i < signs.size(); ++i) {
    signs[i] = static_cast<int>(i % 48) >= bits || rng.bernoulli(0.5) ? 1.0F : -1.0F;
  }
  return torch::tensor(signs).view({n, 48});
}

torch::Tensor extract_batch(Pair& pair, const torch::Tensor& unit, const ComputePolicy& policy) {
  return pair.extractor->forward(input_for(pair, unit, policy.dtype), policy.mode);
}

}  // namespace patina::coat::siren
