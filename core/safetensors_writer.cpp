// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/safetensors.h"

namespace patina::core {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kAlignment = 8;

using Item = const std::pair<const std::string, TensorBlob>*;

void require_consistent(const std::string& name, const TensorBlob& tensor) {
  std::size_t bytes = size_of(tensor.dtype);
  bool sound = name != "__metadata__";
  for (const std::int64_t size : tensor.shape) {
    sound = sound && size >= 0 &&
            !__builtin_mul_overflow(bytes, static_cast<std::size_t>(size), &bytes);
  }
  if (!sound || bytes != tensor.bytes.size()) {
    throw Error(ErrorKind::kInternal,
                "tensor " + in_quotes(name),
                "name, shape and its " + std::to_string(tensor.bytes.size()) +
                    " bytes do not make a safetensors entry");
  }
}

/// Largest elements first: with an aligned start, every tensor is aligned to its element size.
std::vector<Item> in_file_order(const std::map<std::string, TensorBlob>& tensors) {
  std::vector<Item> items;
  for (const auto& item : tensors) {
    require_consistent(item.first, item.second);
    items.push_back(&item);
  }
  std::stable_sort(items.begin(), items.end(), [](Item a, Item b) {
    return size_of(a->second.dtype) > size_of(b->second.dtype);
  });
  return items;
}

std::string header_json(const std::vector<Item>& items,
                        const std::map<std::string, std::string>& metadata) {
  ordered_json header = ordered_json::object();
  if (!metadata.empty()) {
    header["__metadata__"] = metadata;
  }
  std::size_t offset = 0;
  for (const Item item : items) {
    const TensorBlob& tensor = item->second;
    const std::size_t end = offset + tensor.bytes.size();
    header[item->first] = {{"dtype", to_string(tensor.dtype)},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, end}}};
    offset = end;
  }
  try {
    return header.dump();
  } catch (const ordered_json::exception&) {
    std::throw_with_nested(Error(ErrorKind::kInput,
                                 "safetensors header",
                                 "a name or metadata text is not UTF-8",
                                 "use UTF-8 names"));
  }
}

void require_header_fits(std::size_t header_bytes) {
  if (header_bytes > kMaxSafetensorsHeaderBytes) {
    throw Error(ErrorKind::kInput,
                "safetensors header",
                std::to_string(header_bytes) + " bytes or more, the limit is 100000000",
                "write fewer tensors or less metadata");
  }
}

/// Length field and JSON, padded with spaces so that the data start aligned.
std::string prefix(const std::vector<Item>& items,
                   const std::map<std::string, std::string>& metadata) {
  std::size_t text_bytes = 0;
  for (const auto& [key, text] : metadata) {
    text_bytes += key.size() + text.size();
  }
  require_header_fits(text_bytes);  // before it is written out in JSON
  std::string header = header_json(items, metadata);
  header.resize((header.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  require_header_fits(header.size());
  std::string length(kAlignment, '\0');
  for (std::size_t i = 0; i < kAlignment; ++i) {
    length[i] = static_cast<char>((header.size() >> (8 * i)) & 0xFFU);
  }
  return length + header;
}

std::string_view view(const std::vector<std::uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

std::map<std::string, TensorBlob> owned_tensors(const SafetensorsFile& file) {
  std::map<std::string, TensorBlob> tensors;
  for (const auto& [name, view] : file.tensors()) {
    tensors[name] = {view.dtype, view.shape, {view.data, view.data + view.size_bytes}};
  }
  return tensors;
}

std::vector<std::uint8_t> safetensors_bytes(const std::map<std::string, TensorBlob>& tensors,
                                            const std::map<std::string, std::string>& metadata) {
  const std::vector<Item> items = in_file_order(tensors);
  const std::string start = prefix(items, metadata);
  std::vector<std::uint8_t> bytes(start.begin(), start.end());
  for (const Item item : items) {
    bytes.insert(bytes.end(), item->second.bytes.begin(), item->second.bytes.end());
  }
  return bytes;
}

void write_safetensors(const std::filesystem::path& path,
                       const std::map<std::string, TensorBlob>& tensors,
                       const std::map<std::string, std::string>& metadata,
                       FileAccess access) {
  const std::vector<Item> items = in_file_order(tensors);
  const std::string start = prefix(items, metadata);
  std::vector<std::string_view> pieces{start};
  for (const Item item : items) {
    pieces.push_back(view(item->second.bytes));
  }
  write_pieces_atomic(path, pieces, access);
}

}  // namespace patina::core
