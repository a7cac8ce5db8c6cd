// SPDX-License-Identifier: Apache-2.0
// Text encoder, autoencoder and UNet against transformers and diffusers, forward and backward.
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "tensors/compute_torch.h"
#include "tests/diffusion/golden_cases.h"
#include "tests/diffusion/tiny_model.h"

namespace patina::diffusion {
namespace {

using torch::Tensor;

Tensor gradient(const Tensor& scalar, const Tensor& leaf) {
  return torch::autograd::grad({scalar}, {leaf}, {}, /*retain_graph=*/true)[0];
}

class NetworksGolden : public ::testing::Test {
 protected:
  std::vector<GoldenCase> cases(const std::string& kind) {
    std::vector<GoldenCase> found = golden_cases(kind);
    skip_ = found.empty();
    return found;
  }
  void TearDown() override {
    if (skip_) GTEST_SKIP() << "no golden set \"diffusers\"";
  }
  bool skip_ = false;
};

TEST_F(NetworksGolden, TextEncoderGivesTheReferencesHiddenStates) {
  for (const GoldenCase& c : cases("text encoder")) {
    TextEncoder encoder = text_encoder_in(c.model());
    const Tensor ids = c.at("input_ids");
    const TextEncoding encoding = encoder.forward(ids);
    c.expect("hidden_states", torch::stack(encoding.hidden_states));
    c.expect("last_hidden_state", encoding.last_hidden_state);
    c.expect("penultimate_hidden_state", encoding.hidden_states.end()[-2]);
    c.expect("pooler_output", encoding.pooled);
    c.expect("clip_skip_1", encoder.context(ids, 1));
    c.expect("clip_skip_2", encoder.context(ids, 2));
  }
}

TEST_F(NetworksGolden, TextEncoderGivesTheReferencesGradients) {
  for (const GoldenCase& c : cases("text encoder")) {
    TextEncoder encoder = text_encoder_in(c.model());
    encoder.weights().make_trainable([](const std::string&) { return true; });
    const Tensor loss = (encoder.forward(c.at("input_ids")).last_hidden_state * c.at("w")).sum();
    c.expect("L", loss);
    c.expect("grad_token_embedding", gradient(loss, encoder.token_embedding()->value));
    c.expect(
        "grad_layer0_q_proj_weight",
        gradient(
            loss,
            encoder.weights().find("text_model.encoder.layers.0.self_attn.q_proj.weight")->value));
  }
}

void expect_vae(const GoldenCase& c, const Vae& vae, const Pass& pass) {
  const Tensor image = c.at("image").requires_grad_(true);
  const Posterior posterior = vae.encode(image, pass);
  c.expect("mean", posterior.mean);
  c.expect("logvar", posterior.logvar);
  c.expect("sample", posterior.sample(c.at("noise")));
  c.expect("grad_encode_wrt_image", gradient((posterior.mean * c.at("w_encode")).sum(), image));
  const Tensor z = c.at("decode_input").requires_grad_(true);
  const Tensor decoded = vae.decode(z, pass);
  c.expect("decoded", decoded);
  c.expect("grad_decode_wrt_z", gradient((decoded * c.at("w_decode")).sum(), z));
}

TEST_F(NetworksGolden, AutoencoderGivesTheReferencesValuesAndGradients) {
  for (const GoldenCase& c : cases("VAE")) expect_vae(c, vae_in(c.model()), {});
}

TEST_F(NetworksGolden, CheckpointingChangesNothingInTheAutoencoder) {
  Pass pass;
  pass.checkpoint = true;
  for (const GoldenCase& c : cases("VAE")) expect_vae(c, vae_in(c.model()), pass);
}

TEST_F(NetworksGolden, DeprecatedAttentionNamesGiveTheSameAutoencoder) {
  for (const GoldenCase& c : cases("VAE")) {
    const std::filesystem::path old = c.model().string() + "_oldkeys";
    if (std::filesystem::exists(old)) expect_vae(c, vae_in(old), {});
  }
}

// Remembers every output that the case has an expected value for.
Pass tracing(const GoldenCase& c, std::map<std::string, Tensor>& seen) {
  Pass pass;
  pass.trace = [&](const std::string& path, const Tensor& output) {
    if (c.has(path)) seen[path] = output;
  };
  return pass;
}

void expect_all(const GoldenCase& c, const std::map<std::string, Tensor>& seen) {
  for (const std::string& name : c.expected()) {
    ASSERT_EQ(seen.count(name), 1U) << c.id() << " has no output of " << name;
    c.expect(name, seen.at(name));
  }
}

TEST_F(NetworksGolden, EveryModuleOfTheAutoencoderAgrees) {
  for (const GoldenCase& c : cases("VAE, layer by layer")) {
    const Vae vae = vae_in(c.model());
    std::map<std::string, Tensor> seen;
    const Pass pass = tracing(c, seen);
    vae.encode(c.at("image"), pass);
    vae.decode(c.at("z"), pass);
    expect_all(c, seen);
  }
}

TEST_F(NetworksGolden, EveryModuleOfTheUNetAgrees) {
  for (const GoldenCase& c : cases("UNet, layer by layer")) {
    std::map<std::string, Tensor> seen;
    unet_in(c.model()).forward(c.at("z_t"), c.at("t"), c.at("context"), tracing(c, seen));
    expect_all(c, seen);
  }
}

/// The timestep that the name of an output ends with: 400 of "eps_odd_t400".
Tensor timestep_of(const std::string& name) {
  return torch::full({1}, std::stod(name.substr(name.rfind("_t") + 2)));
}

TEST_F(NetworksGolden, UNetGivesTheReferencesOutputs) {
  for (const GoldenCase& c : cases("UNet")) {
    const UNet unet = unet_in(c.model());
    const Tensor context = c.at("context");
    for (const std::string& name : c.expected("eps_t")) {
      c.expect(name, unet.forward(c.at("z_t"), timestep_of(name), context));
    }
    c.expect("eps_mixed", unet.forward(c.at("z_t"), c.at("timesteps_mixed"), context));
    for (const std::string& name : c.expected("eps_odd_t")) {
      c.expect(name, unet.forward(c.at("z_t_odd"), timestep_of(name), context));
    }
    for (const std::string& name : c.expected("eps_ctx")) {
      const std::string tokens = name.substr(7, name.rfind("_t") - 7);  // 20 of "eps_ctx20_t300"
      c.expect(name, unet.forward(c.at("z_t"), timestep_of(name), c.at("context_" + tokens)));
    }
  }
}

double relative_error(const Tensor& actual, const Tensor& expected) {
  const Tensor wide = actual.to(torch::kFloat32);
  return ((wide - expected).norm() / expected.norm()).item<double>();
}

// A value rounds to within 2^-9 of itself. In the larger UNet 17 resnets of 5 and 11 transformers
// of 12 roundings lie one after the other, 217 in all; independent ones add up to sqrt(217) 2^-9 =
// 0.029, and twice that is allowed.
TEST_F(NetworksGolden, BFloat16KeepsWithinTheRoundingOfItsOperations) {
  constexpr double kAllowed = 0.058;
  const torch::NoGradGuard no_grad;
  const tensors::Compute compute = {torch::kCPU, torch::kBFloat16, true};
  for (const GoldenCase& c : cases("UNet")) {
    const UNet unet = unet_in(c.model(), compute);
    const Tensor z = compute.place(c.at("z_t"));
    const Tensor context = c.at("context").to(torch::kBFloat16);
    for (const std::string& name : c.expected("eps_t")) {
      const Tensor out = unet.forward(z, timestep_of(name), context);
      EXPECT_LE(relative_error(out, c.at(name)), kAllowed) << c.id() << ", " << name;
    }
  }
  for (const GoldenCase& c : cases("VAE")) {
    const Tensor out = vae_in(c.model(), compute).decode(compute.place(c.at("decode_input")));
    EXPECT_LE(relative_error(out, c.at("decoded")), kAllowed) << c.id();
  }
}

void expect_unet_gradients(const GoldenCase& c, const Pass& pass) {
  UNet unet = unet_in(c.model());
  unet.weights().make_trainable([](const std::string&) { return true; });
  const Tensor z = c.at("z_t").requires_grad_(true);
  const Tensor context = c.at("context").requires_grad_(true);
  const Tensor loss = (unet.forward(z, c.at("t"), context, pass) * c.at("w")).sum();
  loss.backward();
  c.expect("grad_z", z.grad());
  c.expect("grad_context", context.grad());
  Tensor squares = torch::zeros({}, torch::kFloat64);
  for (const Tensor& leaf : unet.weights().trainable()) {
    squares += leaf.grad().to(torch::kFloat64).square().sum();
  }
  c.expect("grad_norm_all", squares.sqrt());
}

TEST_F(NetworksGolden, UNetGivesTheReferencesGradients) {
  for (const GoldenCase& c : cases("UNet gradients")) expect_unet_gradients(c, {});
}

TEST_F(NetworksGolden, CheckpointingChangesNoGradientOfTheUNet) {
  Pass pass;
  pass.checkpoint = true;
  for (const GoldenCase& c : cases("UNet gradients")) expect_unet_gradients(c, pass);
}

}  // namespace
}  // namespace patina::diffusion
