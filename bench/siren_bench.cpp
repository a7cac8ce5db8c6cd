// SPDX-License-Identifier: Apache-2.0
// Coating and scoring a 512x512 photograph: Patina's inference against the graph the reference runs
// (float32, contiguous, batch 1, norms apart), in one run, two threads. The last lines give the
// ratios.
#include <benchmark/benchmark.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "coat/siren/coater_torch.h"
#include "coat/siren/pair_torch.h"
#include "core/memory.h"
#include "core/rng.h"
#include "extractors/siren/scorer_torch.h"
#include "images/pixels/image.h"
#include "keys/coat_key.h"
#include "tensors/compute.h"
#include "tensors/compute_torch.h"
#include "tensors/images_torch.h"
#include "transforms/jnd_torch.h"

namespace {

using namespace patina;
using extractors::InputNorm;
using extractors::NormMode;
using tensors::Precision;

constexpr int kSide = 512;
constexpr int kThreads = 2;
constexpr int kBatch = 4;

images::Image photograph() {
  images::Image image = images::make_image(kSide, kSide);
  core::Rng rng(1);
  for (std::uint8_t& value : image.bytes) value = static_cast<std::uint8_t>(rng.below(256));
  return image;
}

coat::siren::Pair fresh_pair() { return coat::siren::make_pair(1, {1.5, 1.0, 3.0, 0.04}); }

// What the public code computes per image, with its batch norms as they are.
void reference_coating(benchmark::State& state) {
  tensors::use_threads(kThreads);
  torch::NoGradGuard no_grad;
  coat::siren::Pair pair = fresh_pair();
  const torch::Tensor unit = tensors::tensor_from_image(photograph());
  const torch::Tensor message = coat::siren::message_tensor("0123456789ab");
  for (auto _ : state) {
    torch::Tensor x = tensors::normalised_from_unit(unit);
    torch::Tensor features = x;
    const auto block = [](extractors::ConvNormGelu& b, const torch::Tensor& input) {
      const torch::Tensor y = torch::conv2d(input, b->conv->weight, b->conv->bias, 1, 1);
      return torch::gelu(torch::batch_norm(y,
                                           b->norm->weight,
                                           b->norm->bias,
                                           b->norm->running_mean,
                                           b->norm->running_var,
                                           false,
                                           0.1,
                                           1e-3,
                                           false));
    };
    for (auto& b : pair.generator->conv_bns) features = block(b, features);
    const torch::Tensor planes = message.view({1, 48, 1, 1}).expand({1, 48, kSide, kSide});
    const torch::Tensor mixed = block(pair.generator->after_concat,
                                      torch::cat({planes, features, x}, 1));
    const torch::Tensor delta = torch::tanh(torch::conv2d(
        mixed, pair.generator->final_layer->weight, pair.generator->final_layer->bias));
    benchmark::DoNotOptimize(
        coat::siren::apply_coating(unit, delta, transforms::jnd_mask(unit), {1.5, 0.0, 0.0, 0.0}));
  }
  state.SetItemsProcessed(state.iterations());
}

void reference_scoring(benchmark::State& state) {
  tensors::use_threads(kThreads);
  torch::NoGradGuard no_grad;
  coat::siren::Pair pair = fresh_pair();
  const torch::Tensor x = tensors::normalised_from_unit(tensors::tensor_from_image(photograph()));
  for (auto _ : state) {
    torch::Tensor y = x;
    for (auto& b : pair.extractor->blocks) {
      y = torch::conv2d(y, b->conv->weight, b->conv->bias, 1, 1);
      y = torch::gelu(torch::batch_norm(y,
                                        b->norm->weight,
                                        b->norm->bias,
                                        b->norm->running_mean,
                                        b->norm->running_var,
                                        false,
                                        0.1,
                                        1e-3,
                                        false));
    }
    benchmark::DoNotOptimize(pair.extractor->linear->forward(y.mean({2, 3})));
  }
  state.SetItemsProcessed(state.iterations());
}

void patina_coating(benchmark::State& state, Precision precision) {
  coat::siren::Pair pair = fresh_pair();
  coat::siren::Coater coater(pair, "0123456789ab", {{"cpu", precision, kThreads}, 1 << 20});
  const images::Image image = photograph();
  for (auto _ : state) benchmark::DoNotOptimize(coater.pattern(image));
  state.SetItemsProcessed(state.iterations());
}

void patina_scoring(benchmark::State& state, Precision precision) {
  coat::siren::Pair pair = fresh_pair();
  extractors::FeatureExtractor extractor(pair.extractor,
                                         {NormMode::kRunning, InputNorm::kMscn},
                                         {{"cpu", precision, kThreads}, 1 << 20});
  const images::Image image = photograph();
  const std::vector<const images::Image*> batch(kBatch, &image);
  for (auto _ : state) benchmark::DoNotOptimize(extractor.features(batch));
  state.SetItemsProcessed(state.iterations() * kBatch);
}

BENCHMARK(reference_coating)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(patina_coating, bfloat16, Precision::kBFloat16)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(patina_coating, float32, Precision::kFloat32)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(reference_scoring)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(patina_scoring, bfloat16, Precision::kBFloat16)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(patina_scoring, float32, Precision::kFloat32)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace

int main(int argc, char** argv) {
  patina::core::keep_freed_memory();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
