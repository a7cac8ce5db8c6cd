// SPDX-License-Identifier: Apache-2.0
// Sets of golden values: folders that hold an index.json, safetensors files and JSON files. A set
// is looked for in $PATINA_GOLDEN_DIR/<name>, then $PATINA_GOLDEN_DIR itself, and last in the copy
// that the project carries, fixtures/golden/<name>. Without the variable, <source>/../shared/golden
// stands in for it. Tests take their cases from the names found here, never from fixed counts, so
// that another set of the same form can be tried. Entry point: open_golden_set.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/safetensors.h"

namespace patina::golden {

class GoldenSet {
 public:
  explicit GoldenSet(std::filesystem::path folder);

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path path(const std::string& file) const { return folder_ / file; }
  bool has(const std::string& file) const;
  /// Throws core::Error if the file is missing or malformed.
  core::SafetensorsFile file(const std::string& name) const;
  nlohmann::json json(const std::string& name) const;
  /// index.json.
  nlohmann::json index() const { return json("index.json"); }

 private:
  std::filesystem::path folder_;
};

/// The first place that holds `<name>`'s index.json; nullopt if there is none.
std::optional<GoldenSet> open_golden_set(const std::string& name);

/// Sorted distinct beginnings of the tensor names below `prefix`, `depth` components long and
/// without the prefix: names "ks/00/x", "ks/00/y", "ks/01/x" give {"00", "01"} for prefix "ks/". A
/// name with no further component (a tensor, not a group) is left out.
std::vector<std::string> groups(const core::SafetensorsFile& file,
                                const std::string& prefix,
                                int depth = 1);

/// Values of an F64, F32, I64, I32 or U8 tensor, row-major.
std::vector<double> doubles(const core::TensorView& tensor);
std::vector<double> doubles(const core::SafetensorsFile& file, const std::string& name);

}  // namespace patina::golden
