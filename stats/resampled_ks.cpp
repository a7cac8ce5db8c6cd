// SPDX-License-Identifier: Apache-2.0
// One repeat costs a draw, a sort of `first_size` small integers and a table look-up: the pools are
// compared once, and without ties the p-value depends on the count n*m*max(F-G) alone, so each
// distinct count is evaluated once.
#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/error.h"
#include "core/rng.h"
#include "stats/internal/draws.h"
#include "stats/internal/ranks.h"
#include "stats/internal/requirements.h"
#include "stats/two_sample.h"

namespace patina::stats {

namespace {

void require_pool(const std::vector<double>& pool, std::int64_t draw, const std::string& where) {
  internal::require_sample(pool, where);
  internal::require_at_least(draw, 1, "size drawn from the " + where);
  if (static_cast<std::int64_t>(pool.size()) < draw) {
    throw core::Error(core::ErrorKind::kInput,
                      where,
                      std::to_string(pool.size()) + " values, a draw without replacement needs " +
                          std::to_string(draw),
                      "add values or draw fewer");
  }
}

// For every value of the first pool, how many of the second sample lie at or below it.
std::vector<std::int64_t> count_at_or_below(const std::vector<double>& first_pool,
                                            const std::vector<double>& second_sample) {
  const std::vector<double> ordered = internal::sorted(second_sample);
  std::vector<std::int64_t> below;
  below.reserve(first_pool.size());
  for (const double value : first_pool) {
    const auto end = std::upper_bound(ordered.begin(), ordered.end(), value);
    below.push_back(static_cast<std::int64_t>(end - ordered.begin()));
  }
  return below;
}

// n*m*max(F-G), which is reached at a value of the first sample.
std::int64_t greater_count(std::vector<std::int64_t>& below, std::int64_t second_size) {
  std::sort(below.begin(), below.end());
  const std::int64_t first_size = static_cast<std::int64_t>(below.size());
  std::int64_t largest = 0;
  for (std::int64_t i = 0; i < first_size; ++i) {
    const std::int64_t height = (i + 1) * second_size -
                                below[static_cast<std::size_t>(i)] * first_size;
    largest = std::max(largest, height);
  }
  return largest;
}

std::vector<double> draw_second(const std::vector<double>& pool,
                                std::int64_t size,
                                std::uint64_t seed) {
  core::Rng rng = core::Rng(seed).fork("second");
  std::vector<std::size_t> drawn;
  internal::Drawer(pool.size()).draw(static_cast<std::size_t>(size), rng, drawn);
  std::vector<double> sample;
  sample.reserve(drawn.size());
  for (const std::size_t index : drawn) {
    sample.push_back(pool[index]);
  }
  return sample;
}

}  // namespace

ResampledKSResult resampled_ks(const TwoSamples& pools, const ResampledKSOptions& options) {
  require_pool(pools.first, options.first_size, "first pool");
  require_pool(pools.second, options.second_size, "second pool");
  internal::require_at_least(options.repeats, 1, "repeats");
  for (const double alpha : options.alphas) {
    internal::require_open_unit(alpha, "alpha");
  }
  const std::vector<std::int64_t> below = count_at_or_below(
      pools.first, draw_second(pools.second, options.second_size, options.seed));

  core::Rng rng = core::Rng(options.seed).fork("first");
  internal::Drawer drawer(pools.first.size());
  std::unordered_map<std::int64_t, double> p_of_count;
  std::vector<std::size_t> drawn;
  std::vector<std::int64_t> drawn_below;
  ResampledKSResult result;
  result.p_values.reserve(static_cast<std::size_t>(options.repeats));
  for (std::int64_t repeat = 0; repeat < options.repeats; ++repeat) {
    drawer.draw(static_cast<std::size_t>(options.first_size), rng, drawn);
    drawn_below.clear();
    for (const std::size_t index : drawn) {
      drawn_below.push_back(below[index]);
    }
    const std::int64_t count = greater_count(drawn_below, options.second_size);
    const auto [entry, is_new] = p_of_count.try_emplace(count, 0.0);
    if (is_new) {
      entry->second = ks_exact_p_value(
          options.first_size, options.second_size, count, Alternative::kGreater);
    }
    result.p_values.push_back(entry->second);
  }
  result.rejected_fraction = internal::rejected_fractions(result.p_values, options.alphas);
  return result;
}

}  // namespace patina::stats
