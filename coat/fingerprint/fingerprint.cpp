// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <torch/nn/functional/upsampling.h>
#include <torch/optim/adam.h>
#include <torch/utils.h>

#include "coat/fingerprint/fingerprint_torch.h"
#include "core/error.h"
#include "core/rng.h"
#include "core/safetensors.h"
#include "extractors/frame/frame_key.h"
#include "images/pixels/image.h"
#include "keys/key_tensors.h"
#include "tensors/images_torch.h"
#include "tensors/modules_torch.h"
#include "transforms/crop_pool_torch.h"

namespace patina::coat::fingerprint {

using core::Error;
using core::ErrorKind;
using extractors::kStridedSide;
using keys::CoatKey;

namespace {

constexpr int kSpreadSide = 16;  // The bits come in as a picture of this size.
// Brings the standard strength of 1.5 to about 39 dB: the encoder's own residual lies below the
// steps of 8 bits.
constexpr double kGain = 8.0 / 1.5;
constexpr double kLearned = 0.9;  // Bit accuracy from which the image's fidelity counts.
// Gain of the residual; small, so that training begins near the image.
constexpr double kFirstGain = 0.1;

torch::Tensor enlarged(const torch::Tensor& x, int factor) {
  return torch::upsample_nearest2d(x, {x.size(2) * factor, x.size(3) * factor});
}

torch::Tensor random_bits(int n, core::Rng& rng) {
  std::vector<float> signs(static_cast<std::size_t>(n) * kFingerprintBits);
  for (float& sign : signs) sign = rng.bernoulli(0.5) ? 1.0F : -1.0F;
  return torch::tensor(signs).view({n, kFingerprintBits});
}

void set_rate(torch::optim::Adam& optimizer, double rate) {
  for (auto& group : optimizer.param_groups()) {
    static_cast<torch::optim::AdamOptions&>(group.options()).lr(rate);
  }
}

std::vector<torch::Tensor> parameters_of(const FingerprintPair& pair) {
  std::vector<torch::Tensor> all = pair.encoder->parameters();
  const std::vector<torch::Tensor> more = pair.decoder->parameters();
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace

FingerprintEncoderImpl::FingerprintEncoderImpl() {
  using extractors::ConvNormRelu;
  spread_ = register_module("spread",
                            torch::nn::Linear(kFingerprintBits, 3 * kSpreadSide * kSpreadSide));
  down1_ = register_module("down1", ConvNormRelu(6, 16, 1));
  down2_ = register_module("down2", ConvNormRelu(16, 32, 2));
  down3_ = register_module("down3", ConvNormRelu(32, 64, 2));
  down4_ = register_module("down4", ConvNormRelu(64, 64, 2));
  up3_ = register_module("up3", ConvNormRelu(128, 64, 1));
  up2_ = register_module("up2", ConvNormRelu(96, 32, 1));
  up1_ = register_module("up1", ConvNormRelu(48, 16, 1));
  out_ = register_module("out", torch::nn::Conv2d(torch::nn::Conv2dOptions(16, 3, 1)));
}

torch::Tensor FingerprintEncoderImpl::forward(const torch::Tensor& unit,
                                              const torch::Tensor& bits) {
  const torch::Tensor picture =
      torch::relu(spread_->forward(bits)).view({-1, 3, kSpreadSide, kSpreadSide});
  const torch::Tensor x = torch::cat(
      {tensors::normalised_from_unit(unit), enlarged(picture, kStridedSide / kSpreadSide)}, 1);
  const torch::Tensor at1 = down1_->forward(x);    // [N,16,128,128]
  const torch::Tensor at2 = down2_->forward(at1);  // [N,32,64,64]
  const torch::Tensor at3 = down3_->forward(at2);  // [N,64,32,32]
  torch::Tensor y = down4_->forward(at3);          // [N,64,16,16]
  y = up3_->forward(torch::cat({enlarged(y, 2), at3}, 1));
  y = up2_->forward(torch::cat({enlarged(y, 2), at2}, 1));
  y = up1_->forward(torch::cat({enlarged(y, 2), at1}, 1));
  return kFirstGain * out_->forward(y);
}

FingerprintPair make_fingerprint_pair(std::uint64_t seed) {
  FingerprintPair pair{FingerprintEncoder(), extractors::StridedNetwork(kFingerprintBits)};
  tensors::initialise_kaiming(*pair.encoder, core::Rng(seed).fork("encoder"));
  tensors::initialise_kaiming(*pair.decoder, core::Rng(seed).fork("decoder"));
  return pair;
}

void train_fingerprints(FingerprintPair& pair,
                        const transforms::CropPool& pool,
                        const FingerprintTraining& options,
                        const std::function<void(const FingerprintProgress&)>& seen) {
  torch::optim::Adam optimizer(parameters_of(pair),
                               torch::optim::AdamOptions(options.learning_rate));
  core::Rng rng = core::Rng(options.seed).fork("fingerprints");
  transforms::CropPool::Options crops;
  crops.size_px = kStridedSide;
  int since_learned = -1;  // Steps since the bits were first read well.
  for (int step = 0; step < options.steps; ++step) {
    if (step == options.steps * 3 / 4) set_rate(optimizer, 0.1 * options.learning_rate);
    const torch::Tensor clean = pool.draw(options.batch, crops, rng);
    const torch::Tensor bits = random_bits(options.batch, rng);
    const torch::Tensor residual = pair.encoder->forward(clean, bits);
    const torch::Tensor logits = pair.decoder->forward((clean + residual).clamp(0.0, 1.0));
    const torch::Tensor misread = torch::softplus(-bits * logits).mean();  // Cross-entropy.
    const torch::Tensor squared = residual.square().mean();
    const double accuracy = (bits * logits).gt(0.0).to(torch::kFloat64).mean().item<double>();
    if (since_learned < 0 && accuracy > kLearned) since_learned = 0;
    const double ramp = since_learned < 0 ? 0.0
                                          : std::min(1.0,
                                                     static_cast<double>(since_learned) /
                                                         std::max(1, options.image_ramp_steps));
    if (since_learned >= 0) ++since_learned;
    const torch::Tensor loss = misread + ramp * options.image_weight * squared;
    if (!std::isfinite(loss.item<double>())) {
      throw Error(ErrorKind::kInternal,
                  "training",
                  "the loss is not finite at step " + std::to_string(step),
                  "lower the learning rate");
    }
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    if (seen) {
      seen({step, accuracy, -10.0 * std::log10(squared.item<double>() + 1e-12)});
    }
  }
}

FingerprintPair read_fingerprint_pair(const std::filesystem::path& path) {
  const core::SafetensorsFile file = core::SafetensorsFile::open(path);
  const auto tensors = core::owned_tensors(file);
  FingerprintPair pair = make_fingerprint_pair(0);
  tensors::import_module(*pair.encoder, "generator/", tensors, file.where());
  tensors::import_module(*pair.decoder, "extractor/", tensors, file.where());
  return pair;
}

void write_fingerprint_pair(const std::filesystem::path& path,
                            const FingerprintPair& pair,
                            const std::map<std::string, std::string>& metadata) {
  std::map<std::string, core::TensorBlob> tensors;
  tensors::export_module(*pair.encoder, "generator/", tensors);
  tensors::export_module(*pair.decoder, "extractor/", tensors);
  core::write_safetensors(path, tensors, metadata);
}

FingerprintCoater::FingerprintCoater(const CoatKey& key) {
  tensors::import_module(*encoder_, "generator/", key.secret.tensors, "key");
  std::vector<float> signs;
  for (const double bit : keys::read_values(key.scoring, "bits")) {
    signs.push_back(bit > 0.5 ? 1.0F : -1.0F);
  }
  if (signs.size() != kFingerprintBits) {
    throw Error(ErrorKind::kInput, "key", "it has no 32 bits", "use the key as it was written");
  }
  bits_ = torch::tensor(signs).view({1, kFingerprintBits});
}

CoatingPattern FingerprintCoater::pattern(const images::Image& image) {
  c10::InferenceMode inference;
  const torch::Tensor small = encoder_->forward(extractors::strided_input(image), bits_);
  const torch::Tensor residual = torch::upsample_bicubic2d(
      small, {image.height_px, image.width_px}, false);
  const torch::Tensor steps = (residual[0].permute({1, 2, 0}) * (kGain / kPatternStep))
                                  .round()
                                  .clamp(-127.0, 127.0)
                                  .to(torch::kInt8)
                                  .contiguous();  // [H,W,3]
  CoatingPattern pattern{image.width_px, image.height_px, {}};
  pattern.steps.assign(steps.data_ptr<std::int8_t>(),
                       steps.data_ptr<std::int8_t>() + steps.numel());
  return pattern;
}

}  // namespace patina::coat::fingerprint
