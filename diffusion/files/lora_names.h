// SPDX-License-Identifier: Apache-2.0
// kohya-ss writes module names with '_' in place of '.', which cannot be undone by itself. So the
// names of the network's own modules are flattened the same way and looked up; a UNet also under
// the names of the original Stable Diffusion code (input_blocks_1_1_...).
#pragma once

#include <map>
#include <string>
#include <vector>

namespace patina::diffusion::internal {

/// '_' in place of '.'.
std::string flattened(std::string module);

/// "a.b" of "a.b.weight".
std::string module_of_weight(const std::string& weight);

class FlatNames {
 public:
  explicit FlatNames(const std::vector<std::string>& modules);

  /// The module of that flat name; nullptr if there is none or more than one.
  const std::string* find(const std::string& flat) const;

 private:
  void add(const std::string& flat, const std::string& module);

  std::map<std::string, std::string> modules_;  // empty: more than one
};

}  // namespace patina::diffusion::internal
