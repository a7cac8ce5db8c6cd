// SPDX-License-Identifier: Apache-2.0
// PNG in. The metadata are read here; the pixels by OpenCV from a copy that holds only what they
// need, so that libpng has no ancillary chunk to complain about.
#include <algorithm>
#include <string>

#include "core/deflate.h"
#include "images/codecs/image_formats.h"
#include "images/codecs/opencv_codec.h"
#include "images/containers/exif.h"
#include "images/containers/png_texts.h"

namespace patina::images {
namespace {

constexpr std::size_t kMaxBlockBytes = std::size_t{16} << 20;
constexpr double kMetresPerInch = 0.0254;
constexpr std::string_view kXMPKeyword("XML:com.adobe.xmp\0", 18);

/// All chunks up to IEND. Throws Error{kInput} if the file ends before IEND, or a critical chunk or
/// the start is damaged.
std::vector<PNGChunk> list_chunks(const core::ByteReader& reader, const std::string& where) {
  std::vector<PNGChunk> chunks;
  std::size_t at = kPNGSignature.size();
  while (chunks.empty() || chunks.back().type != "IEND") {
    const auto chunk = png_chunk_at(reader, at);
    if (!chunk) throw truncated(where);
    if (chunk->size > kMaxPNGChunkBytes) {
      throw damaged(where, "a chunk states an impossible length");
    }
    if (!chunk->whole) throw truncated(where);
    if (chunk->critical() && !is_intact(reader, *chunk)) {
      throw damaged(where, "the checksum of chunk " + core::in_quotes(chunk->type) + " is wrong");
    }
    if (chunks.empty() && chunk->type != "IHDR") {
      throw damaged(where, "it does not start with IHDR");
    }
    chunks.push_back(*chunk);
    at = chunk->end();
  }
  return chunks;
}

core::Bytes inflated(const core::ByteReader& reader, std::size_t offset, std::size_t end) {
  if (offset >= end) return {};
  return core::inflate_bytes(reader.at(offset), end - offset, kMaxBlockBytes)
      .value_or(core::Bytes());
}

core::Bytes read_profile(const core::ByteReader& reader, const PNGChunk& chunk) {
  const core::ByteReader data(reader.at(chunk.offset), chunk.size);
  std::size_t name_end = 0;
  while (name_end < chunk.size && data.u8(name_end) != 0) ++name_end;
  return inflated(reader, chunk.offset + name_end + 2, chunk.offset + chunk.size);
}

// EXIF and XMP that ImageMagick wrote as hexadecimal text go to where those blocks belong; other
// profiles of its stay the texts that they are. Nothing is decompressed that is not wanted.
bool take_raw_profile(const core::ByteReader& reader,
                      const PNGChunk& chunk,
                      ImageMetadata& metadata) {
  constexpr std::string_view kExifName("Exif\0\0", 6);
  const std::string keyword = png_keyword(reader, chunk);
  const bool exif = keyword == "Raw profile type exif" || keyword == "Raw profile type APP1";
  if (!exif && keyword != "Raw profile type xmp") return false;
  core::Bytes& block = exif ? metadata.exif : metadata.xmp;
  if (!block.empty()) return true;
  block = raw_profile(read_png_text(reader, chunk, kMaxBlockBytes));
  if (exif && core::ByteReader(block).starts_with(0, kExifName)) {
    block.erase(block.begin(), block.begin() + static_cast<std::ptrdiff_t>(kExifName.size()));
  }
  return true;
}

bool is_kept_whole(std::string_view type) {
  constexpr std::string_view kKept[] = {"gAMA", "cHRM", "sRGB", "cICP", "tEXt", "zTXt", "iTXt"};
  return std::find(std::begin(kKept), std::end(kKept), type) != std::end(kKept);
}

void read_chunk(const core::ByteReader& reader, const PNGChunk& chunk, ImageMetadata& metadata) {
  if (chunk.type == "iCCP") {
    metadata.icc = read_profile(reader, chunk);
  } else if (chunk.type == "eXIf") {
    metadata.exif = reader.copy(chunk.offset, chunk.size);
  } else if (chunk.type == "iTXt" && reader.starts_with(chunk.offset, kXMPKeyword)) {
    metadata.xmp = read_png_text(reader, chunk, kMaxBlockBytes);
  } else if (chunk.type == "pHYs" && chunk.size == 9 && reader.u8(chunk.offset + 8) == 1) {
    metadata.dpi_x = reader.u32(chunk.offset, core::ByteOrder::kBig) * kMetresPerInch;
    metadata.dpi_y = reader.u32(chunk.offset + 4, core::ByteOrder::kBig) * kMetresPerInch;
  } else if (is_kept_whole(chunk.type)) {
    if (take_raw_profile(reader, chunk, metadata)) return;
    core::append(metadata.container_blocks, reader.copy(chunk.offset - 8, chunk.size + 12));
  }
}

void read_metadata(const core::Bytes& bytes, const std::vector<PNGChunk>& chunks, ImageFile& file) {
  const core::ByteReader reader(bytes);
  file.metadata.container = ImageFormat::kPNG;
  for (const PNGChunk& chunk : chunks) {
    if (chunk.critical() || !is_intact(reader, chunk)) continue;
    read_chunk(reader, chunk, file.metadata);
    if (chunk.type == "caBX") file.remarks.emplace_back(kRemarkOnC2PA);
  }
}

core::Bytes pixels_only(const core::Bytes& bytes, const std::vector<PNGChunk>& chunks) {
  const core::ByteReader reader(bytes);
  core::Bytes out;
  core::append(out, kPNGSignature);
  for (const PNGChunk& chunk : chunks) {
    const bool needed = chunk.critical() || (chunk.type == "tRNS" && is_intact(reader, chunk));
    if (!needed) continue;
    const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(chunk.offset) - 8;
    out.insert(out.end(), begin, begin + static_cast<std::ptrdiff_t>(chunk.size) + 12);
  }
  return out;
}

void refuse_animation(const std::vector<PNGChunk>& chunks, const std::string& where) {
  for (const PNGChunk& chunk : chunks) {
    if (chunk.type == "IDAT") return;
    if (chunk.type == "acTL")
      throw animated(where, "animated PNG, only still pictures are handled");
  }
}

/// A grey picture may name one transparent value, which OpenCV passes over.
void apply_grey_key(const core::ByteReader& reader,
                    const std::vector<PNGChunk>& chunks,
                    ImageFile& file) {
  const auto key_chunk = std::find_if(chunks.begin(), chunks.end(), [&](const PNGChunk& chunk) {
    return chunk.type == "tRNS" && chunk.size == 2 && is_intact(reader, chunk);
  });
  if (key_chunk == chunks.end()) return;
  const unsigned bits = std::max<unsigned>(reader.u8(chunks[0].offset + 8), 1);
  const unsigned stored = reader.u16(key_chunk->offset, core::ByteOrder::kBig);
  const unsigned key = bits < 8 ? stored * 255U / ((1U << bits) - 1U) : stored;
  const auto opaque = static_cast<std::uint16_t>(file.image.bit_depth == 16 ? 65535 : 255);
  file.alpha.resize(file.image.sample_count() / 3);
  const std::uint8_t* bytes = file.image.bytes.data();
  const auto* words = reinterpret_cast<const std::uint16_t*>(bytes);
  for (std::size_t i = 0; i < file.alpha.size(); ++i) {
    const unsigned value = file.image.bit_depth == 16 ? words[3 * i] : bytes[3 * i];
    file.alpha[i] = value == key ? std::uint16_t{0} : opaque;
  }
}

}  // namespace

ImageHeader png_header(const core::Bytes& bytes, const std::string& where) {
  const core::ByteReader reader(bytes);
  constexpr std::size_t kHeaderEnd = 33;
  if (!reader.has(0, kHeaderEnd)) throw truncated(where);
  if (!reader.starts_with(12, "IHDR")) throw damaged(where, "it does not start with IHDR");
  const std::uint32_t width = reader.u32(16, core::ByteOrder::kBig);
  const std::uint32_t height = reader.u32(20, core::ByteOrder::kBig);
  if (width == 0 || height == 0 || width > 0x7FFFFFFF || height > 0x7FFFFFFF) {
    throw damaged(where, "it states an impossible size");
  }
  return {ImageFormat::kPNG, static_cast<int>(width), static_cast<int>(height)};
}

StoredImage decode_png(const core::Bytes& bytes, const std::string& where) {
  const core::ByteReader reader(bytes);
  const std::vector<PNGChunk> chunks = list_chunks(reader, where);
  refuse_animation(chunks, where);
  const unsigned colour_type = reader.u8(chunks[0].offset + 9);
  StoredImage stored;
  decode_with_opencv(pixels_only(bytes, chunks), where, stored.file);
  stored.file.grey = colour_type == 0 || colour_type == 4;
  if (colour_type == 0) apply_grey_key(reader, chunks, stored.file);
  read_metadata(bytes, chunks, stored.file);
  stored.orientation = exif_orientation(stored.file.metadata.exif);
  return stored;
}

}  // namespace patina::images
