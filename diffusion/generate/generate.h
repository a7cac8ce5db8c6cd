// SPDX-License-Identifier: Apache-2.0
// Text to image, for callers without LibTorch: `patina generate` and whoever plays a suspect. Entry
// point: Generator.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/observer.h"
#include "images/pixels/image.h"
#include "tensors/compute.h"

namespace patina::diffusion {

struct GeneratorOptions {
  std::filesystem::path base;                ///< Folder in the diffusers layout.
  tensors::ComputeOptions compute;           ///< Device, number format and threads.
  std::vector<std::filesystem::path> loras;  ///< Merged in this order.
  /// Strength of every LoRA; 0 = without effect, larger is stronger.
  double lora_scale = 1.0;
  std::vector<std::filesystem::path> embeddings;  ///< Textual inversion.
};

/// One request. The same request, model, build and thread count give the same images.
struct GenerateOptions {
  std::string prompt;           ///< What the images shall show, UTF-8.
  std::string negative_prompt;  ///< What guidance leads away from, UTF-8; empty = the empty prompt.
  int steps = 30;               ///< Calls of the sampler, [1, T]. More: finer and slower.
  double guidance_scale = 7.5;  ///< 1 = the prompt alone; larger follows it more closely.
  std::uint64_t seed = 1;       ///< Image i starts from seed + i.
  int width_px = 0;             ///< A multiple of the model's grid; 0 = the model's own size.
  int height_px = 0;            ///< As width_px.
  int batch = 1;                ///< Images, [1, 64].
  std::string scheduler;        ///< Empty = the model's own; else one of scheduler_names().
  int clip_skip = 0;            ///< Text encoder layers left out at the end.
  double eta = 0.0;             ///< DDIM: share of fresh noise, [0, 1].
};

struct Generation {
  std::vector<images::Image> images;
  GenerateOptions effective;  ///< With size and scheduler filled in.
  std::vector<std::string> warnings;
};

/// A loaded model. Not for use by several threads at once, although generate() is const.
class Generator {
 public:
  /// Loads the model. Throws as load_text_to_image does.
  explicit Generator(const GeneratorOptions& options);
  ~Generator();
  Generator(Generator&&) noexcept;
  Generator& operator=(Generator&&) noexcept;

  /// Throws Error{kUsage} for values outside their ranges, Error{kInput} for a prompt that is not
  /// UTF-8, Error{kCancelled}.
  Generation generate(const GenerateOptions& options, const core::Observer& observer = {}) const;

  /// Pixels that width and height must be multiples of, and the model's own size.
  int grid_px() const;
  int native_px() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace patina::diffusion
