// SPDX-License-Identifier: Apache-2.0
// Second step of making the built-in base model: trains autoencoder, then UNet and text encoder, on
// what pretrain_base_prepare wrote, and writes a model folder in the diffusers layout.
//
//   pretrain_base PREPARED_DIR OUT_DIR [device=cuda] [vae_seconds=150] [unet_seconds=380] ...
//
// Any number of recipe.h can be given as name=value. A finished autoencoder in OUT_DIR/vae is used
// again.
#include <cstdio>
#include <functional>
#include <iostream>
#include <map>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "denoiser_torch.h"
#include "diffusion/folder/model_writer_torch.h"
#include "tensors/compute_torch.h"

namespace {

using namespace patina;

void set_option(pretrain::Recipe& recipe, const std::string& argument) {
  const std::size_t at = argument.find('=');
  if (at == std::string::npos) {
    throw core::Error(core::ErrorKind::kUsage, argument, "is not name=value", "see recipe.h");
  }
  const std::string name = argument.substr(0, at);
  const std::string value = argument.substr(at + 1);
  const std::map<std::string, std::function<void()>> setters = {
      {"device", [&] { recipe.compute.device = value; }},
      {"precision", [&] { recipe.compute.precision = tensors::precision_from_name(value); }},
      {"threads", [&] { recipe.compute.num_threads = std::stoi(value); }},
      {"seed", [&] { recipe.seed = std::stoull(value); }},
      {"vae_steps", [&] { recipe.vae_steps = std::stoi(value); }},
      {"vae_batch", [&] { recipe.vae_batch = std::stoi(value); }},
      {"vae_rate", [&] { recipe.vae_rate = std::stod(value); }},
      {"vae_seconds", [&] { recipe.vae_seconds = std::stod(value); }},
      {"kl_weight", [&] { recipe.kl_weight = std::stod(value); }},
      {"edge_weight", [&] { recipe.edge_weight = std::stod(value); }},
      {"unet_steps", [&] { recipe.unet_steps = std::stoi(value); }},
      {"unet_batch", [&] { recipe.unet_batch = std::stoi(value); }},
      {"unet_rate", [&] { recipe.unet_rate = std::stod(value); }},
      {"unet_seconds", [&] { recipe.unet_seconds = std::stod(value); }},
      {"drop_caption", [&] { recipe.drop_caption = std::stod(value); }},
      {"warm_up", [&] { recipe.warm_up = std::stoi(value); }},
      {"average_decay", [&] { recipe.average_decay = std::stod(value); }},
      {"log_every", [&] { recipe.log_every = std::stoi(value); }},
      {"save_every", [&] { recipe.save_every = std::stoi(value); }}};
  const auto found = setters.find(name);
  if (found == setters.end()) {
    throw core::Error(core::ErrorKind::kUsage, name, "unknown option", "see recipe.h");
  }
  found->second();
}

diffusion::Vae autoencoder_for(const pretrain::Pack& pack,
                               const pretrain::Recipe& recipe,
                               const tensors::Compute& compute) {
  const std::filesystem::path folder = recipe.out / "vae";
  if (!std::filesystem::exists(folder / "config.json")) {
    diffusion::Vae vae = pretrain::train_autoencoder(pack, recipe, compute);
    diffusion::write_vae(folder, vae);
    return vae;
  }
  const diffusion::ComponentFiles files = diffusion::find_component(folder,
                                                                    "diffusion_pytorch_model");
  const auto config = core::parse_json(core::read_text_file(files.config), files.config.string());
  diffusion::WeightLoader loader(diffusion::open_weights(files), folder.string(), compute);
  return diffusion::Vae(diffusion::vae_config(config, files.config.string()), loader);
}

void pretrain_base(const pretrain::Recipe& recipe) {
  tensors::use_threads(recipe.compute.num_threads);
  const tensors::Compute compute = tensors::choose_compute(recipe.compute);
  const pretrain::Pack pack = pretrain::read_pack(recipe.pack / "pack.safetensors", compute.device);
  std::printf("%zu rows to train on, %zu held out\n", pack.train.size(), pack.held_out.size());
  const diffusion::Vae vae = autoencoder_for(pack, recipe, compute);
  const diffusion::SchedulerConfig scheduler = pretrain::noise_config();
  pretrain::train_denoiser(pack, vae, recipe, compute, [&](const pretrain::Networks& networks) {
    diffusion::write_model_folder(
        recipe.out,
        {networks.text_encoder, vae, networks.unet, scheduler, recipe.pack / "tokenizer"});
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: pretrain_base PREPARED_DIR OUT_DIR [name=value ...]\n";
    return 2;
  }
  try {
    pretrain::Recipe recipe;
    recipe.pack = argv[1];
    recipe.out = argv[2];
    for (int i = 3; i < argc; ++i) set_option(recipe, argv[i]);
    core::make_folder(recipe.out);
    pretrain_base(recipe);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
}
