// SPDX-License-Identifier: Apache-2.0
// Reader of the format described at https://huggingface.co/docs/safetensors: every rule that its
// reference implementation enforces is enforced here, before any view is handed out.
#include "core/safetensors.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json.h"

namespace patina::core {
namespace {

using nlohmann::json;

constexpr std::size_t kLengthBytes = 8;
constexpr int kMaxHeaderDepth = 4;  // header, tensor, shape; one to spare

struct DTypeRow {
  DType dtype;
  const char* name;
  std::size_t size;
};

constexpr DTypeRow kDTypes[] = {{DType::kF64, "F64", 8},
                                {DType::kF32, "F32", 4},
                                {DType::kF16, "F16", 2},
                                {DType::kBF16, "BF16", 2},
                                {DType::kI64, "I64", 8},
                                {DType::kI32, "I32", 4},
                                {DType::kI16, "I16", 2},
                                {DType::kI8, "I8", 1},
                                {DType::kU8, "U8", 1},
                                {DType::kBool, "BOOL", 1}};

[[noreturn]] void reject(const std::string& where, const std::string& what) {
  throw Error(ErrorKind::kInput, where, what, "fetch or write the safetensors file again");
}

/// Read-only mapping of a whole file.
class Mapping {
 public:
  explicit Mapping(const std::filesystem::path& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status = {};
    int problem = file < 0 || ::fstat(file, &status) != 0 ? errno : 0;
    if (problem == 0 && !S_ISREG(status.st_mode)) {
      problem = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
    }
    if (problem == 0 && status.st_size > 0) {
      const auto bytes = static_cast<std::size_t>(status.st_size);
      void* start = ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, file, 0);
      problem = start == MAP_FAILED ? errno : 0;
      start_ = problem == 0 ? start : nullptr;
      size_ = problem == 0 ? bytes : 0;
    }
    if (file >= 0) {
      ::close(file);
    }
    if (problem != 0) {
      throw Error(ErrorKind::kDisk,
                  path.string(),
                  "cannot be read (" + std::generic_category().message(problem) + ")",
                  "check the path and its permissions");
    }
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (start_ != nullptr) {
      ::munmap(start_, size_);
    }
  }
  const std::uint8_t* data() const { return static_cast<const std::uint8_t*>(start_); }
  std::size_t size() const { return size_; }

 private:
  void* start_ = nullptr;
  std::size_t size_ = 0;
};

struct Buffer {
  const std::uint8_t* data;
  std::uint64_t size;
};

struct Extent {
  std::uint64_t begin;
  std::uint64_t end;
  const std::string* name;
};

/// The JSON header of a file whose length field has been checked.
std::string_view header_text(const Buffer& file, const std::string& where) {
  if (file.size < kLengthBytes) {
    reject(where, std::to_string(file.size) + " bytes, too short for the 8-byte header length");
  }
  std::uint64_t length = 0;
  for (std::size_t i = kLengthBytes; i > 0; --i) {
    length = (length << 8) | file.data[i - 1];
  }
  if (length > kMaxSafetensorsHeaderBytes) {
    reject(where, "header of " + std::to_string(length) + " bytes, the limit is 100000000");
  }
  if (length > file.size - kLengthBytes) {
    reject(where,
           "header of " + std::to_string(length) + " bytes in a file of " +
               std::to_string(file.size) + " bytes");
  }
  const char* text = reinterpret_cast<const char*>(file.data + kLengthBytes);
  if (length == 0 || *text != '{') {
    reject(where, "header does not start with '{'");
  }
  return {text, static_cast<std::size_t>(length)};
}

const json& member(const json& entry, const char* key, const std::string& where) {
  const auto found = entry.find(key);
  if (found == entry.end()) {
    reject(where, std::string("has no \"") + key + "\"");
  }
  return *found;
}

DType dtype_of(const json& entry, const std::string& where) {
  const json& value = member(entry, "dtype", where);
  if (!value.is_string()) {
    reject(where, "dtype is not a string");
  }
  const auto& name = value.get_ref<const std::string&>();
  for (const DTypeRow& row : kDTypes) {
    if (name == row.name) {
      return row.dtype;
    }
  }
  reject(where,
         "dtype " + in_quotes(name) + " is not one of F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL");
}

std::vector<std::int64_t> shape_of(const json& entry, const std::string& where) {
  const json& value = member(entry, "shape", where);
  if (!value.is_array()) {
    reject(where, "shape is not an array");
  }
  std::vector<std::int64_t> shape;
  for (const json& size : value) {
    constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (!size.is_number_unsigned() || size.get<std::uint64_t>() > kMax) {
      reject(where, "shape holds " + in_quotes(size.dump()) + ", not a size");
    }
    shape.push_back(size.get<std::int64_t>());
  }
  return shape;
}

/// Product of shape and element size; refuses one that does not fit 64 bits.
std::uint64_t byte_length(const TensorView& tensor, const std::string& where) {
  std::uint64_t bytes = size_of(tensor.dtype);
  for (const std::int64_t size : tensor.shape) {
    if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(size), &bytes)) {
      reject(where, "shape is too large for 64 bits");
    }
  }
  return bytes;
}

Extent extent_of(const json& entry, std::uint64_t data_bytes, const std::string& where) {
  const json& value = member(entry, "data_offsets", where);
  if (!value.is_array() || value.size() != 2 || !value[0].is_number_unsigned() ||
      !value[1].is_number_unsigned()) {
    reject(where, "data_offsets are not two sizes");
  }
  const auto begin = value[0].get<std::uint64_t>();
  const auto end = value[1].get<std::uint64_t>();
  if (begin > end || end > data_bytes) {
    reject(where,
           "data_offsets " + std::to_string(begin) + " to " + std::to_string(end) +
               " do not lie in the " + std::to_string(data_bytes) + " data bytes");
  }
  return {begin, end, nullptr};
}

/// Tensors must follow each other from the first to the last data byte.
void require_gapless(std::vector<Extent> extents,
                     std::uint64_t data_bytes,
                     const std::string& where) {
  std::sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t covered = 0;
  for (const Extent& extent : extents) {
    if (extent.begin != covered) {
      const char* fault = extent.begin < covered ? " overlaps the tensor before it"
                                                 : " follows a hole";
      reject(where, "tensor " + in_quotes(*extent.name) + fault);
    }
    covered = extent.end;
  }
  if (covered != data_bytes) {
    reject(where,
           std::to_string(data_bytes) + " data bytes, of which the tensors cover " +
               std::to_string(covered));
  }
}

std::map<std::string, std::string> read_metadata(const json& value, const std::string& where) {
  if (!value.is_object()) {
    reject(where, "__metadata__ is not an object");
  }
  std::map<std::string, std::string> metadata;
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string()) {
      reject(where, "__metadata__ entry " + in_quotes(key) + " is not a string");
    }
    metadata.emplace(key, text.get<std::string>());
  }
  return metadata;
}

}  // namespace

struct SafetensorsFile::Impl {
  std::string where;
  std::unique_ptr<const Mapping> mapping;
  std::vector<std::uint8_t> bytes;
  std::map<std::string, TensorView> tensors;
  std::map<std::string, std::string> metadata;

  void read(const Buffer& file) {
    const std::string_view text = header_text(file, where);
    const json header = parse_json(text, where, kMaxHeaderDepth);
    const Buffer data{file.data + kLengthBytes + text.size(),
                      file.size - kLengthBytes - text.size()};
    std::vector<Extent> extents;
    for (const auto& [name, entry] : header.items()) {
      if (name == "__metadata__") {
        metadata = read_metadata(entry, where);
      } else {
        extents.push_back(add_tensor(name, entry, data));
      }
    }
    require_gapless(std::move(extents), data.size, where);
  }

 private:
  Extent add_tensor(const std::string& name, const json& entry, const Buffer& data) {
    const std::string place = where + ": tensor " + in_quotes(name);
    if (!entry.is_object()) {
      reject(place, "is not described by an object");
    }
    TensorView tensor;
    tensor.dtype = dtype_of(entry, place);
    tensor.shape = shape_of(entry, place);
    Extent extent = extent_of(entry, data.size, place);
    const std::uint64_t needed = byte_length(tensor, place);
    if (needed != extent.end - extent.begin) {
      reject(place,
             "shape and dtype need " + std::to_string(needed) + " bytes, data_offsets span " +
                 std::to_string(extent.end - extent.begin));
    }
    tensor.data = data.data + extent.begin;
    tensor.size_bytes = static_cast<std::size_t>(needed);
    extent.name = &tensors.emplace(name, std::move(tensor)).first->first;
    return extent;
  }
};

std::size_t size_of(DType dtype) {
  const auto* row = std::find_if(
      std::begin(kDTypes), std::end(kDTypes), [=](const DTypeRow& r) { return r.dtype == dtype; });
  return row == std::end(kDTypes) ? 0 : row->size;
}

const char* to_string(DType dtype) {
  const auto* row = std::find_if(
      std::begin(kDTypes), std::end(kDTypes), [=](const DTypeRow& r) { return r.dtype == dtype; });
  return row == std::end(kDTypes) ? "unknown" : row->name;
}

SafetensorsFile SafetensorsFile::open(const std::filesystem::path& path) {
  auto impl = std::make_shared<Impl>();
  impl->where = path.string();
  impl->mapping = std::make_unique<const Mapping>(path);
  impl->read({impl->mapping->data(), impl->mapping->size()});
  SafetensorsFile file;
  file.impl_ = std::move(impl);
  return file;
}

SafetensorsFile SafetensorsFile::parse(std::vector<std::uint8_t> bytes, const std::string& where) {
  auto impl = std::make_shared<Impl>();
  impl->where = where;
  impl->bytes = std::move(bytes);
  impl->read({impl->bytes.data(), impl->bytes.size()});
  SafetensorsFile file;
  file.impl_ = std::move(impl);
  return file;
}

const std::map<std::string, TensorView>& SafetensorsFile::tensors() const { return impl_->tensors; }

const std::map<std::string, std::string>& SafetensorsFile::metadata() const {
  return impl_->metadata;
}

bool SafetensorsFile::contains(const std::string& name) const {
  return impl_->tensors.count(name) > 0;
}

const TensorView& SafetensorsFile::at(const std::string& name) const {
  const auto found = impl_->tensors.find(name);
  if (found == impl_->tensors.end()) {
    throw Error(
        ErrorKind::kInput,
        impl_->where,
        "no tensor " + in_quotes(name) + " among its " + std::to_string(impl_->tensors.size()),
        "check that it is the right file");
  }
  return found->second;
}

const std::string& SafetensorsFile::where() const { return impl_->where; }

}  // namespace patina::core
