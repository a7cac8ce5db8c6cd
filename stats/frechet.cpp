// SPDX-License-Identifier: Apache-2.0
#include "stats/frechet.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include "core/error.h"

namespace patina::stats {

namespace {

struct Normal {
  Eigen::VectorXd mean;
  Eigen::MatrixXd covariance;
};

Eigen::MatrixXd matrix_of(const FeatureSample& sample, std::size_t width) {
  if (sample.size() < 2) {
    throw core::Error(core::ErrorKind::kInput,
                      "Frechet distance",
                      std::to_string(sample.size()) + " items, it needs at least 2",
                      "give more");
  }
  Eigen::MatrixXd items(static_cast<Eigen::Index>(sample.size()), static_cast<Eigen::Index>(width));
  for (std::size_t i = 0; i < sample.size(); ++i) {
    if (sample[i].size() != width) {
      throw core::Error(core::ErrorKind::kInput,
                        "Frechet distance",
                        "items of " + std::to_string(width) + " and " +
                            std::to_string(sample[i].size()) + " features",
                        "compare like with like");
    }
    items.row(static_cast<Eigen::Index>(i)) = Eigen::Map<const Eigen::RowVectorXd>(
        sample[i].data(), static_cast<Eigen::Index>(width));
  }
  return items;
}

Normal fitted(const Eigen::MatrixXd& items) {
  Normal normal;
  normal.mean = items.colwise().mean();
  const Eigen::MatrixXd centred = items.rowwise() - normal.mean.transpose();
  normal.covariance = centred.transpose() * centred / static_cast<double>(items.rows() - 1);
  return normal;
}

Eigen::MatrixXd square_root(const Eigen::MatrixXd& symmetric) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(symmetric);
  const Eigen::VectorXd roots = solver.eigenvalues().cwiseMax(0.0).cwiseSqrt();
  return solver.eigenvectors() * roots.asDiagonal() * solver.eigenvectors().transpose();
}

}  // namespace

double frechet_distance(const FeatureSample& first, const FeatureSample& second) {
  const std::size_t width = first.empty() ? 0 : first.front().size();
  const Normal a = fitted(matrix_of(first, width));
  const Normal b = fitted(matrix_of(second, width));
  // tr (A B)^(1/2) = tr (A^(1/2) B A^(1/2))^(1/2), which is symmetric.
  const Eigen::MatrixXd root = square_root(a.covariance);
  const double cross = square_root(root * b.covariance * root).trace();
  return std::max(
      0.0,
      (a.mean - b.mean).squaredNorm() + a.covariance.trace() + b.covariance.trace() - 2.0 * cross);
}

}  // namespace patina::stats
