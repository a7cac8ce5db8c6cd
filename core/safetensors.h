// SPDX-License-Identifier: Apache-2.0
// The safetensors container (8-byte little-endian header length, JSON header, raw little-endian
// data), without any tensor library: a memory-mapped reader that hands out views and an atomic
// writer. Enforced: header at most 100 MB, offsets inside the file, no overlap, no holes, no
// duplicate names, byte length equal to shape times element size (overflow-safe).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/files.h"

namespace patina::core {

/// Limit of the format's reference implementation, for reading and writing.
inline constexpr std::uint64_t kMaxSafetensorsHeaderBytes = 100'000'000;

enum class DType { kF64, kF32, kF16, kBF16, kI64, kI32, kI16, kI8, kU8, kBool };

std::size_t size_of(DType dtype);
const char* to_string(DType dtype);  ///< "F32", "BF16", ... as in the format.

/// A view of one tensor; valid while its SafetensorsFile or a copy of it lives. Foreign files need
/// not align their data: copy values out with memcpy.
struct TensorView {
  DType dtype = DType::kF32;
  std::vector<std::int64_t> shape;
  const std::uint8_t* data = nullptr;
  std::size_t size_bytes = 0;
};

/// Const functions may run in several threads at once.
class SafetensorsFile {
 public:
  /// Maps the file. Throws Error{kDisk} if unreadable, Error{kInput} naming the violated rule.
  static SafetensorsFile open(const std::filesystem::path& path);
  /// The same over bytes in memory, which are kept alive.
  static SafetensorsFile parse(std::vector<std::uint8_t> bytes, const std::string& where);

  const std::map<std::string, TensorView>& tensors() const;
  const std::map<std::string, std::string>& metadata()
      const;  ///< "__metadata__", string to string.
  bool contains(const std::string& name) const;
  /// Throws Error{kInput} naming the file and the missing tensor.
  const TensorView& at(const std::string& name) const;
  const std::string& where() const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

/// A tensor that owns its bytes, for writing and for structs that outlive a file.
struct TensorBlob {
  DType dtype = DType::kF32;
  std::vector<std::int64_t> shape;
  std::vector<std::uint8_t> bytes;
};

/// Copies of all tensors of a file.
std::map<std::string, TensorBlob> owned_tensors(const SafetensorsFile& file);

/// Serialises (tensors ordered by element size, then name, so that all are aligned; deterministic).
std::vector<std::uint8_t> safetensors_bytes(const std::map<std::string, TensorBlob>& tensors,
                                            const std::map<std::string, std::string>& metadata);
void write_safetensors(const std::filesystem::path& path,
                       const std::map<std::string, TensorBlob>& tensors,
                       const std::map<std::string, std::string>& metadata,
                       FileAccess access = FileAccess::kPublic);

}  // namespace patina::core
