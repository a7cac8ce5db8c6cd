// SPDX-License-Identifier: Apache-2.0
#include "diffusion/folder/model_folder.h"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "diffusion/files/pickles.h"

namespace patina::diffusion {

using core::Error;
using core::ErrorKind;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr const char* kHowToConvert =
    "convert it with diffusers: from_single_file or from_pretrained, then "
    "save_pretrained(..., safe_serialization=True)";

const std::set<std::string> kPipelines = {
    "StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline", "LatentConsistencyModelPipeline"};

struct Family {
  const char* part;  // of the class name
  const char* name;
};
constexpr Family kOtherFamilies[] = {{"StableDiffusionXL", "Stable Diffusion XL"},
                                     {"StableDiffusion3", "Stable Diffusion 3"},
                                     {"StableDiffusionInpaint", "an inpainting model"},
                                     {"StableDiffusionUpscale", "an upscaling model"},
                                     {"StableDiffusionInstructPix2Pix", "InstructPix2Pix"},
                                     {"Flux", "Flux"},
                                     {"PixArt", "PixArt"},
                                     {"Kandinsky", "Kandinsky"},
                                     {"Wuerstchen", "Wuerstchen"},
                                     {"StableCascade", "Stable Cascade"},
                                     {"Hunyuan", "HunyuanDiT"},
                                     {"Lumina", "Lumina"},
                                     {"QwenImage", "Qwen-Image"},
                                     {"DeepFloyd", "DeepFloyd IF"},
                                     {"IFPipeline", "DeepFloyd IF"}};

bool holds_pickle(const fs::path& folder) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.is_regular_file() && !internal::pickle_kind(entry.path()).empty()) return true;
  }
  return false;
}

json read_json(const fs::path& path) {
  constexpr std::uint64_t kMostBytes = 16 << 20;
  return core::parse_json(core::read_text_file(path, kMostBytes), path.string());
}

// The library writes an unset lambda_min_clipped as -Infinity, which is no JSON; it is read as the
// string "-inf", which means the same.
json read_scheduler_json(const fs::path& path) {
  constexpr std::uint64_t kMostBytes = 1 << 20;
  std::string text = core::read_text_file(path, kMostBytes);
  const std::string bare = ": -Infinity";
  for (auto at = text.find(bare); at != std::string::npos; at = text.find(bare, at)) {
    text.replace(at, bare.size(), ": \"-inf\"");
  }
  return core::parse_json(text, path.string());
}

void check_pipeline(const std::string& name, const std::string& where) {
  if (kPipelines.count(name) > 0) return;
  std::string what = core::in_quotes(name) + " is not supported";
  for (const Family& family : kOtherFamilies) {
    if (name.find(family.part) != std::string::npos) {
      what = std::string("is ") + family.name + " (" + core::in_quotes(name) + "), not supported";
      break;
    }
  }
  throw Error(ErrorKind::kUnsupported, where, what, "use a Stable Diffusion 1.x or 2.x folder");
}

// Says why a place that is no model folder is none.
[[noreturn]] void refuse_place(const fs::path& root) {
  if (!fs::exists(root)) {
    throw Error(ErrorKind::kInput, root.string(), "does not exist", "check the path");
  }
  if (!fs::is_directory(root)) {
    const bool pickle = !internal::pickle_kind(root).empty();
    throw Error(ErrorKind::kUnsupported,
                root.string(),
                pickle ? "is a pickle, which can run code when it is opened"
                       : "is a single file, not a folder in the diffusers layout",
                kHowToConvert);
  }
  if (holds_pickle(root)) {
    throw Error(ErrorKind::kUnsupported,
                root.string(),
                "holds pickles, which can run code when they are opened, and no model_index.json",
                kHowToConvert);
  }
  throw Error(ErrorKind::kInput,
              root.string(),
              "has no model_index.json",
              "give a folder in the diffusers layout");
}

std::vector<fs::path> list_shards(const fs::path& index) {
  const json parsed = read_json(index);
  const auto map = parsed.is_object() ? parsed.find("weight_map") : parsed.end();
  if (!parsed.is_object() || map == parsed.end() || !map->is_object() || map->empty()) {
    throw Error(
        ErrorKind::kInput, index.string(), "has no \"weight_map\"", "fetch the model again");
  }
  std::set<std::string> names;
  for (const auto& [tensor, file] : map->items()) {
    const std::string name = file.is_string() ? file.get<std::string>() : "";
    if (name.empty() || fs::path(name).filename() != name ||
        fs::path(name).extension() != ".safetensors") {
      throw Error(ErrorKind::kInput,
                  index.string(),
                  "names the shard " + core::in_quotes(file.dump()) +
                      ", which is no safetensors file in the same folder",
                  "fetch the model again");
    }
    names.insert(name);
  }
  std::vector<fs::path> paths;
  paths.reserve(names.size());
  for (const std::string& name : names) paths.push_back(index.parent_path() / name);
  return paths;
}

}  // namespace

ComponentFiles find_component(const fs::path& folder, const std::string& stem) {
  ComponentFiles files;
  files.config = folder / "config.json";
  if (!fs::exists(files.config)) {
    throw Error(
        ErrorKind::kInput, folder.string(), "has no config.json", "fetch the whole model folder");
  }
  for (const char* variant : {"", ".fp16"}) {
    const fs::path single = folder / (stem + variant + ".safetensors");
    const fs::path index = folder / (stem + ".safetensors.index" + variant + ".json");
    if (fs::exists(single)) {
      files.weights = {single};
    } else if (fs::exists(index)) {
      files.weights = list_shards(index);
    }
    if (!files.weights.empty()) return files;
  }
  const bool pickled = holds_pickle(folder);
  throw Error(pickled ? ErrorKind::kUnsupported : ErrorKind::kInput,
              folder.string(),
              pickled ? "holds its weights as a pickle, which can run code when it is opened"
                      : "has no " + stem + ".safetensors",
              pickled ? kHowToConvert : "fetch the whole model folder");
}

std::vector<core::SafetensorsFile> open_weights(const ComponentFiles& files) {
  std::vector<core::SafetensorsFile> opened;
  for (const fs::path& path : files.weights) {
    opened.push_back(core::SafetensorsFile::open(path));
  }
  return opened;
}

ModelFolder open_model_folder(const fs::path& root) {
  const fs::path index = root / "model_index.json";
  if (!fs::is_regular_file(index)) refuse_place(root);
  const json parsed = read_json(index);
  if (!parsed.is_object() || !parsed.contains("_class_name") ||
      !parsed["_class_name"].is_string()) {
    throw Error(ErrorKind::kInput, index.string(), "names no pipeline class", "fetch it again");
  }
  ModelFolder model;
  model.root = root;
  model.pipeline_class = parsed["_class_name"].get<std::string>();
  check_pipeline(model.pipeline_class, root.string());
  const auto config_of = [](const ComponentFiles& files) { return read_json(files.config); };
  model.text_encoder_files = find_component(root / "text_encoder", "model");
  model.vae_files = find_component(root / "vae", "diffusion_pytorch_model");
  model.unet_files = find_component(root / "unet", "diffusion_pytorch_model");
  model.text_encoder = text_encoder_config(config_of(model.text_encoder_files),
                                           model.text_encoder_files.config.string());
  model.vae = vae_config(config_of(model.vae_files), model.vae_files.config.string());
  model.unet = unet_config(config_of(model.unet_files), model.unet_files.config.string());
  const fs::path scheduler = root / "scheduler" / "scheduler_config.json";
  model.scheduler = scheduler_config_from_json(read_scheduler_json(scheduler), scheduler.string());
  model.tokenizer = root / "tokenizer";
  if (model.unet.cross_attention_dim != model.text_encoder.hidden_size) {
    throw Error(ErrorKind::kInput,
                model.unet_files.config.string(),
                "cross_attention_dim " + std::to_string(model.unet.cross_attention_dim) +
                    " is not the text encoder's hidden_size " +
                    std::to_string(model.text_encoder.hidden_size),
                "use parts of the same model");
  }
  return model;
}

}  // namespace patina::diffusion
