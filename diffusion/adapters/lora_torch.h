// SPDX-License-Identifier: Apache-2.0
// Low-rank adaptation [Hu 2022, Sec. 4.1]: W + scale (alpha / rank) up down in place of W,
// for the linear and convolution layers of UNet and text encoder. Reads the files of kohya-ss,
// diffusers and peft and writes those of kohya-ss and peft; merges a LoRA into a model, or attaches
// it, so that its strength can be changed and its factors trained. DoRA, LyCORIS's other types and
// LoRAs for other architectures are refused by name. Read first: read_lora, attach_lora.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <torch/types.h>

#include "diffusion/networks/weights_torch.h"

namespace patina::diffusion {

/// The change of one weight [out,in] or [out,in,k,k].
struct LowRank {
  torch::Tensor down;  ///< [rank,in] or [rank,in,k,k], float32
  torch::Tensor up;    ///< [out,rank] or [out,rank,1,1], float32
  double alpha = 1.0;  ///< The change is divided by the rank and multiplied by this.

  std::int64_t rank() const { return down.size(0); }
  /// (alpha / rank) up down: [out,in] or [out,in,k,k].
  torch::Tensor delta() const;
};

struct LoRA {
  std::string style;  ///< The file's layout: "kohya-ss", "diffusers processors", "peft", ...
  std::map<std::string, LowRank> unet;  ///< By the weight's full name as in Weights.
  std::map<std::string, LowRank> text_encoder;
  std::map<std::string, std::string> metadata;  ///< The file's own metadata.

  /// Both factors of every module, shaped as in LowRank [rank,in] and [out,rank], in the order of
  /// names, UNet first.
  std::vector<torch::Tensor> factors() const;
};

/// Reads a safetensors file made for a model with these weights; factors own their memory. Where a
/// file declares no alpha, alpha = rank. Throws Error{kInput} naming the module for unknown
/// tensors, modules that the model has not, half a pair, wrong shapes or ranks, values that are not
/// finite; Error{kUnsupported} for a pickle and for kin of LoRA.
LoRA read_lora(const std::filesystem::path& path, const Weights& unet, const Weights& text_encoder);

enum class LoRAFormat {
  kKohya,  ///< "lora_unet_..." with alphas and ss_network_* metadata.
  kPeft,   ///< "unet....lora_A.weight", which diffusers reads. It has no alphas that all versions
           ///< heed, so alpha / rank is multiplied into `up`.
};
/// The same LoRA gives the same bytes; metadata goes along but for what the format says itself.
/// Throws Error{kInput} for a LoRA that is empty or, in `dtype`, not finite.
void write_lora(const std::filesystem::path& path,
                const LoRA& lora,
                LoRAFormat format,
                torch::ScalarType dtype = torch::kFloat32);

/// W becomes W + scale delta, summed in float32 and rounded to W's dtype, in a new tensor. Throws
/// Error{kInput} before anything is changed if the LoRA does not fit.
void merge_lora(const LoRA& lora, double scale, Weights& unet, Weights& text_encoder);

/// A LoRA at work in a model. Copies refer to the same one; letting go of it leaves it there.
class AttachedLoRA {
 public:
  double scale() const { return *scale_; }
  /// Holds from the next forward pass on. Not while another thread computes.
  void set_scale(double scale) { *scale_ = scale; }
  /// Takes the LoRA out of the model; without effect the second time.
  void detach();

 private:
  friend AttachedLoRA attach_lora(const LoRA& lora,
                                  double scale,
                                  const Weights& unet,
                                  const Weights& text_encoder);
  struct Place {
    WeightHandle weight;
    torch::Tensor down;  // [rank,...], by which the adapter is known
  };
  std::shared_ptr<double> scale_;
  std::vector<Place> places_;
};

/// Gives the same weights as merging, at every forward pass anew. Factors that require gradients
/// become leaves of the weights' adapters, so that Weights::trainable() finds them. Throws
/// Error{kInput} if the LoRA does not fit, or if it is trainable and attached already.
AttachedLoRA attach_lora(const LoRA& lora,
                         double scale,
                         const Weights& unet,
                         const Weights& text_encoder);

/// to_q, to_k, to_v and to_out.0 of the UNet; q_proj, k_proj, v_proj and out_proj of the text
/// encoder.
bool is_attention_projection(const std::string& weight);

/// Options of new_lora().
struct NewLoRAOptions {
  /// Width of the bottleneck, [1, 4096]. Larger ones learn more and take more memory.
  std::int64_t rank = 4;
  /// > 0. alpha / rank scales the change; larger values act as a larger learning rate.
  double alpha = 4.0;
  /// Seed of the `down` factors. A weight's values do not depend on which others are adapted.
  std::uint64_t seed = 0;
  /// Which weights are adapted, by full name; empty: none. Norms, biases and embeddings never are.
  std::function<bool(const std::string& weight)> unet = is_attention_projection;
  /// The same choice for the weights of the text encoder.
  std::function<bool(const std::string& weight)> text_encoder;
};

/// A LoRA to train: `down` uniform on +-1/sqrt(fan in), which is Kaiming's with a = sqrt(5), `up`
/// zero, so that it changes nothing yet [Hu 2022, Sec. 4.1]. Factors are float32 leaves that
/// require gradients, on the weights' device. Throws Error{kInput} for options out of range and if
/// no weight is picked.
LoRA new_lora(const Weights& unet, const Weights& text_encoder, const NewLoRAOptions& options = {});

}  // namespace patina::diffusion
