// SPDX-License-Identifier: Apache-2.0
#include "images/containers/photoshop.h"

#include <algorithm>
#include <array>

namespace patina::images {
namespace {

constexpr auto kOrder = core::ByteOrder::kBig;
constexpr std::uint8_t kDatasetMark = 0x1C;
constexpr std::size_t kDatasetHead = 5;
constexpr std::array<std::uint8_t, 7> kPlaceDatasets = {26, 27, 90, 92, 95, 100, 101};

std::size_t even(std::size_t size) { return size + size % 2; }

// Size of a dataset with its head; 0 where none stands. A length beyond 32,767 says how many bytes
// hold the length itself [IIM 4.2, Sec. 1.5 (b)].
std::size_t dataset_size(const core::ByteReader& reader, std::size_t at) {
  if (reader.u8(at) != kDatasetMark || !reader.has(at, kDatasetHead)) return 0;
  std::size_t length = reader.u16(at + 3, kOrder);
  std::size_t head = kDatasetHead;
  if ((length & 0x8000U) != 0) {
    if ((length & 0x7FFFU) != 4) return 0;
    length = reader.u32(at + kDatasetHead, kOrder);
    head += 4;
  }
  return reader.has(at, head + length) ? head + length : 0;
}

}  // namespace

std::vector<PhotoshopResource> read_resources(const core::Bytes& block) {
  std::vector<PhotoshopResource> resources;
  const core::ByteReader reader(block);
  std::size_t at = 0;
  while (reader.starts_with(at, "8BIM")) {
    PhotoshopResource resource;
    resource.id = reader.u16(at + 4, kOrder);
    const std::size_t name_bytes = reader.u8(at + 6);
    resource.name = reader.copy(at + 7, name_bytes);
    const std::size_t length_at = at + 6 + even(1 + name_bytes);
    const std::size_t length = reader.u32(length_at, kOrder);
    if (!reader.has(length_at, 4) || !reader.has(length_at + 4, length)) break;
    resource.data = reader.copy(length_at + 4, length);
    resources.push_back(std::move(resource));
    at = length_at + 4 + even(length);
  }
  return resources;
}

core::Bytes write_resources(const std::vector<PhotoshopResource>& resources) {
  core::Bytes out;
  for (const PhotoshopResource& resource : resources) {
    core::append(out, "8BIM");
    core::append_u16(out, resource.id, kOrder);
    out.push_back(static_cast<std::uint8_t>(resource.name.size()));
    core::append(out, resource.name);
    if ((1 + resource.name.size()) % 2 != 0) out.push_back(0);
    core::append_u32(out, static_cast<std::uint32_t>(resource.data.size()), kOrder);
    core::append(out, resource.data);
    if (resource.data.size() % 2 != 0) out.push_back(0);
  }
  return out;
}

bool strip_caption_place(core::Bytes& captions) {
  const core::ByteReader reader(captions);
  core::Bytes kept;
  bool found = false;
  std::size_t at = 0;
  while (at < captions.size()) {
    const std::size_t size = dataset_size(reader, at);
    if (size == 0) break;
    const bool place = reader.u8(at + 1) == 2 &&
                       std::find(kPlaceDatasets.begin(), kPlaceDatasets.end(), reader.u8(at + 2)) !=
                           kPlaceDatasets.end();
    if (!place) core::append(kept, reader.copy(at, size));
    found = found || place;
    at += size;
  }
  if (found) captions = std::move(kept);
  return found;
}

}  // namespace patina::images
