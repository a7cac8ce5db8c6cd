// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <iostream>
#include <vector>

#include "stats/two_sample.h"

int main() {
  const std::vector<double> small = {1, 2, 3, 4, 5};
  const std::vector<double> large = {6, 7, 8, 9, 10};
  const patina::stats::KSOptions options{patina::stats::Alternative::kGreater};
  const double p = patina::stats::ks_two_sample({small, large}, options).p_value;
  std::cout << "p = 1/" << std::lround(1 / p) << "\n";
}
