// SPDX-License-Identifier: Apache-2.0
// Speed of the tests at the sizes of an audit: 30 suspect against 300 benign scores.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/rng.h"
#include "stats/key_signs.h"
#include "stats/rank_tests.h"
#include "stats/score_comparison.h"
#include "stats/two_sample.h"

namespace {

namespace core = patina::core;
namespace stats = patina::stats;

std::vector<double> scores(std::int64_t size, double mean, std::uint64_t seed) {
  core::Rng rng(seed);
  std::vector<double> values(static_cast<std::size_t>(size));
  for (double& value : values) {
    value = mean + rng.normal();
  }
  return values;
}

void ks_exact(benchmark::State& state, stats::Alternative alternative) {
  const std::int64_t n = state.range(0);
  const std::int64_t m = state.range(1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(stats::ks_exact_p_value(n, m, n * m / 2, alternative));
  }
  state.SetItemsProcessed(state.iterations() * n * m);
}
BENCHMARK_CAPTURE(ks_exact, one_sided, stats::Alternative::kGreater)
    ->Args({30, 300})
    ->Args({300, 300})
    ->Args({2000, 2000})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(ks_exact, two_sided, stats::Alternative::kTwoSided)
    ->Args({30, 300})
    ->Unit(benchmark::kMicrosecond);

void ks_asymptotic(benchmark::State& state) {
  const std::int64_t size = state.range(0);
  const double statistic = 1.2 / std::sqrt(static_cast<double>(size) / 2.0);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        stats::ks_asymptotic_p_value(size, size, statistic, stats::Alternative::kTwoSided));
  }
}
BENCHMARK(ks_asymptotic)->Arg(300)->Arg(3000)->Arg(30000)->Unit(benchmark::kMicrosecond);

// The verification protocol: 10,000 repeats of 30 against 300 from pools of 1000.
void resampled_ks(benchmark::State& state) {
  const std::vector<double> suspect = scores(1000, -1.0, 1);
  const std::vector<double> benign = scores(1000, 0.0, 2);
  for (auto _ : state) {
    benchmark::DoNotOptimize(stats::resampled_ks({suspect, benign}));
  }
}
BENCHMARK(resampled_ks)->Unit(benchmark::kMillisecond);

// Keys of 16 and of 64 latents a side have 103 and 1,123 signs.
void key_signs(benchmark::State& state) {
  const std::vector<double> terms = scores(state.range(0), 0.7, 1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(stats::key_signs_test(terms));
  }
}
BENCHMARK(key_signs)->Arg(103)->Arg(1123)->Unit(benchmark::kMicrosecond);

// What it replaces: a million sign patterns drawn at random, which find no p-value below 1e-6.
void key_signs_drawn(benchmark::State& state) {
  const std::vector<double> terms = scores(state.range(0), 0.7, 1);
  core::Rng rng(2);
  for (auto _ : state) {
    double largest = 0.0;
    for (int pattern = 0; pattern < 1'000'000; ++pattern) {
      std::uint64_t bits = 0;
      double sum = 0.0;
      for (std::size_t k = 0; k < terms.size(); ++k) {
        if (k % 64 == 0) bits = rng.next_u64();
        sum += (bits >> (k % 64) & 1U) != 0U ? terms[k] : -terms[k];
      }
      largest = std::max(largest, sum);
    }
    benchmark::DoNotOptimize(largest);
  }
}
BENCHMARK(key_signs_drawn)->Arg(103)->Unit(benchmark::kMicrosecond);

void mann_whitney_exact(benchmark::State& state) {
  const std::vector<double> suspect = scores(30, -1.0, 1);
  const std::vector<double> benign = scores(300, 0.0, 2);
  for (auto _ : state) {
    benchmark::DoNotOptimize(stats::mann_whitney({suspect, benign}));
  }
}
BENCHMARK(mann_whitney_exact)->Unit(benchmark::kMicrosecond);

void compare_scores(benchmark::State& state) {
  const stats::ScoreSamples samples = {scores(state.range(0), -1.0, 1),
                                       scores(state.range(1), 0.0, 2)};
  for (auto _ : state) {
    benchmark::DoNotOptimize(stats::compare_scores(samples));
  }
}
BENCHMARK(compare_scores)->Args({30, 300})->Args({1000, 1000})->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
