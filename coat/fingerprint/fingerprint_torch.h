// SPDX-License-Identifier: Apache-2.0
// Artificial fingerprints [Yu 2021], a baseline of Siren's: an encoder lays the same bits on every
// image of a set and a decoder reads them, both trained together beforehand on other images, for
// any bits. The decoder is extractors/strided/strided_network_torch.h. Entry points:
// train_fingerprints, FingerprintCoater.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include "coat/method/coating_pattern.h"
#include "extractors/strided/strided_network_torch.h"
#include "images/pixels/image.h"
#include "keys/coat_key.h"
#include "transforms/crop_pool_torch.h"

namespace patina::coat::fingerprint {

inline constexpr int kFingerprintBits = 32;  ///< [Siren 2025, App. C]

/// Image and bits in, what is to be added out: a U-Net as in StegaStamp, the bits spread over the
/// image by a linear layer.
class FingerprintEncoderImpl : public torch::nn::Module {
 public:
  FingerprintEncoderImpl();
  /// unit [N,3,128,128], bits [N,32] of +-1 -> residual [N,3,128,128] in unit range.
  torch::Tensor forward(const torch::Tensor& unit, const torch::Tensor& bits);

 private:
  torch::nn::Linear spread_{nullptr};
  extractors::ConvNormRelu down1_{nullptr}, down2_{nullptr}, down3_{nullptr}, down4_{nullptr};
  extractors::ConvNormRelu up3_{nullptr}, up2_{nullptr}, up1_{nullptr};
  torch::nn::Conv2d out_{nullptr};
};
TORCH_MODULE(FingerprintEncoder);

struct FingerprintPair {
  FingerprintEncoder encoder{nullptr};
  extractors::StridedNetwork decoder{nullptr};
};

FingerprintPair make_fingerprint_pair(std::uint64_t seed);

struct FingerprintTraining {
  int steps = 2000;  ///< At least 0. More read more bits of the message right.
  int batch = 16;    ///< Images a step, at least 1. More make steps steadier and slower.
  /// Learning rate of Adam; a tenth of it over the last quarter of the steps.
  double learning_rate = 1e-3;
  /// Weight of the mean squared residual. Grows from 0 over `image_ramp_steps` once nine bits in
  /// ten are read: with it from the start nothing is ever learned.
  double image_weight = 1000.0;
  int image_ramp_steps = 800;  ///< Steps, at least 1. Longer ramps disturb reading less.
  std::uint64_t seed = 1;      ///< Seed of the batches and messages that are drawn.
};

struct FingerprintProgress {
  int step = 0;
  double bit_accuracy = 0.5;
  double psnr_db = 0.0;  ///< PSNR of the batch, dB.
};

/// Trains on crops of a pool, with random bits for each. Throws Error{kInternal} where the loss is
/// not finite.
void train_fingerprints(FingerprintPair& pair,
                        const transforms::CropPool& pool,
                        const FingerprintTraining& options,
                        const std::function<void(const FingerprintProgress&)>& seen = {});

/// The pair that ships with the product (fixtures/fingerprint/pair.safetensors), or another.
FingerprintPair read_fingerprint_pair(const std::filesystem::path& path);
void write_fingerprint_pair(const std::filesystem::path& path,
                            const FingerprintPair& pair,
                            const std::map<std::string, std::string>& metadata);

/// The fingerprint of a key on an image of any size. Not for use by several threads at once.
class FingerprintCoater {
 public:
  /// Throws Error{kInput} for a key without the encoder.
  explicit FingerprintCoater(const keys::CoatKey& key);
  CoatingPattern pattern(const images::Image& image);

 private:
  FingerprintEncoder encoder_;
  torch::Tensor bits_;  // [1,32] of +-1
};

}  // namespace patina::coat::fingerprint
