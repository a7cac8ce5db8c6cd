// SPDX-License-Identifier: Apache-2.0
// Stable Diffusion 1.5's networks at full size with random weights: seconds, GFLOP/s, and the share
// of what one large matrix product of the same dtype reaches in the same run. The precision is
// bfloat16 unless PATINA_BENCH_PRECISION says otherwise, the device PATINA_BENCH_DEVICE (cpu).
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sys/resource.h>
#include <vector>

#include <benchmark/benchmark.h>
#include <torch/autograd.h>
#include <torch/cuda.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "bench/flop_counter.h"
#include "core/clock.h"
#include "core/memory.h"
#include "core/safetensors.h"
#include "diffusion/generate/denoising_torch.h"
#include "tensors/compute_torch.h"

namespace {

using namespace patina;
using torch::Tensor;

constexpr std::int64_t kLatentSide = 64;
constexpr std::int64_t kTokens = 77;

std::string environment(const char* name, const char* fallback) {
  const char* value = std::getenv(name);
  return value == nullptr ? fallback : value;
}

tensors::Compute compute() {
  tensors::use_threads(0);
  return tensors::choose_compute(
      {environment("PATINA_BENCH_DEVICE", "cpu"),
       tensors::precision_from_name(environment("PATINA_BENCH_PRECISION", "bfloat16"))});
}

void finish_device() {
  if (torch::cuda::is_available()) torch::cuda::synchronize();
}

double measure_seconds(const std::function<void()>& work) {
  finish_device();
  const auto start = std::chrono::steady_clock::now();
  work();
  finish_device();
  return core::seconds_since(start);
}

// GFLOP/s of a 4096^3 product, the best of three: the peak that shares refer to.
double peak_gflops() {
  static const double peak = [] {
    const tensors::Compute c = compute();
    constexpr std::int64_t kSide = 4096;
    const auto options = torch::TensorOptions(c.dtype).device(c.device);
    const Tensor a = torch::randn({kSide, kSide}, options);
    const Tensor b = torch::randn({kSide, kSide}, options);
    double best = 0.0;
    for (int i = 0; i < 4; ++i) {
      const double seconds = measure_seconds([&] { torch::mm(a, b); });
      best = std::max(best, 2.0 * kSide * kSide * kSide / seconds / 1e9);
    }
    return best;
  }();
  return peak;
}

double peak_memory_gib() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / (1 << 20);
}

// Times `work` and reports what it did beside the peak.
void measure(benchmark::State& state, const std::function<void()>& work) {
  const double peak = peak_gflops();
  double flops = 0.0;
  {
    const bench::FlopCounter counter;
    work();  // the warm-up too
    flops = bench::FlopCounter::flops();
  }
  double seconds = 0.0;
  for (auto _ : state) seconds += measure_seconds(work);
  const double rate = flops * static_cast<double>(state.iterations()) / seconds / 1e9;
  state.counters["GFLOP"] = flops / 1e9;
  state.counters["GFLOP/s"] = rate;
  state.counters["peak GFLOP/s"] = peak;
  state.counters["share of peak"] = rate / peak;
  state.counters["peak GiB"] = peak_memory_gib();
}

// The defaults are SD 1.5's but for the context.
diffusion::UNetConfig sd15_unet() {
  diffusion::UNetConfig config;
  config.cross_attention_dim = 768;
  return config;
}

diffusion::UNet& unet() {
  static diffusion::UNet network = [] {
    diffusion::WeightLoader loader(1, compute());
    return diffusion::UNet(sd15_unet(), loader);
  }();
  return network;
}

diffusion::Vae& vae() {
  static diffusion::Vae network = [] {
    diffusion::VaeConfig config;
    config.block_out_channels = {128, 256, 512, 512};
    config.layers_per_block = 2;
    diffusion::WeightLoader loader(2, compute());
    return diffusion::Vae(config, loader);
  }();
  return network;
}

Tensor random_like(std::vector<std::int64_t> shape) { return compute().place(torch::randn(shape)); }

void unet_forward(benchmark::State& state) {
  const torch::NoGradGuard no_grad;
  const std::int64_t batch = state.range(0);
  const Tensor z = random_like({batch, 4, kLatentSide, kLatentSide});
  const Tensor context = torch::randn({batch, kTokens, 768}).to(z.options());
  const Tensor t = torch::full({1}, 500);
  measure(state, [&] { benchmark::DoNotOptimize(unet().forward(z, t, context)); });
}

void vae_decode(benchmark::State& state) {
  const torch::NoGradGuard no_grad;
  const Tensor z = random_like({1, 4, kLatentSide, kLatentSide});
  measure(state, [&] { benchmark::DoNotOptimize(vae().decode(z)); });
}

// Siren's learnability step: the denoising loss of one image and its gradient with respect to it,
// weights frozen, blocks checkpointed.
void gradient_to_image(benchmark::State& state) {
  const Tensor image = random_like({1, 3, 8 * kLatentSide, 8 * kLatentSide}).requires_grad_(true);
  const Tensor context = torch::randn({1, kTokens, 768}).to(image.options().requires_grad(false));
  const Tensor t = torch::full({1}, 500);
  diffusion::Pass pass;
  pass.checkpoint = true;
  measure(state, [&] {
    const Tensor z = vae().encode(image, pass).mean * 0.18215;
    const Tensor noise = torch::randn_like(z);
    const Tensor out = unet().forward(z + noise, t, context, pass);
    const Tensor loss = (out - noise).square().mean();
    benchmark::DoNotOptimize(torch::autograd::grad({loss}, {image}));
  });
}

// A UNet's float32 weights on disk, 3.4 GB; written once, removed at the end.
class WeightsOnDisk {
 public:
  WeightsOnDisk()
      : path_(std::filesystem::temp_directory_path() / "patina-bench-unet.safetensors") {
    diffusion::WeightLoader loader(1, tensors::Compute{});
    const diffusion::UNet network(sd15_unet(), loader);
    core::write_safetensors(path_, diffusion::blobs_of(network.weights()), {});
  }
  ~WeightsOnDisk() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  WeightsOnDisk(const WeightsOnDisk&) = delete;
  WeightsOnDisk& operator=(const WeightsOnDisk&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

const WeightsOnDisk& weights_on_disk() {
  static const WeightsOnDisk file;
  return file;
}

// The pace that loading is held against: read() of the whole file into one buffer.
void read_bytes(benchmark::State& state) {
  std::vector<char> buffer(std::filesystem::file_size(weights_on_disk().path()));
  for (auto _ : state) {
    std::ifstream file(weights_on_disk().path(), std::ios::binary);
    file.rdbuf()->pubsetbuf(nullptr, 0);
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    benchmark::DoNotOptimize(buffer.data());
  }
}

void load_float32(benchmark::State& state) {
  tensors::use_threads(0);
  for (auto _ : state) {
    const auto file = core::SafetensorsFile::open(weights_on_disk().path());
    diffusion::WeightLoader loader({file}, "unet", tensors::Compute{});
    benchmark::DoNotOptimize(diffusion::UNet(sd15_unet(), loader).weights().num_parameters());
  }
}

BENCHMARK(read_bytes)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(3);
BENCHMARK(load_float32)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(3);
BENCHMARK(unet_forward)->Arg(1)->Arg(8)->Unit(benchmark::kSecond)->UseRealTime()->Iterations(2);
BENCHMARK(vae_decode)->Unit(benchmark::kSecond)->UseRealTime()->Iterations(2);
BENCHMARK(gradient_to_image)->Unit(benchmark::kSecond)->UseRealTime()->Iterations(1);

}  // namespace

int main(int argc, char** argv) {
  patina::core::keep_freed_memory();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
