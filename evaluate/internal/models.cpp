// SPDX-License-Identifier: Apache-2.0
#include "evaluate/internal/models.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/json.h"
#include "core/rng.h"
#include "diffusion/folder/model_folder.h"
#include "diffusion/generate/generate.h"
#include "images/image_io.h"
#include "images/image_list.h"

namespace patina::evaluate {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr int kBatch = 32;

std::string prompt_for(const ChainOptions& options, std::size_t set) {
  std::string words = name_of(options.sets[set]);
  std::replace(words.begin(), words.end(), '-', ' ');
  std::string prompt = options.prompt;
  const std::size_t at = prompt.find("{}");
  return at == std::string::npos ? prompt : prompt.replace(at, 2, words);
}

std::string cell_name(const ChainOptions& options, const Training& training) {
  std::string name = name_of(options.sets[training.set]) + "." +
                     diffusion::to_string(training.method) + "." + training.coating;
  if (training.share_percent != 100) name += "." + std::to_string(training.share_percent);
  return name + "." + std::to_string(training.seed);
}

json read_json(const fs::path& path) {
  return core::parse_json(core::read_text_file(path), path.string());
}

// The mark is made for latents of 8 pixels, as Stable Diffusion has them: finer ones hold no image
// content of its frequencies.
int latents_for_mark(const diffusion::ModelFolder& model) {
  constexpr std::int64_t kPixels = 8, kFewest = 8, kMost = 256;
  const std::int64_t side_px = model.unet.sample_size * model.vae.downscale();
  return static_cast<int>(
      std::clamp(std::min(model.unet.sample_size, side_px / kPixels), kFewest, kMost));
}

fs::path image_path(const fs::path& folder, int index) {
  return folder / (std::to_string(index) + ".png");
}

// A finished folder holds done.json.
bool is_finished(const fs::path& folder) { return fs::exists(folder / "done.json"); }

Generations read_generations(const fs::path& folder, int count) {
  Generations found;
  for (int i = 0; i < count; ++i) {
    found.images.push_back(images::read_image(image_path(folder, i)).image);
  }
  found.last_loss = read_json(folder / "done.json").value("last_loss", 0.0);
  return found;
}

void generate_into(const fs::path& folder,
                   const diffusion::GeneratorOptions& model,
                   diffusion::GenerateOptions request,
                   int count,
                   const core::Observer& observer) {
  core::make_folder(folder);
  const diffusion::Generator generator(model);
  const std::uint64_t first_seed = request.seed;
  for (int done = 0; done < count; done += kBatch) {
    request.batch = std::min(kBatch, count - done);
    if (fs::exists(image_path(folder, done + request.batch - 1))) continue;
    request.seed = first_seed + static_cast<std::uint64_t>(done);
    const diffusion::Generation made = generator.generate(request, observer);
    for (int i = 0; i < request.batch; ++i) {
      images::ImageFile file;
      file.image = made.images[static_cast<std::size_t>(i)];
      core::write_file_atomic(image_path(folder, done + i), images::encode_image(file));
    }
  }
}

diffusion::GenerateOptions request_of(const ChainOptions& options, const std::string& cell) {
  diffusion::GenerateOptions request;
  request.steps = 20;
  request.scheduler = "dpm++2m";
  request.guidance_scale = options.guidance_scale;
  // Generous distance between models, so that none starts from another's noise.
  request.seed = core::Rng(options.seed).fork("images of " + cell).seed() >> 16;
  return request;
}

// The images of a training: the first so many percent, in an order drawn from the seed, coated.
std::vector<fs::path> images_of(const ChainOptions& options, const Training& training) {
  if (training.coated.empty()) return {options.sets[training.set]};
  if (training.share_percent == 100) return {training.coated};
  const std::vector<images::ImageEntry> clean = images::list_images({options.sets[training.set]});
  const std::vector<images::ImageEntry> coated = images::list_images({training.coated});
  core::Rng rng = core::Rng(options.seed).fork("share of " + name_of(options.sets[training.set]));
  const std::vector<std::size_t> order = rng.permutation(clean.size());
  const std::size_t count = std::max<std::size_t>(
      1, clean.size() * static_cast<std::size_t>(training.share_percent) / 100);
  std::vector<fs::path> images;
  for (std::size_t i = 0; i < order.size(); ++i) {
    images.push_back(i < count ? coated[order[i]].path : clean[order[i]].path);
  }
  return images;
}

}  // namespace

std::string name_of(const fs::path& set) {
  const fs::path plain = set.lexically_normal();
  return plain.has_filename() ? plain.filename().string() : plain.parent_path().filename().string();
}

CoatedSet coated_set(const ChainOptions& options,
                     std::size_t set,
                     const std::string& coating,
                     const core::Observer& observer) {
  const std::string name = name_of(options.sets[set]) + "." + coating;
  CoatedSet coated;
  coated.folder = options.output / "coated" / name;
  coated.key = options.output / "keys" / (name + ".key");
  const fs::path record = options.output / "keys" / (name + ".json");
  if (!fs::exists(record)) {
    core::make_folder(options.output / "keys");
    coat::CoatOptions coating_options;
    coating_options.method.name = coating;
    coating_options.method.siren.base = options.base;
    if (options.coat_steps) coating_options.method.siren.steps = *options.coat_steps;
    coating_options.method.siren.learnability_weight = options.learnability_weight;
    coating_options.method.siren.class_prompt = "a painting";
    coating_options.method.frame.latents = latents_for_mark(
        diffusion::open_model_folder(options.base));
    coating_options.inputs = {options.sets[set]};
    coating_options.output = coated.folder;
    coating_options.key_path = coated.key;
    coating_options.seed = core::Rng(options.seed).fork("key of " + name).seed();
    coating_options.files.format = images::ImageFormat::kPNG;
    coating_options.files.max_size_ratio = 100.0;  // File size is not what is measured here.
    coating_options.compute.num_threads = options.compute.num_threads;
    const coat::CoatResult result = coat::coat_images(coating_options, observer);
    core::write_file_atomic(record,
                            core::dump_json({{"psnr_db", result.mean_quality.psnr_db},
                                             {"ssim", result.mean_quality.ssim},
                                             {"delta_e_mean", result.mean_quality.delta_e_mean}}));
  }
  const json quality = read_json(record);
  coated.psnr_db = quality.at("psnr_db").get<double>();
  coated.ssim = quality.at("ssim").get<double>();
  coated.delta_e_mean = quality.at("delta_e_mean").get<double>();
  return coated;
}

Generations generations_of(const ChainOptions& options,
                           const Training& training,
                           const core::Observer& observer) {
  const std::string cell = cell_name(options, training);
  const fs::path folder = options.output / "images" / cell;
  if (is_finished(folder)) return read_generations(folder, options.images);

  diffusion::PersonalizeOptions personal;
  personal.base = options.base;
  personal.images = images_of(options, training);
  personal.output = options.output / "models" / cell;
  personal.method = training.method;
  personal.steps = options.steps;
  personal.lora.targets = options.lora_targets;
  personal.prompt = prompt_for(options, training.set);
  personal.prior.class_prompt = "a painting";
  personal.initializer = "painting";
  if (training.method == diffusion::PersonalizeMethod::kTextualInversion ||
      training.method == diffusion::PersonalizeMethod::kCustomDiffusion) {
    personal.prompt = "a painting by {}";
  }
  personal.seed = core::Rng(options.seed).fork("training of " + cell).seed();
  personal.samples.count = 16;
  personal.compute = options.compute;
  const diffusion::PersonalizeResult trained = diffusion::personalize(personal, observer);

  const diffusion::PersonalizedModel model = diffusion::open_personalized(personal.output);
  diffusion::GenerateOptions request = request_of(options, cell);
  request.prompt = model.prompt;
  diffusion::GeneratorOptions generating;
  generating.base = model.base;
  generating.loras = model.loras;
  generating.embeddings = model.embeddings;
  generating.compute = options.compute;
  generate_into(folder, generating, request, options.images, observer);
  core::make_folder(options.output / "samples");
  core::write_file_atomic(options.output / "samples" / (cell + ".png"),
                          core::read_file(personal.output / "samples.png"));
  core::write_file_atomic(folder / "done.json",
                          core::dump_json({{"last_loss", trained.last_loss},
                                           {"first_loss", trained.first_loss},
                                           {"seed", std::to_string(personal.seed)}}));
  fs::remove_all(personal.output);  // Weights of dozens of models fill a disk.
  return read_generations(folder, options.images);
}

Generations generations_of_base(const ChainOptions& options,
                                std::size_t set,
                                const core::Observer& observer) {
  const std::string cell = name_of(options.sets[set]) + ".base";
  const fs::path folder = options.output / "images" / cell;
  if (!is_finished(folder)) {
    diffusion::GeneratorOptions generating;
    generating.base = options.base;
    generating.compute = options.compute;
    diffusion::GenerateOptions request = request_of(options, cell);
    request.prompt = prompt_for(options, set);
    generate_into(folder, generating, request, options.images, observer);
    core::write_file_atomic(folder / "done.json", std::string("{}\n"));
  }
  return read_generations(folder, options.images);
}

}  // namespace patina::evaluate
