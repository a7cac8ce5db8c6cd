// SPDX-License-Identifier: Apache-2.0
// The samplers under the names that web UIs show.
#pragma once

#include <string>
#include <vector>

namespace patina::serve {

struct Sampler {
  std::string shown;      ///< "Euler".
  std::string alias;      ///< "k_euler".
  std::string scheduler;  ///< One of diffusion::scheduler_names().
};
const std::vector<Sampler>& samplers();
/// By shown name or alias, without regard to case; null if there is none.
const Sampler* find_sampler(const std::string& name);

}  // namespace patina::serve
