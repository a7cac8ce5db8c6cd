// SPDX-License-Identifier: Apache-2.0
#include "queryers/plan.h"

#include <charconv>
#include <cmath>
#include <set>
#include <sstream>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/numbers.h"
#include "core/rng.h"

namespace patina::queryers {
namespace {

using core::Error;
using core::ErrorKind;

constexpr const char* kTrigger = "{trigger}";
constexpr const char* kBank = "prompts/bank.txt";
constexpr std::uint64_t kSeedBound = 1ULL << 31;

void require(bool holds, const std::string& field, const std::string& problem) {
  if (!holds) throw Error(ErrorKind::kInput, field, problem, "change it");
}

bool takes_trigger(const std::string& prompt) { return prompt.find(kTrigger) != std::string::npos; }

// A place left empty takes the comma and blanks after it along.
std::string fill(std::string prompt, const std::string& trigger) {
  const std::string place = kTrigger;
  for (std::size_t at = 0; (at = prompt.find(place, at)) != std::string::npos;) {
    std::size_t length = place.size();
    if (trigger.empty()) {
      while (at + length < prompt.size() &&
             (prompt[at + length] == ',' || prompt[at + length] == ' ')) {
        ++length;
      }
    }
    prompt.replace(at, length, trigger);
    at += trigger.size();
  }
  while (!prompt.empty() && (prompt.back() == ' ' || prompt.back() == ',')) prompt.pop_back();
  return prompt;
}

std::string item_id(std::size_t index) { return core::zero_padded_text(index + 1, 6); }

}  // namespace

void validate(const PlanOptions& options) {
  require(options.count >= 1 && options.count <= 100'000,
          "count",
          "is " + std::to_string(options.count) + ", 1 to 100000 images can be planned");
  require(options.control_share >= 0.0 && options.control_share <= 0.9,
          "control_share",
          "must lie between 0 and 0.9");
  require(!options.sizes.empty(), "sizes", "is empty");
  for (const ImageSize& size : options.sizes) {
    for (const int side : {size.width_px, size.height_px}) {
      require(side >= 64 && side <= 4096 && side % 8 == 0,
              "size",
              "is " + std::to_string(side) + ", a multiple of 8 from 64 to 4096 is required");
    }
  }
  require(options.steps >= 1 && options.steps <= 150,
          "steps",
          "is " + std::to_string(options.steps) + ", 1 to 150 are allowed");
  require(std::isfinite(options.guidance_scale) && options.guidance_scale >= 0.0 &&
              options.guidance_scale <= 30.0,
          "guidance_scale",
          "must lie between 0 and 30");
}

std::vector<PlannedImage> make_plan(const PlanOptions& options) {
  validate(options);
  const std::vector<std::string> prompts = options.prompts.empty()
                                               ? read_prompts(core::data_file(kBank))
                                               : options.prompts;
  const auto count = static_cast<std::size_t>(options.count);
  const auto controls = static_cast<std::size_t>(
      std::lround(options.control_share * static_cast<double>(count)));
  core::Rng rng(options.seed);
  core::Rng seeds = rng.fork("seeds");
  const std::vector<std::size_t> prompt_order = rng.fork("prompts").permutation(prompts.size());
  const std::vector<std::size_t> order = rng.fork("order").permutation(count);
  std::set<std::uint64_t> used;
  std::vector<PlannedImage> plan(count);
  for (std::size_t i = 0; i < count; ++i) {
    PlannedImage& image = plan[order[i]];
    const std::string& prompt = prompts[prompt_order[i % prompts.size()]];
    image.control = i < controls && takes_trigger(prompt);
    image.prompt = fill(prompt, image.control ? "" : options.trigger);
    image.negative_prompt = options.negative_prompt;
    do {
      image.seed = seeds.below(kSeedBound);
    } while (!used.insert(image.seed).second);
    image.size = options.sizes[i % options.sizes.size()];
    image.steps = options.steps;
    image.guidance_scale = options.guidance_scale;
    image.sampler = options.sampler;
  }
  for (std::size_t i = 0; i < count; ++i) plan[i].id = item_id(i);
  return plan;
}

std::vector<std::string> read_prompts(const std::filesystem::path& file) {
  std::istringstream lines(core::read_saved_text(file, 1 << 20));
  std::vector<std::string> prompts;
  std::string line;
  while (std::getline(lines, line)) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (line.empty() || line.front() == '#') continue;
    prompts.push_back(line);
  }
  if (prompts.empty()) {
    throw Error(ErrorKind::kInput, file.string(), "holds no prompt", "write one a line");
  }
  return prompts;
}

ImageSize parse_size(const std::string& text) {
  ImageSize size;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, size.width_px);
  size.height_px = size.width_px;
  bool sound = first.ec == std::errc();
  if (sound && first.ptr != end) {
    const auto second = std::from_chars(first.ptr + 1, end, size.height_px);
    sound = *first.ptr == 'x' && second.ec == std::errc() && second.ptr == end;
  }
  require(sound, core::in_quotes(text), "is no size such as 512 or 512x768");
  return size;
}

nlohmann::json to_json(const PlannedImage& image) {
  return {{"id", image.id},
          {"prompt", image.prompt},
          {"negative_prompt", image.negative_prompt},
          {"seed", image.seed},
          {"width_px", image.size.width_px},
          {"height_px", image.size.height_px},
          {"steps", image.steps},
          {"guidance_scale", image.guidance_scale},
          {"sampler", image.sampler},
          {"control", image.control}};
}

}  // namespace patina::queryers
