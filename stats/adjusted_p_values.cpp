// SPDX-License-Identifier: Apache-2.0
// All corrections work on the increasing order p_(1) <= ... <= p_(n), i = 1..n:
//   Bonferroni  n p_(i)                                Holm      max_{j<=i} (n-j+1) p_(j)
//   Hochberg    min_{j>=i} (n-j+1) p_(j)               BH        min_{j>=i} n p_(j) / j
//   BY          BH times 1 + 1/2 + ... + 1/n           Hommel    algorithm of [Wright 1992]
// each clipped to 1.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "core/error.h"
#include "stats/combine.h"
#include "stats/internal/requirements.h"

namespace patina::stats {

namespace {

double as_double(std::size_t value) { return static_cast<double>(value); }

void running_maximum(std::vector<double>& values) {
  for (std::size_t i = 1; i < values.size(); ++i) {
    values[i] = std::max(values[i], values[i - 1]);
  }
}

void running_minimum_from_end(std::vector<double>& values) {
  for (std::size_t i = values.size() - 1; i > 0; --i) {
    values[i - 1] = std::min(values[i - 1], values[i]);
  }
}

void times_remaining(std::vector<double>& p) {
  for (std::size_t i = 0; i < p.size(); ++i) {
    p[i] *= as_double(p.size() - i);
  }
}

void benjamini(std::vector<double>& p, double factor) {
  for (std::size_t i = 0; i < p.size(); ++i) {
    p[i] *= as_double(p.size()) / as_double(i + 1) * factor;
  }
  running_minimum_from_end(p);
}

double harmonic_number(std::size_t n) {
  double sum = 0.0;
  for (std::size_t i = 1; i <= n; ++i) {
    sum += 1.0 / as_double(i);
  }
  return sum;
}

void hommel(std::vector<double>& adjusted) {
  const std::vector<double> p = adjusted;
  const std::size_t n = p.size();
  for (std::size_t m = n; m > 1; --m) {
    const std::size_t first = n - m;  // The first of the m largest p-values.
    double simes = as_double(m) * p[first];
    for (std::size_t i = first; i < n; ++i) {
      simes = std::min(simes, as_double(m) * p[i] / as_double(i - first + 1));
    }
    for (std::size_t i = 0; i < n; ++i) {
      const double bound = i >= first ? simes : std::min(as_double(m) * p[i], simes);
      adjusted[i] = std::max(adjusted[i], bound);
    }
  }
}

void correct_sorted(std::vector<double>& p, Correction correction) {
  switch (correction) {
    case Correction::kBonferroni:
      for (double& value : p) {
        value *= as_double(p.size());
      }
      return;
    case Correction::kHolm:
      times_remaining(p);
      running_maximum(p);
      return;
    case Correction::kHochberg:
      times_remaining(p);
      running_minimum_from_end(p);
      return;
    case Correction::kHommel:
      hommel(p);
      return;
    case Correction::kBenjaminiHochberg:
      benjamini(p, 1.0);
      return;
    case Correction::kBenjaminiYekutieli:
      benjamini(p, harmonic_number(p.size()));
      return;
  }
}

}  // namespace

const char* to_string(Correction correction) {
  switch (correction) {
    case Correction::kBonferroni:
      return "bonferroni";
    case Correction::kHolm:
      return "holm";
    case Correction::kHommel:
      return "hommel";
    case Correction::kHochberg:
      return "hochberg";
    case Correction::kBenjaminiHochberg:
      return "benjamini-hochberg";
    case Correction::kBenjaminiYekutieli:
      return "benjamini-yekutieli";
  }
  return "bonferroni";
}

std::vector<double> adjusted_p_values(const std::vector<double>& p_values, Correction correction) {
  internal::require_sample(p_values, "p-values");
  for (const double p : p_values) {
    if (!(p >= 0.0 && p <= 1.0)) {
      throw core::Error(core::ErrorKind::kInput,
                        "p-values",
                        "value " + std::to_string(p) + " lies outside [0, 1]",
                        "check where it comes from");
    }
  }
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return p_values[a] < p_values[b];
  });
  std::vector<double> in_order;
  in_order.reserve(order.size());
  for (const std::size_t index : order) {
    in_order.push_back(p_values[index]);
  }
  correct_sorted(in_order, correction);
  std::vector<double> adjusted(p_values.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    adjusted[order[i]] = std::min(1.0, in_order[i]);
  }
  return adjusted;
}

}  // namespace patina::stats
