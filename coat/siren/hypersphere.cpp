// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <vector>

#include "coat/siren/hypersphere_torch.h"
#include "core/error.h"

namespace patina::coat::siren {

namespace {

std::vector<double> sorted_values(const torch::Tensor& distances) {
  if (distances.numel() == 0) {
    throw core::Error(core::ErrorKind::kInput, "hypersphere radius", "no distances given");
  }
  const torch::Tensor flat = distances.detach().cpu().to(torch::kFloat64).flatten().contiguous();
  std::vector<double> values(flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel());
  std::sort(values.begin(), values.end());
  return values;
}

// -log(1 - exp(-x)) for x > 0.
torch::Tensor minus_log1mexp(const torch::Tensor& x) {
  return -torch::log(-torch::expm1(-x.clamp_min(1e-12)));
}

}  // namespace

torch::Tensor squared_distance(const torch::Tensor& features, const torch::Tensor& center) {
  return (features - center.view({1, -1})).square().sum(1);
}

torch::Tensor coating_score(const torch::Tensor& squared) {
  return squared / (torch::sqrt(squared + 1.0) + 1.0);
}

torch::Tensor positive_loss(const torch::Tensor& squared, double radius, double nu) {
  const double r2 = radius * radius;
  return r2 + torch::relu(squared - r2).mean() / nu;
}

torch::Tensor negative_loss(const torch::Tensor& squared, double radius, NegativeForm form) {
  const double r2 = radius * radius;
  switch (form) {
    case NegativeForm::kHinge:
      return torch::relu(r2 - squared);
    case NegativeForm::kLogDistance2:
      return minus_log1mexp(squared);
    case NegativeForm::kLogHuber:
      return minus_log1mexp(coating_score(squared));
    case NegativeForm::kLogHuberPublic:
      return -torch::log(-torch::expm1(-0.3 * coating_score(squared)) + 1e-9);
    case NegativeForm::kLogMargin:
      return minus_log1mexp((squared - r2).clamp_min(1e-6));
  }
  throw core::Error(core::ErrorKind::kInternal, "negative_loss", "unknown form");
}

double radius_by_quantile(const torch::Tensor& distances, double nu) {
  const std::vector<double> values = sorted_values(distances);
  const double position = (1.0 - nu) * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (position - static_cast<double>(below)) * (values[above] - values[below]);
}

double radius_by_line_search(const torch::Tensor& distances, double nu) {
  const std::vector<double> values = sorted_values(distances);
  const auto n = static_cast<double>(values.size());
  std::vector<double> tail(values.size() + 1, 0.0);  // Sum of squares from i on.
  for (std::size_t i = values.size(); i-- > 0;) tail[i] = tail[i + 1] + values[i] * values[i];
  double best_radius = values.front();
  double best_value = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double r2 = values[i] * values[i];
    const double outside = static_cast<double>(values.size() - i);
    const double value = r2 + (tail[i] - outside * r2) / (nu * n);
    if (value < best_value * (1.0 - 1e-12)) {
      best_value = value;
      best_radius = values[i];
    }
  }
  return best_radius;
}

}  // namespace patina::coat::siren
