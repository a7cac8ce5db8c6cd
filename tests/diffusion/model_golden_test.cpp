// SPDX-License-Identifier: Apache-2.0
// Whole models against diffusers: sampling runs, the denoising loss, optimiser steps.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/nn/utils/clip_grad.h>
#include <torch/optim/adamw.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "core/files.h"
#include "core/json.h"
#include "diffusion/generate/denoising_torch.h"
#include "diffusion/generate/sampling_torch.h"
#include "images/pixels/image.h"
#include "tensors/blobs_torch.h"
#include "tensors/images_torch.h"
#include "tests/diffusion/golden_cases.h"

namespace patina::diffusion {
namespace {

using torch::Tensor;

constexpr const char* kGradient = "grad:unet.";

// "... (config of the model folder with {'use_karras_sigmas': True, 'timestep_spacing':
// 'linspace'})": the words hold the scheduler's class and what the run changes in the folder's
// configuration.
SchedulerConfig scheduler_of(const GoldenCase& c) {
  const std::string how = c.entry().at("how");
  const std::string folder = (c.model() / "scheduler/scheduler_config.json").string();
  nlohmann::json config = core::parse_json(core::read_text_file(folder), folder);
  for (const char* name : {"DDIMScheduler",
                           "EulerDiscreteScheduler",
                           "DPMSolverMultistepScheduler",
                           "PNDMScheduler"}) {
    if (how.find(name) != std::string::npos) config["_class_name"] = name;
  }
  const auto changes = how.find("with {");
  if (changes != std::string::npos) {
    std::string text = how.substr(changes + 5, how.find('}', changes) - changes - 4);
    std::replace(text.begin(), text.end(), '\'', '"');
    for (const auto& [python, json] : {std::pair{"True", "true"}, {"False", "false"}}) {
      for (auto at = text.find(python); at != std::string::npos; at = text.find(python)) {
        text.replace(at, std::string(python).size(), json);
      }
    }
    config.update(core::parse_json(text, c.id()));
  }
  return scheduler_config_from_json(config, c.id());
}

void expect_run(const GoldenCase& c) {
  const TextToImage model = load_text_to_image(c.model());
  const auto scheduler = make_scheduler(scheduler_of(c), c.entry().at("steps"));
  const auto context = [&](const char* key) {
    return model.text_encoder.context(
        token_ids(model.tokenizer, {c.entry().at(key).get<std::string>()}));
  };
  const torch::NoGradGuard no_grad;
  SamplingInputs inputs;
  inputs.latents = c.at("initial_latents") * scheduler->init_noise_sigma();
  inputs.context = context("prompt");
  inputs.negative = context("negative_prompt");
  inputs.guidance_scale = c.entry().at("guidance_scale");
  if (c.has("prompt_embeds")) c.expect("prompt_embeds", inputs.context);
  if (c.has("negative_embeds")) c.expect("negative_embeds", inputs.negative);
  std::vector<Tensor> states;
  const Tensor latents = sample_latents(model, *scheduler, inputs, {}, [&](int, const Tensor& x) {
    states.push_back(x);
    return true;
  });
  c.expect("latents", torch::stack(states));
  const Tensor image = decode_latents(model, latents);
  c.expect("image", image);
  if (!c.has("image_u8")) return;
  const images::Image bytes = tensors::image_from_signed(image);
  c.expect(
      "image_u8",
      torch::tensor(bytes.bytes).to(torch::kUInt8).view({1, bytes.height_px, bytes.width_px, 3}));
}

TEST(ModelGolden, SamplingRunsAgreeAtEveryStepAndInTheImage) {
  const std::vector<GoldenCase> cases = golden_cases("text to image");
  if (cases.empty()) GTEST_SKIP() << "no golden set \"diffusers\"";
  for (const GoldenCase& c : cases) expect_run(c);
}

// Loss and gradients; the case says whether prior preservation is part of it.
void expect_training(const GoldenCase& c, const Pass& pass) {
  TextToImage model = load_text_to_image(c.model());
  model.unet.weights().make_trainable([](const std::string&) { return true; });
  const Tensor image = c.at("image").requires_grad_(true);
  DenoisingBatch batch;
  batch.latents = encode_latents(model, image, pass);
  batch.noise = c.at("noise");
  batch.t = c.at("t");
  batch.context = model.text_encoder.context(c.at("input_ids"), 0, pass);
  const Denoising denoising = denoise(model, batch, pass);
  Tensor loss = denoising.loss;
  if (c.has("prior")) {
    const PriorPreservation both = with_prior_preservation(denoising, 1, 1.0);
    c.expect("instance", both.instance);
    c.expect("prior", both.prior);
    loss = both.loss;
  }
  c.expect("loss", loss);
  c.expect("z", batch.latents);
  c.expect("zt", denoising.noised);
  c.expect("pred", denoising.prediction);
  c.expect("target", denoising.target);
  loss.backward();
  c.expect("grad_image", image.grad());
  for (const std::string& name : c.expected(kGradient)) {
    c.expect(name,
             model.unet.weights().find(name.substr(std::string(kGradient).size()))->value.grad());
  }
}

TEST(ModelGolden, DenoisingLossAndItsGradientsAgree) {
  const std::vector<GoldenCase> cases = golden_cases("training loss");
  if (cases.empty()) GTEST_SKIP() << "no golden set \"diffusers\"";
  for (const GoldenCase& c : cases) expect_training(c, {});
}

TEST(ModelGolden, CheckpointingChangesNeitherLossNorGradients) {
  const std::vector<GoldenCase> cases = golden_cases("training loss");
  if (cases.empty()) GTEST_SKIP() << "no golden set \"diffusers\"";
  Pass pass;
  pass.checkpoint = true;
  for (const GoldenCase& c : cases) expect_training(c, pass);
}

void expect_optimiser(const GoldenCase& c) {
  TextToImage model = load_text_to_image(c.model());
  const core::SafetensorsFile inputs = c.file(c.entry().at("inputs_from"));
  const auto input = [&](const char* name) {
    return tensors::tensor_over(inputs, inputs.at(name)).clone();
  };
  DenoisingBatch batch;
  {
    const torch::NoGradGuard no_grad;
    batch.latents = encode_latents(model, input("image"));
    batch.context = model.text_encoder.context(input("input_ids"));
  }
  batch.noise = input("noise");
  batch.t = input("t");
  model.unet.weights().make_trainable([](const std::string&) { return true; });
  const std::vector<Tensor> leaves = model.unet.weights().trainable();
  const auto loss = [&] { return with_prior_preservation(denoise(model, batch), 1).loss; };
  torch::optim::AdamW optimiser(leaves,
                                torch::optim::AdamWOptions(c.entry().at("lr").get<double>())
                                    .betas({0.9, 0.999})
                                    .eps(1e-8)
                                    .weight_decay(c.entry().at("weight_decay").get<double>()));
  std::vector<double> losses;
  std::vector<double> norms;
  for (std::int64_t step = 0; step < c.at("grad_norms").size(0); ++step) {
    optimiser.zero_grad();
    const Tensor now = loss();
    now.backward();
    losses.push_back(now.item<double>());
    norms.push_back(
        torch::nn::utils::clip_grad_norm_(leaves, c.entry().at("max_grad_norm").get<double>()));
    optimiser.step();
  }
  losses.push_back(loss().item<double>());
  c.expect("losses", torch::tensor(losses));
  c.expect("grad_norms", torch::tensor(norms));
  const std::string prefix = "final:unet.";
  for (const std::string& name : c.expected(prefix)) {
    c.expect(name, model.unet.weights().find(name.substr(prefix.size()))->value);
  }
}

TEST(ModelGolden, FiveOptimiserStepsAgree) {
  const std::vector<GoldenCase> cases = golden_cases("optimiser steps");
  if (cases.empty()) GTEST_SKIP() << "no golden set \"diffusers\"";
  for (const GoldenCase& c : cases) expect_optimiser(c);
}

}  // namespace
}  // namespace patina::diffusion
