// SPDX-License-Identifier: Apache-2.0
// WebP [RFC 9649]: a RIFF file of chunks. Pixels go through OpenCV; metadata need the extended
// layout (VP8X), written here.
#include <algorithm>
#include <string>

#include <opencv2/imgcodecs.hpp>

#include "images/codecs/image_formats.h"
#include "images/codecs/opencv_codec.h"
#include "images/containers/exif.h"
#include "images/containers/jpeg_segments.h"
#include "images/containers/riff_chunks.h"

namespace patina::images {
namespace {

constexpr auto kOrder = core::ByteOrder::kLittle;
constexpr int kMaxSidePx = 16383;
constexpr unsigned kXMPFlag = 0x04;
constexpr unsigned kExifFlag = 0x08;
constexpr unsigned kAlphaFlag = 0x10;
constexpr unsigned kICCFlag = 0x20;

/// Throws Error{kInput} if the file is shorter than it states.
std::vector<RIFFChunk> list_chunks(const core::Bytes& bytes, const std::string& where) {
  const std::size_t end = stated_riff_end(core::ByteReader(bytes));
  if (end > bytes.size()) throw truncated(where);
  const core::ByteReader file(bytes.data(), end);
  std::vector<RIFFChunk> chunks;
  for (auto chunk = riff_chunk_at(file, kFirstRIFFChunk); chunk;
       chunk = riff_chunk_at(file, chunk->end())) {
    if (!chunk->whole) throw damaged(where, "a chunk reaches beyond the end");
    chunks.push_back(*chunk);
  }
  if (chunks.empty()) throw truncated(where);
  return chunks;
}

std::uint32_t u24(const core::ByteReader& reader, std::size_t at) {
  return reader.u16(at, kOrder) | static_cast<std::uint32_t>(reader.u8(at + 2)) << 16;
}

void append_u24(core::Bytes& out, int value) {
  core::append_u16(out, static_cast<std::uint32_t>(value) & 0xFFFFU, kOrder);
  out.push_back(static_cast<std::uint8_t>(value >> 16));
}

/// Some writers put JPEG's name in front of the block.
core::Bytes without_jpeg_name(core::Bytes exif) {
  const bool named = core::ByteReader(exif).starts_with(0, jpeg_name::kExif);
  if (named) exif.erase(exif.begin(), exif.begin() + jpeg_name::kExif.size());
  return exif;
}

void read_chunk(const core::ByteReader& reader, const RIFFChunk& chunk, ImageFile& file) {
  if (chunk.type == "ICCP") {
    file.metadata.icc = reader.copy(chunk.offset, chunk.size);
  } else if (chunk.type == "EXIF") {
    file.metadata.exif = without_jpeg_name(reader.copy(chunk.offset, chunk.size));
  } else if (chunk.type == "XMP ") {
    file.metadata.xmp = reader.copy(chunk.offset, chunk.size);
  } else if (chunk.type == "VP8 ") {
    file.encoding.lossless = false;
  }
}

/// Adds metadata to the file OpenCV wrote.
core::Bytes extend(const core::Bytes& plain, const ImageFile& file) {
  const ImageMetadata& metadata = file.metadata;
  const core::ByteReader reader(plain);
  const unsigned flags = (metadata.icc.empty() ? 0U : kICCFlag) |
                         (metadata.exif.empty() ? 0U : kExifFlag) |
                         (metadata.xmp.empty() ? 0U : kXMPFlag) |
                         (file.alpha.empty() ? 0U : kAlphaFlag);
  core::Bytes head = {static_cast<std::uint8_t>(flags), 0, 0, 0};
  append_u24(head, file.image.width_px - 1);
  append_u24(head, file.image.height_px - 1);
  core::Bytes body;
  core::append(body, "WEBP");
  append_riff_chunk(body, "VP8X", head);
  if (!metadata.icc.empty()) append_riff_chunk(body, "ICCP", metadata.icc);
  for (const RIFFChunk& chunk : list_chunks(plain, "webp")) {
    if (chunk.type == "VP8X") continue;
    append_riff_chunk(body, chunk.type, reader.copy(chunk.offset, chunk.size));
  }
  if (!metadata.exif.empty()) append_riff_chunk(body, "EXIF", metadata.exif);
  if (!metadata.xmp.empty()) append_riff_chunk(body, "XMP ", metadata.xmp);
  core::Bytes out;
  append_riff_chunk(out, "RIFF", body);
  return out;
}

}  // namespace

ImageHeader webp_header(const core::Bytes& bytes, const std::string& where) {
  const core::ByteReader reader(bytes);
  constexpr std::size_t kShortest = 30;
  if (!reader.has(0, kShortest)) throw truncated(where);
  ImageHeader header{ImageFormat::kWebP, 0, 0};
  if (reader.starts_with(kFirstRIFFChunk, "VP8X")) {
    header.width_px = static_cast<int>(u24(reader, 24)) + 1;
    header.height_px = static_cast<int>(u24(reader, 27)) + 1;
  } else if (reader.starts_with(kFirstRIFFChunk, "VP8L") && reader.u8(20) == 0x2F) {
    const std::uint32_t packed = reader.u32(21, kOrder);
    header.width_px = static_cast<int>(packed & 0x3FFFU) + 1;
    header.height_px = static_cast<int>(packed >> 14 & 0x3FFFU) + 1;
  } else if (reader.starts_with(kFirstRIFFChunk, "VP8 ") &&
             reader.starts_with(23, "\x9D\x01\x2A")) {
    header.width_px = reader.u16(26, kOrder) & 0x3FFF;
    header.height_px = reader.u16(28, kOrder) & 0x3FFF;
  }
  if (header.width_px == 0 || header.height_px == 0) throw damaged(where, "it states no size");
  return header;
}

StoredImage decode_webp(const core::Bytes& bytes, const std::string& where) {
  const std::vector<RIFFChunk> chunks = list_chunks(bytes, where);
  const core::ByteReader reader(bytes);
  const bool moves = std::any_of(chunks.begin(), chunks.end(), [](const RIFFChunk& chunk) {
    return chunk.type == "ANIM" || chunk.type == "ANMF";
  });
  if (is_flagged_animated(reader) || moves)
    throw animated(where, "animated WebP, only still pictures are handled");
  const ImageHeader header = webp_header(bytes, where);
  StoredImage stored;
  decode_with_opencv(bytes, where, stored.file);
  if (stored.file.image.width_px != header.width_px ||
      stored.file.image.height_px != header.height_px) {
    throw damaged(where, "it states two sizes");
  }
  for (const RIFFChunk& chunk : chunks) {
    read_chunk(reader, chunk, stored.file);
    if (chunk.type == "C2PA") stored.file.remarks.emplace_back(kRemarkOnC2PA);
  }
  const Resolution stated = tiff_resolution(stored.file.metadata.exif);
  stored.file.metadata.dpi_x = stated.dpi_x;
  stored.file.metadata.dpi_y = stated.dpi_y;
  stored.orientation = exif_orientation(stored.file.metadata.exif);
  return stored;
}

core::Bytes encode_webp(const ImageFile& file) {
  if (std::max(file.image.width_px, file.image.height_px) > kMaxSidePx) {
    throw core::Error(core::ErrorKind::kUnsupported,
                      "webp",
                      "a side is beyond the limit of " + std::to_string(kMaxSidePx) + " pixels",
                      "choose png, jpeg or tiff");
  }
  constexpr int kLosslessCode = 101;
  const int quality = std::clamp(file.encoding.quality_percent, 1, 100);
  ImageFile coloured;
  const ImageFile* source = &file;
  if (file.grey && !file.alpha.empty()) {  // OpenCV takes one, three or four channels.
    coloured = file;
    coloured.grey = false;
    source = &coloured;
  }
  core::Bytes plain = encode_with_opencv(
      *source, cv::IMWRITE_WEBP_QUALITY, file.encoding.lossless ? kLosslessCode : quality);
  const ImageMetadata& metadata = file.metadata;
  const bool bare = metadata.icc.empty() && metadata.exif.empty() && metadata.xmp.empty();
  return bare ? plain : extend(plain, file);
}

}  // namespace patina::images
