// SPDX-License-Identifier: Apache-2.0
// Sizes of safetensors files, for inspect().
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/safetensors.h"
#include "diffusion/inspect/inspect.h"
#include "diffusion/inspect/internal/fact_sheet.h"

namespace patina::diffusion::internal {

bool is_floating(core::DType dtype);

struct FileSummary {
  std::uint64_t tensors = 0;
  std::uint64_t parameters = 0;                 ///< Elements of floating tensors.
  std::uint64_t bytes = 0;                      ///< Size of all tensors' data.
  std::map<std::string, std::uint64_t> dtypes;  ///< Tensors by dtype.
};

FileSummary summary_of(const std::vector<core::SafetensorsFile>& files);
/// "F16", or "F32 (3 tensors), I64 (1)".
std::string dtypes_text(const FileSummary& summary);
/// Adds tensors, parameters, dtypes and bytes.
void add_summary(const FileSummary& summary, FactSheet& sheet);

/// "2 (192 modules), 4 (8)" from counts by value; the first eight.
std::string distribution_text(const std::map<double, std::uint64_t>& counts,
                              const std::string& noun);

// The kinds of things that inspect() knows.
bool is_lora(const core::SafetensorsFile& file);
Inspection inspect_lora(const core::SafetensorsFile& file);
Inspection inspect_model_folder(const std::filesystem::path& root);

/// What the trainer wrote into a LoRA's metadata: kohya-ss's ss_* and modelspec.* entries.
void add_training(const std::map<std::string, std::string>& metadata, FactSheet& sheet);

}  // namespace patina::diffusion::internal
