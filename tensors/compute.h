// SPDX-License-Identifier: Apache-2.0
// Where and in which number format networks compute, as a user asks for it; without LibTorch, so
// that every options struct can hold it. tensors/compute_torch.h has what it comes to here.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace patina::tensors {

enum class Precision {
  kAuto,      ///< bfloat16 where the processor or device multiplies it natively, else float32.
  kFloat32,   ///< Exact.
  kBFloat16,  ///< Half the memory; 8 bits of mantissa.
  kFloat16,   ///< CUDA only; half the memory, 11 bits of mantissa and a small range.
};
const char* to_string(Precision precision);  ///< "auto", "float32", "bfloat16", "float16".
/// Throws Error{kUsage} listing the names.
Precision precision_from_name(const std::string& name);
std::vector<std::string> precision_names();

struct ComputeOptions {
  std::string device = "cpu";              ///< "cpu" or "cuda".
  Precision precision = Precision::kAuto;  ///< Number format of weights and activations.
  /// Processor threads, [0, 1024]; 0 = as many as OMP_NUM_THREADS says, else all cores. Results agree bit for bit only between runs of
  /// the same number.
  int num_threads = 0;
};
/// The processor threads that these options come to, at least 1.
int count_threads(const ComputeOptions& options);

}  // namespace patina::tensors
