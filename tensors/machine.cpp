// SPDX-License-Identifier: Apache-2.0
#include "tensors/machine.h"

#include <algorithm>
#include <cctype>
#include <fstream>

#include <ATen/Version.h>

#include "tensors/compute_torch.h"

namespace patina::tensors {

namespace {

std::string name_processor() {
  std::ifstream facts("/proc/cpuinfo");
  for (std::string line; std::getline(facts, line);) {
    const std::size_t colon = line.find(": ");
    if (line.compare(0, 10, "model name") == 0 && colon != std::string::npos) {
      return line.substr(colon + 2);
    }
  }
  return "unknown";
}

// LibTorch tells it to people only, as a line of its configuration: "CPU capability usage: AVX2".
std::string name_instruction_set() {
  const std::string facts = at::show_config();
  const std::string label = "CPU capability usage: ";
  const std::size_t at = facts.find(label);
  if (at == std::string::npos) return "unknown";
  const std::size_t begin = at + label.size();
  std::string name = facts.substr(begin, facts.find_first_of(",\n", begin) - begin);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return name;
}

Precision precision_of(torch::ScalarType dtype) {
  if (dtype == torch::kBFloat16) return Precision::kBFloat16;
  return dtype == torch::kFloat16 ? Precision::kFloat16 : Precision::kFloat32;
}

}  // namespace

Machine describe_machine(const ComputeOptions& options) {
  return {name_processor(),
          name_instruction_set(),
          options.device,
          to_string(precision_of(choose_compute(options).dtype)),
          count_threads(options)};
}

}  // namespace patina::tensors
