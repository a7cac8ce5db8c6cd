// SPDX-License-Identifier: Apache-2.0
// Cases of the golden set "diffusers": what the Python libraries compute with tiny models. Each
// test takes all cases of its kind from index.json, so that another set of the same form can be
// tried.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <torch/types.h>

#include "core/safetensors.h"
#include "tests/golden/golden_set.h"

namespace patina::diffusion {

class GoldenCase {
 public:
  GoldenCase(const golden::GoldenSet& set, nlohmann::json entry);

  std::string id() const { return entry_.at("id"); }
  const nlohmann::json& entry() const { return entry_; }
  bool has(const std::string& tensor) const { return file_.contains(tensor); }
  torch::Tensor at(const std::string& tensor) const;
  /// Names of expected tensors that begin with `prefix`.
  std::vector<std::string> expected(const std::string& prefix = {}) const;
  /// A file of the set.
  std::filesystem::path path(const std::string& relative) const { return set_.path(relative); }
  core::SafetensorsFile file(const std::string& relative) const { return set_.file(relative); }
  /// Folder of the model, and the further ones whose results must be the same.
  std::filesystem::path model() const;

  /// |actual - expected| <= atol + rtol |expected| with the case's own tolerances.
  void expect(const std::string& tensor, const torch::Tensor& actual) const;

 private:
  golden::GoldenSet set_;
  nlohmann::json entry_;
  core::SafetensorsFile file_;
};

/// All cases of a kind; none where there is no golden set.
std::vector<GoldenCase> golden_cases(const std::string& kind);

}  // namespace patina::diffusion
