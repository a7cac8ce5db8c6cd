// SPDX-License-Identifier: Apache-2.0
// What a suspect will be asked, fixed before the first request: prompts, seeds and sizes in random
// order, with a share of control prompts that leave the suspected word out. Entry point: make_plan.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace patina::queryers {

struct ImageSize {
  int width_px = 512;
  int height_px = 512;
};

/// One image to ask for; every parameter is sent, since defaults differ between servers.
struct PlannedImage {
  std::string id;  ///< "000001", in the order of asking.
  std::string prompt;
  std::string negative_prompt;
  std::uint64_t seed = 0;
  ImageSize size;
  int steps = 20;
  double guidance_scale = 7.0;
  std::string sampler;   ///< In the service's own words; empty = the service's default.
  bool control = false;  ///< Asked without the trigger.
};

struct PlanOptions {
  int count = 100;  ///< Images, [1, 100000].
  /// Prompt templates; "{trigger}" stands for the suspected word. Empty = the bank that comes with
  /// Patina.
  std::vector<std::string> prompts;
  std::string trigger;         ///< Trigger or style word; empty leaves its place empty.
  double control_share = 0.0;  ///< Share of images asked for without the trigger, [0, 0.9].
  std::vector<ImageSize> sizes = {ImageSize()};  ///< Taken in turn; multiples of 8, [64, 4096].
  std::string negative_prompt;                   ///< What images shall not show; empty = nothing.
  int steps = 20;                                ///< Sampling steps, [1, 150].
  /// Classifier-free guidance, [0, 30]; larger follows the prompt more closely.
  double guidance_scale = 7.0;
  std::string sampler;     ///< In the service's own words; empty = the service's default.
  std::uint64_t seed = 1;  ///< Seed of the order and of the images' seeds.
};
/// Throws Error{kInput} naming the field, its value and its limits.
void validate(const PlanOptions& options);

/// The images in the order in which to ask. The same options give the same plan. Seeds are
/// different and below 2^31, which every service takes. Throws as validate().
std::vector<PlannedImage> make_plan(const PlanOptions& options);

/// Templates of a file, one a line; empty lines and those starting with '#' are left out. Throws
/// Error{kInput} if none is left or one is no UTF-8 text, Error{kDisk}.
std::vector<std::string> read_prompts(const std::filesystem::path& file);

/// "512x768" or "512". Throws Error{kInput}.
ImageSize parse_size(const std::string& text);

nlohmann::json to_json(const PlannedImage& image);

}  // namespace patina::queryers
