// SPDX-License-Identifier: Apache-2.0
// One training step of a Siren key at the built-in base's size, eight crops of 64 pixels:
// generator, robustness layer, extractor, all four terms of Eq. 7, and the step of both optimizers.
// Without and with the learnability term, which costs the autoencoder's encoder and the UNet,
// forward and back; the latter in the product's arithmetic (bfloat16 with its own norms, where the
// processor has it) and in plain float32. The difference of two runs is the price of one step.
#include <benchmark/benchmark.h>
#include <torch/types.h>

#include "coat/siren/learnability_torch.h"
#include "coat/siren/train_torch.h"
#include "core/files.h"
#include "core/memory.h"
#include "core/rng.h"
#include "images/pixels/image.h"
#include "tensors/compute.h"
#include "tensors/compute_torch.h"
#include "transforms/crop_pool_torch.h"

namespace {

using namespace patina;

images::Image noise(std::uint64_t seed) {
  constexpr int kSide = 128;
  images::Image image = images::make_image(kSide, kSide);
  core::Rng rng(seed);
  for (std::uint8_t& value : image.bytes) value = static_cast<std::uint8_t>(rng.below(256));
  return image;
}

void train(benchmark::State& state, coat::siren::TrainOptions options) {
  tensors::use_threads(2);
  const transforms::CropPool pool({noise(1), noise(2)});
  options.steps = static_cast<int>(state.range(0));
  options.sphere_crops = 8;
  options.dtype = tensors::choose_compute({}).dtype;
  for (auto _ : state) {
    coat::siren::Pair pair = coat::siren::make_pair(1, {1.5, 1.0, 3.0, 0.04});
    coat::siren::train_key(pair, pool, "0123456789ab", options);
  }
}

void without_learnability(benchmark::State& state) { train(state, {}); }

void with_learnability(benchmark::State& state, tensors::Precision precision) {
  const coat::siren::Learnability loss(
      core::data_file("base"), "a picture", 1, {"cpu", precision, 0});
  coat::siren::TrainOptions options;
  options.learnability = [&loss](const torch::Tensor& coated, int step) {
    return loss(coated, step);
  };
  train(state, options);
}

BENCHMARK(without_learnability)->Arg(1)->Arg(4)->Unit(benchmark::kMillisecond)->Iterations(3);
BENCHMARK_CAPTURE(with_learnability, product, tensors::Precision::kAuto)
    ->Arg(1)
    ->Arg(4)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(3);
BENCHMARK_CAPTURE(with_learnability, float32, tensors::Precision::kFloat32)
    ->Arg(1)
    ->Arg(4)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(3);

}  // namespace

int main(int argc, char** argv) {
  core::keep_freed_memory();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
