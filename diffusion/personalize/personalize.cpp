// SPDX-License-Identifier: Apache-2.0
#include "diffusion/personalize/personalize.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <sstream>

#include <nlohmann/json.hpp>
#include <torch/utils.h>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/names.h"
#include "core/version.h"
#include "diffusion/generate/generate.h"
#include "diffusion/personalize/training_torch.h"
#include "images/image_io.h"
#include "images/image_list.h"
#include "tensors/compute_torch.h"
#include "tensors/images_torch.h"
#include "tensors/optimizer_torch.h"

namespace patina::diffusion {

namespace fs = std::filesystem;
using core::Error;
using core::ErrorKind;
using nlohmann::json;
using torch::Tensor;

namespace {

constexpr core::Named<LoRATargets> kLoRATargets[] = {{LoRATargets::kAttention, "attention"},
                                                     {LoRATargets::kTransformer, "transformer"},
                                                     {LoRATargets::kAll, "all"}};

constexpr const char* kRecord = "personalization.json";

struct MethodRow {
  PersonalizeMethod value;
  const char* name;
  MethodDefaults defaults;
  Personalization (*prepare)(TextToImage&, const PersonalizeOptions&);
};

// Rates are the papers' for Stable Diffusion (5e-6 DreamBooth, 1e-4 LoRA, 5e-4 textual inversion,
// 1e-3 SVDiff, 1e-5 Custom Diffusion) times what a base of a fortieth of the weights bears.
constexpr MethodRow kMethods[] = {
    {PersonalizeMethod::kFull, "full", {400, 1e-4}, prepare_full},
    {PersonalizeMethod::kLoRA, "lora", {400, 2e-3}, prepare_lora},
    {PersonalizeMethod::kDreamBooth, "dreambooth", {400, 1e-4}, prepare_dreambooth},
    {PersonalizeMethod::kTextualInversion,
     "textual-inversion",
     {600, 5e-3},
     prepare_textual_inversion},
    {PersonalizeMethod::kSVDiff, "svdiff", {400, 1e-2}, prepare_svdiff},
    {PersonalizeMethod::kCustomDiffusion,
     "custom-diffusion",
     {600, 1e-3},
     prepare_custom_diffusion}};

bool has_token(PersonalizeMethod method) {
  return method == PersonalizeMethod::kTextualInversion ||
         method == PersonalizeMethod::kCustomDiffusion;
}

// "{}" becomes the token, or goes where there is none.
std::string filled(std::string caption, const PersonalizeOptions& options) {
  const std::size_t at = caption.find("{}");
  if (at == std::string::npos) return caption;
  return caption.replace(at, 2, has_token(options.method) ? options.token : options.initializer);
}

/// The images as the base sees them.
struct ImageSet {
  Tensor images;  // [N,3,S,S] float32 in [-1,1]
  std::vector<std::string> captions;
  std::vector<std::string> names;
  std::vector<std::string> warnings;
};

images::Image centre_square(const images::Image& image, int side) {
  const int square = std::min(image.width_px, image.height_px);
  const images::Rect rect{
      (image.width_px - square) / 2, (image.height_px - square) / 2, square, square};
  std::vector<float> planar(3 * static_cast<std::size_t>(square) *
                            static_cast<std::size_t>(square));
  images::read_unit(image, rect, planar.data());
  images::Image cut = images::make_image(square, square, image.bit_depth);
  images::write_unit(cut, {0, 0, square, square}, planar.data());
  return images::resize(cut, side, side);
}

std::string caption_of(const images::ImageEntry& entry, const PersonalizeOptions& options) {
  fs::path text = entry.path;
  text.replace_extension(".txt");
  if (!fs::is_regular_file(text)) return filled(options.prompt, options);
  std::string caption = core::read_text_file(text, 1 << 16);
  const std::size_t end = caption.find_last_not_of(" \t\r\n");
  caption.resize(end == std::string::npos ? 0 : end + 1);
  return filled(caption, options);
}

ImageSet read_images(const PersonalizeOptions& options, int side) {
  ImageSet set;
  std::vector<Tensor> images;
  for (const images::ImageEntry& entry : images::list_images(options.images)) {
    try {
      const images::Image image = images::read_image(entry.path).image;
      if (std::min(image.width_px, image.height_px) < side) {
        set.warnings.push_back(entry.path.string() + " is smaller than the base's " +
                               std::to_string(side) + " pixels and was enlarged");
      }
      images.push_back(tensors::signed_from_image(centre_square(image, side)));
      set.captions.push_back(caption_of(entry, options));
      set.names.push_back(entry.relative.generic_string());
    } catch (const Error& error) {
      set.warnings.push_back(error.what());
    }
  }
  if (images.empty()) {
    throw Error(ErrorKind::kInput,
                options.images.front().string(),
                "no readable image in it",
                "name files or folders with JPEG, PNG, WebP, TIFF or BMP images");
  }
  set.images = torch::cat(images);
  return set;
}

LatentSet class_set(const TextToImage& model,
                    const PersonalizeOptions& options,
                    const core::Observer& observer) {
  constexpr int kBatch = 16;
  GeneratorOptions generating;
  generating.base = options.base;
  generating.compute = options.compute;
  const Generator generator(generating);
  GenerateOptions request;
  request.prompt = options.class_prompt;
  request.steps = 20;
  request.scheduler = "dpm++2m";
  request.guidance_scale = options.sample_guidance;
  std::vector<Tensor> images;
  std::vector<std::string> captions;
  while (static_cast<int>(images.size()) < options.class_images) {
    request.seed = core::Rng(options.seed).fork("class images").seed() + images.size();
    request.batch = std::min(kBatch, options.class_images - static_cast<int>(images.size()));
    for (const images::Image& image : generator.generate(request, observer).images) {
      images.push_back(tensors::signed_from_image(image));
      captions.push_back(options.class_prompt);
    }
  }
  return encode_set(model, torch::cat(images), std::move(captions));
}

json options_json(const PersonalizeOptions& options) {
  return {{"base", options.base.string()},
          {"method", to_string(options.method)},
          {"prompt", options.prompt},
          {"class_prompt", options.class_prompt},
          {"token", options.token},
          {"initializer", options.initializer},
          {"steps", *options.steps},
          {"learning_rate", *options.learning_rate},
          {"batch", options.batch},
          {"train_text_encoder", options.train_text_encoder},
          {"lora_targets", to_string(options.lora_targets)},
          {"rank", options.rank},
          {"alpha", options.alpha},
          {"flip", options.flip},
          {"class_images", options.class_images},
          {"prior_weight", options.prior_weight},
          {"seed", std::to_string(options.seed)},
          {"precision", tensors::to_string(options.compute.precision)}};
}

std::string base_digest(const fs::path& base) {
  core::Sha256 digest;
  for (const char* part : {"unet", "vae", "text_encoder"}) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(base / part)) {
      if (entry.path().extension() == ".safetensors") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) digest.update(core::to_hex(core::sha256_file(file)));
  }
  return core::to_hex(digest.finish());
}

// What a run is known by: options and images.
std::string identity_of(const PersonalizeOptions& options, const ImageSet& set) {
  core::Sha256 digest;
  digest.update(options_json(options).dump());
  const Tensor images = set.images.contiguous();
  digest.update(images.data_ptr(), static_cast<std::size_t>(images.nbytes()));
  for (const std::string& caption : set.captions) digest.update(caption + "\n");
  return core::to_hex(digest.finish());
}

double mean_of(const std::vector<double>& losses, std::size_t begin, std::size_t end) {
  return std::accumulate(losses.begin() + static_cast<std::ptrdiff_t>(begin),
                         losses.begin() + static_cast<std::ptrdiff_t>(end),
                         0.0) /
         static_cast<double>(end - begin);
}

std::string losses_csv(const std::vector<double>& losses) {
  std::ostringstream text;
  text.precision(9);
  text << "step,loss\n";
  for (std::size_t i = 0; i < losses.size(); ++i) text << i + 1 << ',' << losses[i] << '\n';
  return text.str();
}

// Images of the finished model in rows of eight, or fewer where there are fewer.
void write_samples(const PersonalizeOptions& options, const core::Observer& observer) {
  const PersonalizedModel model = open_personalized(options.output);
  GeneratorOptions generating;
  generating.base = model.base;
  generating.loras = model.loras;
  generating.embeddings = model.embeddings;
  generating.compute = options.compute;
  GenerateOptions request;
  request.prompt = model.prompt;
  request.steps = 20;
  request.scheduler = "dpm++2m";
  request.guidance_scale = options.sample_guidance;
  request.seed = options.seed;
  request.batch = options.samples;
  const std::vector<images::Image> images =
      Generator(generating).generate(request, observer).images;
  const int columns = std::min(8, options.samples);
  const int rows = (options.samples + columns - 1) / columns;
  const int width = images.front().width_px, height = images.front().height_px;
  images::ImageFile grid;
  grid.image = images::make_image(columns * width, rows * height);
  std::vector<float> planar(images.front().sample_count());
  for (std::size_t i = 0; i < images.size(); ++i) {
    const int n = static_cast<int>(i);
    images::read_unit(images[i], {0, 0, width, height}, planar.data());
    images::write_unit(
        grid.image, {n % columns * width, n / columns * height, width, height}, planar.data());
  }
  core::write_file_atomic(options.output / "samples.png", images::encode_image(grid));
}

PersonalizeResult result_from(const json& record) {
  PersonalizeResult result;
  result.steps = record.at("result").at("steps").get<int>();
  result.images = record.at("result").at("images").get<int>();
  result.first_loss = record.at("result").at("first_loss").get<double>();
  result.last_loss = record.at("result").at("last_loss").get<double>();
  result.captions = record.at("captions").get<std::vector<std::string>>();
  result.resumed = true;
  for (const json& file : record.at("files")) result.files.emplace_back(file.get<std::string>());
  return result;
}

json read_record(const fs::path& folder) {
  const fs::path path = folder / kRecord;
  return core::parse_json(core::read_text_file(path), path.string());
}

/// The run in options.output: none, unfinished, or finished (then its result).
std::optional<PersonalizeResult> open_output(const PersonalizeOptions& options,
                                             const std::string& identity) {
  const fs::path state = options.output / ".state" / "identity";
  const auto refuse = [&] {
    throw Error(ErrorKind::kInput,
                options.output.string(),
                "holds another run (other options or images)",
                "choose another -o folder, or delete it");
  };
  if (fs::exists(options.output / kRecord)) {
    const json record = read_record(options.output);
    if (record.value("identity", std::string()) != identity) refuse();
    return result_from(record);
  }
  if (fs::exists(state)) {
    if (core::read_text_file(state) != identity) refuse();
  } else if (fs::exists(options.output) && !fs::is_empty(options.output)) {
    throw Error(ErrorKind::kInput,
                options.output.string(),
                "is not empty",
                "choose another -o folder, or empty it");
  }
  core::make_folder(options.output / ".state");
  core::remove_stale_temporaries(options.output);
  core::write_file_atomic(state, identity);
  return std::nullopt;
}

void write_record(const PersonalizeOptions& options,
                  const std::string& identity,
                  const ImageSet& set,
                  const PersonalizeResult& result) {
  json captions = json::array();
  for (const std::string& caption : result.captions) captions.push_back(caption);
  json files = json::array();
  for (const fs::path& file : result.files) files.push_back(file.string());
  const json record = {{"tool", {{"name", "patina"}, {"version", core::kVersion}}},
                       {"identity", identity},
                       {"options", options_json(options)},
                       {"base_sha256", base_digest(options.base)},
                       {"prompt", filled(options.prompt, options)},
                       {"images", set.names},
                       {"captions", captions},
                       {"files", files},
                       {"result",
                        {{"steps", result.steps},
                         {"images", result.images},
                         {"first_loss", result.first_loss},
                         {"last_loss", result.last_loss}}}};
  core::write_file_atomic(options.output / kRecord, core::dump_json(record));
}

}  // namespace

const char* to_string(PersonalizeMethod method) { return core::name_of(kMethods, method); }

std::vector<std::string> personalize_method_names() { return core::names_of(kMethods); }

PersonalizeMethod personalize_method_from_name(const std::string& name) {
  return core::value_of(kMethods, name, "--method");
}

const char* to_string(LoRATargets targets) { return core::name_of(kLoRATargets, targets); }

std::vector<std::string> lora_target_names() { return core::names_of(kLoRATargets); }

LoRATargets lora_targets_from_name(const std::string& name) {
  return core::value_of(kLoRATargets, name, "--lora-targets");
}

MethodDefaults defaults_of(PersonalizeMethod method) {
  return core::row_of(kMethods, method).defaults;
}

void validate(const PersonalizeOptions& options) {
  const auto require = [](bool holds, const char* flag, const std::string& what) {
    if (!holds) throw Error(ErrorKind::kUsage, flag, what, "see patina personalize --help");
  };
  require(!options.base.empty(), "--base", "not given");
  require(!options.images.empty(), "--images", "not given");
  require(!options.output.empty(), "--output", "not given");
  require(!options.steps || (*options.steps >= 0 && *options.steps <= 1'000'000),
          "--steps",
          "is outside 0 to 1000000");
  require(!options.learning_rate || (*options.learning_rate > 0.0 && *options.learning_rate <= 1.0),
          "--learning-rate",
          "is outside (0, 1]");
  require(options.batch >= 1 && options.batch <= 1024, "--batch", "is outside 1 to 1024");
  require(options.rank >= 1 && options.rank <= 4096, "--rank", "is outside 1 to 4096");
  require(options.alpha > 0.0, "--alpha", "is not above 0");
  require(options.class_images >= 1 && options.class_images <= 10'000,
          "--class-images",
          "is outside 1 to 10000");
  require(options.prior_weight >= 0.0, "--prior-weight", "is below 0");
  require(options.samples >= 0 && options.samples <= 64, "--samples", "is outside 0 to 64");
  require(options.checkpoint_every >= 1, "--checkpoint-every", "is below 1");
}

PersonalizeResult personalize(const PersonalizeOptions& given, const core::Observer& observer) {
  validate(given);
  PersonalizeOptions options = given;
  const MethodRow& method = core::row_of(kMethods, options.method);
  if (!options.steps) options.steps = method.defaults.steps;
  if (!options.learning_rate) options.learning_rate = method.defaults.learning_rate;
  tensors::use_threads(options.compute.num_threads);
  TextToImage model = load_text_to_image(options.base, tensors::choose_compute(options.compute));
  const auto side = static_cast<int>(model.unet.config().sample_size *
                                     model.vae.config().downscale());
  const ImageSet set = read_images(options, side);
  const std::string identity = identity_of(options, set);
  if (const auto finished = open_output(options, identity)) return *finished;

  const Personalization prepared = method.prepare(model, options);
  LatentSet prior;
  if (prepared.with_prior) prior = class_set(model, options, observer);
  const StepLosses losses(model,
                          encode_set(model, set.images, set.captions),
                          std::move(prior),
                          options,
                          prepared.trains_context);
  tensors::AdamW optimizer(prepared.leaves);
  const fs::path checkpoint = options.output / ".state" / "checkpoint.safetensors";
  const TrainingLog log = train_steps(losses, optimizer, options, checkpoint, observer);

  PersonalizeResult result;
  result.steps = *options.steps;
  result.images = static_cast<int>(set.captions.size());
  result.captions = set.captions;
  result.seconds = log.seconds;
  result.resumed = log.resumed;
  result.warnings = set.warnings;
  if (!log.losses.empty()) {
    const std::size_t tenth = std::max<std::size_t>(1, log.losses.size() / 10);
    result.first_loss = mean_of(log.losses, 0, tenth);
    result.last_loss = mean_of(log.losses, log.losses.size() - tenth, log.losses.size());
  }
  optimizer.release_masters();
  result.files = prepared.write(options.output);
  core::write_file_atomic(options.output / "losses.csv", losses_csv(log.losses));
  result.files.push_back(options.output / "losses.csv");
  write_record(options, identity, set, result);
  if (options.samples > 0) {
    write_samples(options, observer);
    result.files.push_back(options.output / "samples.png");
  }
  std::error_code ignored;
  fs::remove_all(options.output / ".state", ignored);
  return result;
}

PersonalizedModel open_personalized(const fs::path& folder) {
  if (!fs::exists(folder / kRecord)) {
    throw Error(ErrorKind::kInput,
                folder.string(),
                "holds no finished personalisation",
                "run patina personalize to its end");
  }
  const json record = read_record(folder);
  PersonalizedModel model;
  model.prompt = record.at("prompt").get<std::string>();
  model.base = fs::exists(folder / "model_index.json")
                   ? folder
                   : fs::path(record.at("options").at("base").get<std::string>());
  const fs::path lora = folder / "pytorch_lora_weights.safetensors";
  const fs::path token = folder / "learned_embeds.safetensors";
  if (fs::exists(lora)) model.loras.push_back(lora);
  if (fs::exists(token)) model.embeddings.push_back(token);
  return model;
}

}  // namespace patina::diffusion
