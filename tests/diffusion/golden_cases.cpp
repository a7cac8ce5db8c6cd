// SPDX-License-Identifier: Apache-2.0
#include "tests/diffusion/golden_cases.h"

#include "diffusion/networks/weights_torch.h"
#include "tensors/blobs_torch.h"

namespace patina::diffusion {

using nlohmann::json;

GoldenCase::GoldenCase(const golden::GoldenSet& set, json entry)
    : set_(set), entry_(std::move(entry)), file_(set.file(entry_.at("file"))) {}

torch::Tensor GoldenCase::at(const std::string& tensor) const {
  return tensors::tensor_over(file_, file_.at(tensor)).clone();
}

std::vector<std::string> GoldenCase::expected(const std::string& prefix) const {
  std::vector<std::string> names;
  for (const json& tensor : entry_.at("tensors")) {
    const std::string name = tensor.at("name");
    if (tensor.at("role") == "expected" && name.rfind(prefix, 0) == 0) names.push_back(name);
  }
  return names;
}

std::filesystem::path GoldenCase::model() const {
  const std::string name = entry_.at("model");
  return set_.path(name.substr(0, name.find(' ')));
}

void GoldenCase::expect(const std::string& tensor, const torch::Tensor& actual) const {
  const torch::Tensor wanted = at(tensor);
  ASSERT_EQ(actual.sizes().vec(), wanted.sizes().vec()) << id() << ", " << tensor;
  for (const json& described : entry_.at("tensors")) {
    if (described.at("name") != tensor) continue;
    const bool integral = !wanted.is_floating_point();
    const bool image = wanted.scalar_type() == torch::kUInt8;
    const double atol = integral ? (image ? 1.0 : 0.0) : described.at("atol").get<double>();
    const double rtol = integral ? 0.0 : described.at("rtol").get<double>();
    const torch::Tensor reference = wanted.to(torch::kFloat64);
    const torch::Tensor difference = (actual.detach().to(torch::kFloat64) - reference).abs();
    const double excess = (difference - rtol * reference.abs()).max().item<double>();
    EXPECT_LE(excess, atol) << id() << ", " << tensor << ": largest difference "
                            << difference.max().item<double>();
    return;
  }
  FAIL() << id() << " does not describe " << tensor;
}

std::vector<GoldenCase> golden_cases(const std::string& kind) {
  std::vector<GoldenCase> cases;
  const auto set = golden::open_golden_set("diffusers");
  if (!set) return cases;
  const json index = set->index();
  for (const json& entry : index.at("cases")) {
    if (entry.at("kind") == kind) cases.emplace_back(*set, entry);
  }
  return cases;
}

}  // namespace patina::diffusion
