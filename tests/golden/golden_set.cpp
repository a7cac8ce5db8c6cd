// SPDX-License-Identifier: Apache-2.0
#include "tests/golden/golden_set.h"

#include <cstdlib>
#include <cstring>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"

namespace patina::golden {

namespace fs = std::filesystem;

namespace {

fs::path golden_root() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): tests read the environment from one thread.
  const char* chosen = std::getenv("PATINA_GOLDEN_DIR");
  if (chosen != nullptr && *chosen != '\0') {
    return chosen;
  }
  return fs::path(PATINA_SOURCE_DIR).parent_path() / "shared" / "golden";
}

template <typename T>
std::vector<double> read_as_double(const core::TensorView& tensor) {
  std::vector<double> values(tensor.size_bytes / sizeof(T));
  for (std::size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, tensor.data + i * sizeof(T), sizeof(T));
    values[i] = static_cast<double>(value);
  }
  return values;
}

// End of the `depth`-th component after `begin`; npos if the name has no component beyond it.
std::size_t end_of_group(const std::string& name, std::size_t begin, int depth) {
  std::size_t end = begin;
  for (int level = 0; level < depth; ++level) {
    end = name.find('/', level == 0 ? begin : end + 1);
    if (end == std::string::npos) {
      return end;
    }
  }
  return end;
}

}  // namespace

GoldenSet::GoldenSet(fs::path folder) : folder_(std::move(folder)) {}

bool GoldenSet::has(const std::string& file) const { return fs::is_regular_file(path(file)); }

core::SafetensorsFile GoldenSet::file(const std::string& name) const {
  return core::SafetensorsFile::open(path(name));
}

nlohmann::json GoldenSet::json(const std::string& name) const {
  return core::parse_json(core::read_text_file(path(name)), path(name).string());
}

std::optional<GoldenSet> open_golden_set(const std::string& name) {
  const fs::path root = golden_root();
  const fs::path carried = fs::path(PATINA_SOURCE_DIR) / "fixtures" / "golden" / name;
  for (const fs::path& folder : {root / name, root, carried}) {
    if (fs::is_regular_file(folder / "index.json")) {
      return GoldenSet(folder);
    }
  }
  return std::nullopt;
}

std::vector<std::string> groups(const core::SafetensorsFile& file,
                                const std::string& prefix,
                                int depth) {
  std::set<std::string> found;
  for (const auto& [name, tensor] : file.tensors()) {
    if (name.compare(0, prefix.size(), prefix) != 0) {
      continue;
    }
    const std::size_t end = end_of_group(name, prefix.size(), depth);
    if (end != std::string::npos) {
      found.insert(name.substr(prefix.size(), end - prefix.size()));
    }
  }
  return {found.begin(), found.end()};
}

std::vector<double> doubles(const core::TensorView& tensor) {
  switch (tensor.dtype) {
    case core::DType::kF64:
      return read_as_double<double>(tensor);
    case core::DType::kF32:
      return read_as_double<float>(tensor);
    case core::DType::kI64:
      return read_as_double<std::int64_t>(tensor);
    case core::DType::kI32:
      return read_as_double<std::int32_t>(tensor);
    case core::DType::kU8:
      return read_as_double<std::uint8_t>(tensor);
    default:
      throw core::Error(
          core::ErrorKind::kUnsupported,
          "golden values",
          std::string("dtype ") + core::to_string(tensor.dtype) + " is not read as double",
          "store it as F64, F32, I64, I32 or U8");
  }
}

std::vector<double> doubles(const core::SafetensorsFile& file, const std::string& name) {
  return doubles(file.at(name));
}

}  // namespace patina::golden
