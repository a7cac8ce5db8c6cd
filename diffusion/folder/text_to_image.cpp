// SPDX-License-Identifier: Apache-2.0
#include "core/error.h"
#include "diffusion/folder/text_to_image_torch.h"

namespace patina::diffusion {

using core::Error;
using core::ErrorKind;
using torch::Tensor;

namespace {

template <typename Network, typename Config>
Network read_network(const Config& config,
                     const ComponentFiles& files,
                     const std::filesystem::path& folder,
                     const tensors::Compute& compute) {
  WeightLoader loader(open_weights(files), folder.string(), compute);
  return Network(config, loader);
}

void check_parts(const ModelFolder& folder, const Tokenizer& tokenizer) {
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorKind::kInput, folder.root.string(), what, "use parts of the same model");
  };
  if (static_cast<std::int64_t>(tokenizer.vocab_size()) > folder.text_encoder.vocab_size) {
    refuse("the tokenizer has " + std::to_string(tokenizer.vocab_size()) +
           " tokens, the text encoder " + std::to_string(folder.text_encoder.vocab_size));
  }
  if (static_cast<std::int64_t>(tokenizer.max_length()) > folder.text_encoder.max_positions) {
    refuse("the tokenizer pads to " + std::to_string(tokenizer.max_length()) +
           " tokens, the text encoder has " + std::to_string(folder.text_encoder.max_positions) +
           " positions");
  }
  if (folder.unet.out_channels != folder.vae.latent_channels) {
    refuse("the UNet predicts " + std::to_string(folder.unet.out_channels) +
           " channels, the autoencoder has " + std::to_string(folder.vae.latent_channels));
  }
  if (folder.unet.in_channels != folder.unet.out_channels) {
    throw Error(ErrorKind::kUnsupported,
                folder.root.string(),
                "the UNet takes " + std::to_string(folder.unet.in_channels) +
                    " channels (an inpainting or depth model)",
                "use a plain text-to-image model");
  }
}

}  // namespace

TextToImage load_text_to_image(const std::filesystem::path& root, const tensors::Compute& compute) {
  const ModelFolder folder = open_model_folder(root);
  Tokenizer tokenizer = Tokenizer::load(folder.tokenizer);
  check_parts(folder, tokenizer);
  return {compute,
          std::move(tokenizer),
          read_network<TextEncoder>(
              folder.text_encoder, folder.text_encoder_files, root / "text_encoder", compute),
          read_network<Vae>(folder.vae, folder.vae_files, root / "vae", compute),
          read_network<UNet>(folder.unet, folder.unet_files, root / "unet", compute),
          folder.scheduler,
          make_noise_schedule(folder.scheduler, compute.device)};
}

Tensor token_ids(const Tokenizer& tokenizer, const std::vector<std::string>& prompts) {
  std::vector<Tensor> rows;
  for (const std::string& prompt : prompts) {
    rows.push_back(torch::tensor(tokenizer.encode_padded(prompt).ids, torch::kInt64));
  }
  return torch::stack(rows);
}

Tensor encode_latents(const TextToImage& model,
                      const Tensor& image,
                      const Pass& pass,
                      const Tensor& noise) {
  const std::int64_t multiple = model.vae.config().downscale();
  if (image.size(2) % multiple != 0 || image.size(3) % multiple != 0) {
    throw Error(ErrorKind::kInput,
                "image of " + std::to_string(image.size(3)) + "x" + std::to_string(image.size(2)),
                "width and height must be multiples of " + std::to_string(multiple),
                "crop or resize it");
  }
  const Posterior posterior = model.vae.encode(model.compute.place(image), pass);
  const Tensor z = noise.defined() ? posterior.sample(noise.to(posterior.mean.options()))
                                   : posterior.mean;
  return z * model.vae.config().scaling_factor;
}

Tensor decode_latents(const TextToImage& model, const Tensor& latents, const Pass& pass) {
  return model.vae.decode(model.compute.place(latents / model.vae.config().scaling_factor), pass);
}

}  // namespace patina::diffusion
