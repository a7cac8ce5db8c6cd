// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "diffusion/folder/model_folder.h"
#include "diffusion/inspect/internal/fact_sheet.h"
#include "diffusion/inspect/internal/file_summary.h"

namespace patina::diffusion::internal {

using nlohmann::json;

namespace {

std::string list_text(const std::vector<std::int64_t>& values) {
  std::string text;
  for (const std::int64_t value : values) {
    text += (text.empty() ? "" : ", ") + std::to_string(value);
  }
  return text;
}

// What the widths of the two text encoders tell.
std::string family_of(const ModelFolder& model) {
  constexpr std::int64_t kWidth1 = 768;
  constexpr std::int64_t kWidth2 = 1024;
  const std::int64_t width = model.unet.cross_attention_dim;
  const std::string consistency = model.unet.time_cond_proj_dim > 0 ? ", latent consistency" : "";
  if (width == kWidth1) return "Stable Diffusion 1.x" + consistency;
  if (width == kWidth2) return "Stable Diffusion 2.x" + consistency;
  return "like Stable Diffusion, context of width " + std::to_string(width) + consistency;
}

std::string prediction_of(PredictionType type) {
  switch (type) {
    case PredictionType::kEpsilon:
      return "epsilon (noise)";
    case PredictionType::kVelocity:
      return "v_prediction (velocity)";
    case PredictionType::kSample:
      break;
  }
  return "sample";
}

void add_component(const std::string& label,
                   const std::string& key,
                   const std::string& shape,
                   const ComponentFiles& files,
                   FactSheet& sheet) {
  const FileSummary summary = summary_of(open_weights(files));
  sheet.add(label,
            key,
            shape + "; " + count_text(summary.parameters) + " parameters, " + dtypes_text(summary) +
                ", " + bytes_text(summary.bytes),
            {{"parameters", summary.parameters},
             {"bytes", summary.bytes},
             {"dtypes", summary.dtypes},
             {"files", files.weights.size()}});
}

std::string unet_text(const UNetConfig& unet) {
  return "channels " + list_text(unet.block_out_channels) + ", heads " + list_text(unet.num_heads) +
         ", context " + std::to_string(unet.cross_attention_dim);
}

std::string text_encoder_text(const TextEncoderConfig& encoder) {
  return std::to_string(encoder.num_layers) + " layers of width " +
         std::to_string(encoder.hidden_size) + ", vocabulary of " +
         std::to_string(encoder.vocab_size);
}

std::string vae_text(const VaeConfig& vae) {
  return "channels " + list_text(vae.block_out_channels) + ", " +
         std::to_string(vae.latent_channels) + " latent channels at 1/" +
         std::to_string(vae.downscale()) + " of each side";
}

}  // namespace

Inspection inspect_model_folder(const std::filesystem::path& root) {
  const ModelFolder model = open_model_folder(root);
  FactSheet sheet("model folder");
  sheet.add("Architecture", "architecture", family_of(model));
  sheet.add("Pipeline", "pipeline_class", one_line(model.pipeline_class));
  const std::int64_t side = model.unet.sample_size * model.vae.downscale();
  sheet.add("Image size",
            "image_side_px",
            std::to_string(side) + " x " + std::to_string(side) + " px",
            side);
  sheet.add("Prediction",
            "prediction_type",
            prediction_of(model.scheduler.prediction_type),
            to_string(model.scheduler.prediction_type));
  sheet.add("Scheduler",
            "scheduler",
            std::string(to_string(model.scheduler.kind)) + ", trained on " +
                std::to_string(model.scheduler.num_train_timesteps) + " steps",
            {{"kind", to_string(model.scheduler.kind)},
             {"num_train_timesteps", model.scheduler.num_train_timesteps}});
  add_component("UNet", "unet", unet_text(model.unet), model.unet_files, sheet);
  add_component("Text encoder",
                "text_encoder",
                text_encoder_text(model.text_encoder),
                model.text_encoder_files,
                sheet);
  add_component("Autoencoder", "vae", vae_text(model.vae), model.vae_files, sheet);
  return sheet.take();
}

}  // namespace patina::diffusion::internal
