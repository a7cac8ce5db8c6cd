// SPDX-License-Identifier: Apache-2.0
#include "diffusion/inspect/internal/file_summary.h"

#include <sstream>

namespace patina::diffusion::internal {

namespace {

// "4 (192 modules)", further ones without the noun.
std::string counted(const std::string& value, std::uint64_t count, const std::string& noun) {
  const std::string ending = noun.empty() ? "" : " " + noun + (count == 1 ? "" : "s");
  return value + " (" + std::to_string(count) + ending + ")";
}

}  // namespace

bool is_floating(core::DType dtype) {
  return dtype == core::DType::kF64 || dtype == core::DType::kF32 || dtype == core::DType::kF16 ||
         dtype == core::DType::kBF16;
}

FileSummary summary_of(const std::vector<core::SafetensorsFile>& files) {
  FileSummary summary;
  for (const core::SafetensorsFile& file : files) {
    for (const auto& [name, view] : file.tensors()) {
      summary.tensors += 1;
      summary.bytes += view.size_bytes;
      summary.dtypes[core::to_string(view.dtype)] += 1;
      if (is_floating(view.dtype))
        summary.parameters += view.size_bytes / core::size_of(view.dtype);
    }
  }
  return summary;
}

std::string dtypes_text(const FileSummary& summary) {
  if (summary.dtypes.size() == 1) return summary.dtypes.begin()->first;
  std::string text;
  for (const auto& [dtype, count] : summary.dtypes) {
    text += text.empty() ? counted(dtype, count, "tensor") : ", " + counted(dtype, count, "");
  }
  return text;
}

void add_summary(const FileSummary& summary, FactSheet& sheet) {
  sheet.add("Tensors", "tensors", std::to_string(summary.tensors), summary.tensors);
  sheet.add("Parameters", "parameters", count_text(summary.parameters), summary.parameters);
  sheet.add("Dtypes", "dtypes", dtypes_text(summary), summary.dtypes);
  sheet.add("Data", "data_bytes", bytes_text(summary.bytes), summary.bytes);
}

std::string distribution_text(const std::map<double, std::uint64_t>& counts,
                              const std::string& noun) {
  constexpr std::size_t kMost = 8;
  std::string text;
  std::size_t shown = 0;
  for (const auto& [value, count] : counts) {
    if (shown == kMost) return text + ", ...";
    std::ostringstream number;
    number << value;
    text += shown == 0 ? counted(number.str(), count, noun)
                       : ", " + counted(number.str(), count, "");
    ++shown;
  }
  return text;
}

}  // namespace patina::diffusion::internal
