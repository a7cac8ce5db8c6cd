// SPDX-License-Identifier: Apache-2.0
#include "evaluate/chain/stages.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/rng.h"
#include "core/run_folder.h"
#include "images/image_io.h"
#include "images/image_list.h"

namespace patina::evaluate {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr int kBatch = 32;

std::string caption_of(const ChainOptions& options, std::size_t set) {
  std::string words = name_of(options.sets[set]);
  std::replace(words.begin(), words.end(), '-', ' ');
  std::string prompt = options.prompt;
  const std::size_t at = prompt.find("{}");
  return at == std::string::npos ? prompt : prompt.replace(at, 2, words);
}

json read_json(const fs::path& path) {
  return core::parse_json(core::read_text_file(path), path.string());
}

fs::path image_path(const fs::path& folder, int index) {
  return folder / (std::to_string(index) + ".png");
}

// A finished folder of generations holds done.json.
fs::path done_path(const fs::path& folder) { return folder / "done.json"; }

Generations read_generations(const fs::path& folder, int count) {
  Generations found;
  for (int i = 0; i < count; ++i) {
    found.images.push_back(images::read_image(image_path(folder, i)).image);
  }
  found.last_loss = read_json(done_path(folder)).value("last_loss", 0.0);
  return found;
}

void write_batch(const fs::path& folder, int first, const std::vector<images::Image>& made) {
  int index = first;
  for (const images::Image& image : made) {
    images::ImageFile file;
    file.image = image;
    core::write_file_atomic(image_path(folder, index++), images::encode_image(file));
  }
}

/// Generates what the folder lacks, in batches.
void fill_folder(const fs::path& folder,
                 const GenerateBatch& generate,
                 std::uint64_t seed,
                 int count,
                 const core::Observer& observer) {
  core::make_folder(folder);
  for (int done = 0; done < count; done += kBatch) {
    const int size = std::min(kBatch, count - done);
    if (fs::exists(image_path(folder, done + size - 1))) continue;
    write_batch(folder, done, generate(seed + static_cast<std::uint64_t>(done), size, observer));
  }
}

/// The first so many percent of the images, in an order drawn from the seed, coated.
std::vector<fs::path> mix_images(const ChainOptions& options,
                                 const Training& training,
                                 const fs::path& coated_folder) {
  const std::vector<images::ImageEntry> clean = images::list_images({options.sets[training.set]});
  const std::vector<images::ImageEntry> coated = images::list_images({coated_folder});
  if (coated.size() != clean.size()) {
    throw core::Error(core::ErrorKind::kInput,
                      coated_folder.string(),
                      "holds " + std::to_string(coated.size()) + " images, the set " +
                          std::to_string(clean.size()),
                      "remove from the set what cannot be read, and choose another -o folder");
  }
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

std::vector<fs::path> training_images(const Experiment& experiment,
                                      const Training& training,
                                      const core::Observer& observer) {
  if (!training.coating) return {experiment.options.sets[training.set]};
  const fs::path coated =
      obtain_coated_set(experiment, {training.set, *training.coating}, observer).folder;
  if (training.share_percent == 100) return {coated};
  return mix_images(experiment.options, training, coated);
}

TrainingTask training_task(const Experiment& experiment,
                           const Training& training,
                           const core::Observer& observer) {
  TrainingTask task;
  task.images = training_images(experiment, training, observer);
  task.method = training.method;
  task.prompt = diffusion::learns_token(training.method)
                    ? experiment.options.prompt
                    : caption_of(experiment.options, training.set);
  task.output = experiment.folder / "models" / name_of(experiment.options, training);
  task.seed = training_seed(experiment.options, training);
  return task;
}

void keep_samples(const fs::path& folder, const std::string& model, const Trained& trained) {
  core::make_folder(folder / "samples");
  core::write_file_atomic(folder / "samples" / (model + ".png"), core::read_file(trained.samples));
}

// What changes coated sets, models or their images. Sets, methods, coatings and shares only add to
// them.
core::RunIdentity identify(ChainOptions options) {
  options.coat_steps = effective_coat_steps(options);
  std::string base = options.base.lexically_normal().string();
  while (base.size() > 1 && base.back() == '/') base.pop_back();
  core::RunIdentity run;
  run.add("--base", base).add("--seed", options.seed);
  for (const auto& groups : {describe_models(options), describe_coatings(options)}) {
    for (const core::OptionGroup& group : groups) {
      for (const core::OptionField& field : group.fields) {
        run.add(field.flag, core::value_text(field));
      }
    }
  }
  return run;
}

}  // namespace

void claim_folder(const ChainOptions& options, const fs::path& folder) {
  core::RunPlace place;
  place.folder = folder;
  core::RunFolder(place, identify(options)).begin();
}

CoatedSet obtain_coated_set(const Experiment& experiment,
                            const Coating& coating,
                            const core::Observer& observer) {
  const fs::path& set = experiment.options.sets[coating.set];
  const std::string name = name_of(set) + "." + coating.method;
  CoatedSet coated;
  coated.folder = experiment.folder / "coated" / name;
  coated.key = experiment.folder / "keys" / (name + ".key");
  coated.seed = core::Rng(experiment.options.seed).fork("key of " + name).seed();
  const fs::path record = experiment.folder / "keys" / (name + ".json");
  if (!fs::exists(record)) {
    core::make_folder(experiment.folder / "keys");
    const CoatingQuality quality = experiment.steps.coat(
        {set, coating.method, coated.folder, coated.key, coated.seed}, observer);
    core::write_file_atomic(record,
                            core::dump_json({{"psnr_db", quality.psnr_db},
                                             {"ssim", quality.ssim},
                                             {"delta_e_mean", quality.delta_e_mean}}));
  }
  const json quality = read_json(record);
  coated.quality = {quality.at("psnr_db").get<double>(),
                    quality.at("ssim").get<double>(),
                    quality.at("delta_e_mean").get<double>()};
  return coated;
}

std::string name_of(const ChainOptions& options, const Training& training) {
  std::string name = name_of(options.sets[training.set]) + "." +
                     diffusion::to_string(training.method) + "." +
                     (training.coating ? *training.coating : "uncoated");
  if (training.share_percent != 100) name += "." + std::to_string(training.share_percent);
  return name + "." + std::to_string(training.run);
}

std::uint64_t training_seed(const ChainOptions& options, const Training& training) {
  return core::Rng(options.seed).fork("training of " + name_of(options, training)).seed();
}

std::string base_name(const ChainOptions& options, std::size_t set) {
  return name_of(options.sets[set]) + ".base";
}

std::uint64_t images_seed(const ChainOptions& options, const std::string& model) {
  // Generous distance between models, so that none starts from another's noise.
  return core::Rng(options.seed).fork("images of " + model).seed() >> 16;
}

Generations obtain_generations(const Experiment& experiment,
                               const Training& training,
                               const core::Observer& observer) {
  const ChainOptions& options = experiment.options;
  const std::string model = name_of(options, training);
  const fs::path folder = experiment.folder / "images" / model;
  if (!fs::exists(done_path(folder))) {
    const TrainingTask task = training_task(experiment, training, observer);
    const Trained trained = experiment.steps.personalize(task, observer);
    fill_folder(folder,
                experiment.steps.open_model(task.output),
                images_seed(options, model),
                options.images,
                observer);
    keep_samples(experiment.folder, model, trained);
    core::write_file_atomic(done_path(folder),
                            core::dump_json({{"last_loss", trained.last_loss},
                                             {"first_loss", trained.first_loss},
                                             {"seed", std::to_string(task.seed)}}));
    fs::remove_all(task.output);  // Weights of dozens of models fill a disk.
  }
  return read_generations(folder, options.images);
}

Generations obtain_base_generations(const Experiment& experiment,
                                    std::size_t set,
                                    const core::Observer& observer) {
  const ChainOptions& options = experiment.options;
  const std::string model = base_name(options, set);
  const fs::path folder = experiment.folder / "images" / model;
  if (!fs::exists(done_path(folder))) {
    fill_folder(folder,
                experiment.steps.open_base(caption_of(options, set)),
                images_seed(options, model),
                options.images,
                observer);
    core::write_file_atomic(done_path(folder), std::string("{}\n"));
  }
  return read_generations(folder, options.images);
}

}  // namespace patina::evaluate
