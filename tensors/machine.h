// SPDX-License-Identifier: Apache-2.0
// On what a result was computed, for records beside it: results agree bit for bit only between
// machines and builds that agree in all of this.
#pragma once

#include <string>

#include "tensors/compute.h"

namespace patina::tensors {

struct Machine {
  std::string processor;  ///< As the system names it; "unknown" where it does not.
  /// That LibTorch chose: "avx512", "avx2", "no avx"; "unknown" where it does not tell.
  std::string instruction_set;
  std::string device;     ///< "cpu" or "cuda".
  std::string precision;  ///< What the options' precision comes to here, never "auto".
  int threads = 1;        ///< What the options' threads come to here, never 0.
};

/// Throws what choose_compute() throws.
Machine describe_machine(const ComputeOptions& options);

}  // namespace patina::tensors
