// SPDX-License-Identifier: Apache-2.0
// The fused CIEDE2000 loss against the same loss composed of LibTorch's operations: forward and
// backward of 1x3x512x512 float32, two threads.
#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include <ATen/CPUGeneratorImpl.h>
#include <benchmark/benchmark.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "extractors/quality/ciede2000_torch.h"
#include "tests/extractors/composed_ciede2000.h"

namespace {

using patina::extractors::Ciede2000Options;

struct Pair {
  torch::Tensor clean;   // [1,3,512,512] float32, unit
  torch::Tensor coated;  // likewise, a leaf
};

Pair coating_like_pair() {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(std::uint64_t{1});
  const torch::Tensor clean = torch::rand({1, 3, 512, 512}, generator);
  const torch::Tensor change = 0.04 * torch::randn({1, 3, 512, 512}, generator);
  return {clean, (clean + change).clamp(0.0, 1.0).requires_grad_(true)};
}

using Loss = torch::Tensor (*)(const torch::Tensor&, const torch::Tensor&, const Ciede2000Options&);

void forward_and_backward(benchmark::State& state, Loss loss) {
  at::set_num_threads(2);
  Pair pair = coating_like_pair();
  for (auto iteration : state) {
    static_cast<void>(iteration);
    pair.coated.mutable_grad().reset();
    loss(pair.clean, pair.coated, {}).sum().backward();
    benchmark::DoNotOptimize(pair.coated.grad().data_ptr<float>());
  }
  state.SetItemsProcessed(state.iterations() * pair.clean.size(2) * pair.clean.size(3));
}

void forward(benchmark::State& state, Loss loss) {
  at::set_num_threads(2);
  const Pair pair = coating_like_pair();
  const torch::NoGradGuard guard;
  for (auto iteration : state) {
    static_cast<void>(iteration);
    benchmark::DoNotOptimize(loss(pair.clean, pair.coated, {}).data_ptr<float>());
  }
  state.SetItemsProcessed(state.iterations() * pair.clean.size(2) * pair.clean.size(3));
}

/// Shortest times of a benchmark, seconds: on the clock, and of the processor over all threads,
/// which other work on the machine disturbs less.
struct Times {
  double real = 0.0;
  double processor = 0.0;
};

/// Prints as usual and remembers the shortest times.
class RememberingReporter : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration || run.iterations == 0) continue;
      const double count = static_cast<double>(run.iterations);
      const Times times{run.real_accumulated_time / count, run.cpu_accumulated_time / count};
      Times& shortest = shortest_.emplace(run.run_name.function_name, times).first->second;
      shortest.real = std::min(shortest.real, times.real);
      shortest.processor = std::min(shortest.processor, times.processor);
    }
  }

  void print_ratio(const std::string& what) const {
    const auto fused = shortest_.find(what + "/fused");
    const auto composed = shortest_.find(what + "/composed");
    if (fused == shortest_.end() || composed == shortest_.end()) return;
    const Times& fast = fused->second;
    const Times& slow = composed->second;
    std::printf("%s: composed / fused = %.2f ms / %.2f ms = %.1f, processor time %.1f (%s)\n",
                what.c_str(),
                1e3 * slow.real,
                1e3 * fast.real,
                slow.real / fast.real,
                slow.processor / fast.processor,
                patina::extractors::ciede2000_instruction_set());
  }

 private:
  std::map<std::string, Times> shortest_;
};

}  // namespace

BENCHMARK_CAPTURE(forward_and_backward, fused, &patina::extractors::ciede2000_loss)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK_CAPTURE(forward_and_backward, composed, &patina::extractors::composed::loss)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK_CAPTURE(forward, fused, &patina::extractors::ciede2000_loss)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK_CAPTURE(forward, composed, &patina::extractors::composed::loss)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  RememberingReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  reporter.print_ratio("forward_and_backward");
  reporter.print_ratio("forward");
  benchmark::Shutdown();
}
