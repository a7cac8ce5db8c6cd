// SPDX-License-Identifier: Apache-2.0
// What can be said to personalize(): the methods, what each of them reads, and the numbers. No
// LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/options.h"
#include "tensors/compute.h"

namespace patina::diffusion {

enum class PersonalizeMethod {
  kFull,              ///< Every weight of the UNet.
  kLoRA,              ///< Low-rank changes of attention projections [Hu 2022].
  kDreamBooth,        ///< Every weight, held by images of the class [Ruiz 2023].
  kTextualInversion,  ///< A new token's embedding alone [Gal 2023].
  kSVDiff,            ///< Singular values of every weight matrix [Han 2023].
  kCustomDiffusion,   ///< Keys and values of cross-attention and a new token [Kumari 2023].
};
/// "full", "lora", "dreambooth", "textual-inversion", "svdiff", "custom-diffusion".
const char* to_string(PersonalizeMethod method);
std::vector<std::string> personalize_method_names();
/// Throws Error{kUsage} listing the names.
PersonalizeMethod personalize_method_from_name(const std::string& name);

/// Whether the method gives the prompt a token of its own.
bool learns_token(PersonalizeMethod method);

/// What a method does where the options do not say.
struct MethodDefaults {
  int steps = 400;
  double learning_rate = 1e-4;
};
MethodDefaults defaults_of(PersonalizeMethod method);

/// Which weights of the UNet a LoRA changes.
enum class LoRATargets {
  kAttention,    ///< to_q, to_k, to_v, to_out: the diffusers scripts' default.
  kTransformer,  ///< Every matrix of the transformer blocks, feed-forward and projections too:
                 ///< kohya-ss's default.
  kAll,          ///< Convolutions and time projections as well (LoCon).
};
/// "attention", "transformer", "all".
const char* to_string(LoRATargets targets);
std::vector<std::string> lora_target_names();
/// Throws Error{kUsage} listing the names.
LoRATargets lora_targets_from_name(const std::string& name);

/// Options of LoRA [Hu 2022, Sec. 4.1]: W' = W + alpha / rank B A.
struct LoRAOptions {
  /// More weights learn more of the images and make a larger file.
  LoRATargets targets = LoRATargets::kTransformer;
  /// Columns of B and rows of A, [1, 4096]. Larger: more freedom and a larger file. 16: kohya-ss.
  int rank = 16;
  /// Strength of the change, (0, 100000]. Larger acts like a larger learning rate. Equal to the rank,
  /// the factor is 1.
  double alpha = 16.0;
};

/// The images that hold a model to what the base makes of the class [Ruiz 2023, Eq. 2]; read by
/// DreamBooth and Custom Diffusion.
struct PriorOptions {
  /// What the base is asked for and what those images are captioned with.
  std::string class_prompt = "a picture";
  /// How many are generated, [1, 10000]. More hold the class better and take longer to make. The
  /// diffusers scripts take 100.
  int class_images = 64;
  /// Guidance with which they are generated, [0, 100]; 1 = the prompt alone. Larger: closer to the prompt and
  /// less varied.
  double guidance_scale = 3.0;
  /// Weight lambda of their loss, [0, 1000]. Larger: nearer to the base, further from the images.
  /// [Ruiz 2023, Sec. 3.3] takes 1.
  double weight = 1.0;
};

/// What the contact sheet samples.png shows.
struct SampleOptions {
  int count = 16;               ///< Images in it, [0, 64]; 0 = no sheet.
  double guidance_scale = 3.0;  ///< As in PriorOptions.
};

/// One run of personalize().
struct PersonalizeOptions {
  // What it makes.
  std::filesystem::path base;                 ///< Model folder in the diffusers layout.
  std::vector<std::filesystem::path> images;  ///< Files and folders.
  std::filesystem::path output;               ///< Folder for the personalised model.
  /// Which weights are trained, and against which loss.
  PersonalizeMethod method = PersonalizeMethod::kFull;
  /// Caption of images without a text file of their name. "{}" stands for the new token of the
  /// methods that have one, else for `initializer`.
  std::string prompt = "a picture of {}";
  std::string initializer = "picture";  ///< Word whose embedding the new token starts from.
  std::string token = "<new>";  ///< The new token, of textual inversion and Custom Diffusion.
  /// Steps of training, [0, 1000000]; else the method's. More: nearer to the images, at the end by
  /// heart.
  std::optional<int> steps;
  /// Learning rate of AdamW, (0, 1], constant after 20 steps; else the method's. Larger learns
  /// faster, up to where the loss grows.
  std::optional<double> learning_rate;
  /// Images a step, [1, 1024]; as many class images come on top. Larger: steadier, slower steps.
  int batch = 8;
  bool flip = true;  ///< Half of the images, drawn anew each step, are mirrored.
  /// Trains the text encoder as well: closer to the images, and prompts mean other things after.
  /// Full, LoRA, DreamBooth and SVDiff.
  bool train_text_encoder = false;
  LoRAOptions lora;        ///< Read by the method LoRA.
  PriorOptions prior;      ///< Class images, read by the methods that hold a model to its class.
  std::uint64_t seed = 1;  ///< Seed of all that is drawn.
  SampleOptions samples;   ///< The contact sheet that is made at the end.
  // How.
  tensors::ComputeOptions compute;  ///< Device, number format and threads.
  /// Steps between two checkpoints, [1, 1000000]. Larger: less to write, more to do again after a
  /// kill.
  int checkpoint_every = 100;
};

/// All that the trained weights depend on, beside images, base, method, seed and number format, with
/// the methods that read it. The fields point into `options`.
std::vector<core::OptionGroup> describe_training(PersonalizeOptions& options);
/// What changes nothing but how a run goes and what it shows at the end.
std::vector<core::OptionField> describe_running(PersonalizeOptions& options);
/// The fields of describe_training() that the options' own method reads.
std::vector<core::OptionField> describe_read(PersonalizeOptions& options);

/// The options with what they leave to the method filled in.
PersonalizeOptions with_defaults(PersonalizeOptions options);

/// Throws Error{kUsage} naming the flag and the range. Options that the method does not read are
/// not looked at.
void validate(const PersonalizeOptions& options);

}  // namespace patina::diffusion
