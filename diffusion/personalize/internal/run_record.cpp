// SPDX-License-Identifier: Apache-2.0
#include "diffusion/personalize/internal/run_record.h"

#include <algorithm>
#include <sstream>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/version.h"
#include "diffusion/personalize/internal/captions.h"

namespace patina::diffusion {

namespace fs = std::filesystem;
using core::Error;
using core::ErrorKind;
using nlohmann::json;

namespace {

// Describes those options that the method reads.
json describe_options(PersonalizeOptions options) {
  json described = core::record(describe_read(options));
  described["base"] = options.base.string();
  described["method"] = to_string(options.method);
  described["flip"] = options.flip;
  described["seed"] = std::to_string(options.seed);
  described["precision"] = tensors::to_string(options.compute.precision);
  return described;
}

}  // namespace

std::string digest_base(const fs::path& base) {
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

json describe_run(const PersonalizeOptions& options,
                  const RunFacts& facts,
                  const PersonalizeResult& result) {
  json files = json::array();
  for (const fs::path& file : result.files) files.push_back(file.string());
  return {{"tool", {{"name", "patina"}, {"version", core::kVersion}}},
          {"options", describe_options(options)},
          {"base_sha256", facts.base_sha256},
          {"prompt", fill_caption(options.prompt, options)},
          {"images", facts.image_names},
          {"captions", result.captions},
          {"files", files},
          {"result",
           {{"steps", result.steps},
            {"images", result.images},
            {"first_loss", result.first_loss},
            {"last_loss", result.last_loss}}}};
}

PersonalizeResult result_from_record(const json& record) {
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

PersonalizedModel find_model(const fs::path& folder,
                             const fs::path& base,
                             const std::string& prompt) {
  PersonalizedModel model;
  model.prompt = prompt;
  model.base = fs::exists(folder / "model_index.json") ? folder : base;
  const fs::path lora = folder / "pytorch_lora_weights.safetensors";
  const fs::path token = folder / "learned_embeds.safetensors";
  if (fs::exists(lora)) model.loras.push_back(lora);
  if (fs::exists(token)) model.embeddings.push_back(token);
  return model;
}

fs::path write_losses(const fs::path& folder, const std::vector<double>& losses) {
  std::ostringstream text;
  text.precision(9);
  text << "step,loss\n";
  for (std::size_t i = 0; i < losses.size(); ++i) text << i + 1 << ',' << losses[i] << '\n';
  core::write_file_atomic(folder / kLossesFile, text.str());
  return folder / kLossesFile;
}

PersonalizedModel open_personalized(const fs::path& folder) {
  const fs::path path = folder / kRecordFile;
  if (!fs::exists(path)) {
    throw Error(ErrorKind::kInput,
                folder.string(),
                "holds no finished personalisation",
                "run patina personalize to its end");
  }
  const json record = core::parse_json(core::read_text_file(path), path.string());
  return find_model(folder,
                    record.at("options").at("base").get<std::string>(),
                    record.at("prompt").get<std::string>());
}

}  // namespace patina::diffusion
