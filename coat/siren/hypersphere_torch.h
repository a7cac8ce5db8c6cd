// SPDX-License-Identifier: Apache-2.0
// Hypersphere classification [Siren 2025, Eq. 5 and 6; Ruff 2018, soft-boundary Deep SVDD;
// Liznerski 2021]. d_i = ||F(x_i) - c||, c the centre, R the radius, nu the share of positives
// allowed outside.
#pragma once

#include <torch/types.h>

namespace patina::coat::siren {

/// [N,D], [D] or [1,D] -> squared distances [N].
torch::Tensor squared_distance(const torch::Tensor& features, const torch::Tensor& center);

/// Coating score sqrt(d^2+1)-1 in the form d^2/(sqrt(d^2+1)+1), exact for small d. [N] -> [N].
torch::Tensor coating_score(const torch::Tensor& squared);

/// Eq. 5: R^2 + 1/(nu n) sum max(0, d_i^2 - R^2). squared [n] = d_i^2 -> scalar [].
torch::Tensor positive_loss(const torch::Tensor& squared, double radius, double nu);

/// The forms that Eq. 6 is known by; the prose does not single one out.
enum class NegativeForm {
  kHinge,           ///< max(0, R^2 - d^2)
  kLogDistance2,    ///< -log(1 - exp(-d^2))                       [Ruff 2021]
  kLogHuber,        ///< -log(1 - exp(-h)), h = sqrt(d^2+1)-1      [Liznerski 2021]
  kLogHuberPublic,  ///< -log(1 - exp(-0.3 h) + 1e-9)              (the public code)
  kLogMargin,       ///< -log(1 - exp(-max(d^2 - R^2, 1e-6)))
};

/// Per negative sample, [N] -> [N]; computed through expm1, finite with its gradient for every d >=
/// 0.
torch::Tensor negative_loss(const torch::Tensor& squared, double radius, NegativeForm form);

/// The (1-nu) quantile of the distances [n] (linear interpolation); nu in [0, 1].
double radius_by_quantile(const torch::Tensor& distances, double nu);

/// Line search: the first order statistic of the distances [n] that minimises Eq. 5.
double radius_by_line_search(const torch::Tensor& distances, double nu);

}  // namespace patina::coat::siren
