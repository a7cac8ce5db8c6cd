// SPDX-License-Identifier: Apache-2.0
// Every length is a stranger's: checked before it is used.
#include "images/texts.h"

#include <algorithm>
#include <optional>

#include "core/byte_reader.h"
#include "core/text.h"
#include "images/containers/jpeg_segments.h"
#include "images/containers/png_texts.h"
#include "images/containers/riff_chunks.h"
#include "images/containers/tiff_structure.h"

namespace patina::images {
namespace {

using core::Bytes;
using Texts = std::map<std::string, std::string>;

constexpr std::size_t kMaxTexts = 64;
constexpr std::size_t kMaxText = 1 << 20;
constexpr std::size_t kMaxName = 79;
constexpr std::size_t kMaxChunks = 100'000;
constexpr std::size_t kMaxEntries = 1000;
constexpr std::uint16_t kUserComment = 0x9286;

/// Requires: the range lies inside.
std::string_view view_of(const core::ByteReader& reader, std::size_t offset, std::size_t size) {
  return {reinterpret_cast<const char*>(reader.at(offset)), size};
}

void keep(Texts& texts, const std::string& name, std::string text) {
  while (!text.empty() && (text.back() == '\0' || text.back() == ' ')) text.pop_back();
  if (text.empty() || texts.size() >= kMaxTexts) return;
  texts.emplace(core::cut_utf8(core::to_utf8(name), kMaxName), core::cut_utf8(text, kMaxText));
}

void read_text_chunk(const core::ByteReader& file, const PNGChunk& chunk, Texts& texts) {
  const std::string keyword = png_keyword(file, chunk);
  if (keyword.empty() || keyword.size() > kMaxName) return;
  const core::Bytes text = read_png_text(file, chunk, kMaxText);
  keep(texts, keyword, core::to_utf8(std::string(text.begin(), text.end())));
}

std::string user_comment(std::string_view value, bool little) {
  if (value.size() < 8) return {};
  const std::string_view code = value.substr(0, 8);
  const std::string_view text = value.substr(8);
  if (code != std::string_view("UNICODE\0", 8)) return core::to_utf8(text);
  if (text.size() < 2) return {};
  // The block's byte order counts; writers that ignore it show by the zero bytes of Latin letters.
  std::size_t even = 0;
  std::size_t odd = 0;
  for (std::size_t i = 0; i + 1 < std::min<std::size_t>(text.size(), 512); i += 2) {
    even += text[i] == '\0' ? 1 : 0;
    odd += text[i + 1] == '\0' ? 1 : 0;
  }
  const bool is_little = even == odd ? little : odd > even;
  return core::decode_utf16(text, !is_little).text;
}

const char* name_of(std::uint16_t tag) {
  switch (tag) {
    case 0x010E:
      return "ImageDescription";
    case 0x010F:
      return "Make";
    case 0x0110:
      return "Model";
    case 0x0131:
      return "Software";
    case 0x013B:
      return "Artist";
    case kUserComment:
      return "UserComment";
    default:
      return "";
  }
}

class ExifTexts {
 public:
  ExifTexts(const core::ByteReader& block, Texts& texts)
      : block_(block), structure_(TIFFStructure::open(block)), texts_(texts) {}

  /// Reads the texts of the first directory and of the EXIF directory that it points to.
  void read() {
    if (!structure_) return;
    const std::size_t first = structure_->first_directory();
    read_directory(first);
    const auto pointer = structure_->find(first, tiff_tag::kExifDirectory);
    if (pointer) read_directory(structure_->number(*pointer));
  }

 private:
  void read_directory(std::size_t directory) {
    const std::vector<TIFFEntry> entries = structure_->entries(directory);
    for (std::size_t i = 0; i < std::min(entries.size(), kMaxEntries); ++i) take(entries[i]);
  }

  void take(const TIFFEntry& entry) {
    const char* name = name_of(entry.tag);
    const bool text = entry.type == tiff_type::kASCII || entry.type == tiff_type::kByte ||
                      entry.type == tiff_type::kUndefined;
    if (*name == '\0' || !text) return;
    const std::string_view value = view_of(block_, entry.value_offset, entry.value_bytes);
    const bool little = structure_->order() == core::ByteOrder::kLittle;
    keep(texts_,
         name,
         entry.tag == kUserComment ? user_comment(value, little) : core::to_utf8(value));
  }

  core::ByteReader block_;
  std::optional<TIFFStructure> structure_;
  Texts& texts_;
};

void read_png(const core::ByteReader& file, Texts& texts) {
  std::size_t at = kPNGSignature.size();
  for (std::size_t i = 0; i < kMaxChunks; ++i) {
    const auto chunk = png_chunk_at(file, at);
    if (!chunk || !chunk->whole || chunk->type == "IEND") return;
    const std::string_view type = chunk->type;
    if (is_png_text(*chunk)) read_text_chunk(file, *chunk, texts);
    if (type == "eXIf") ExifTexts({file.at(chunk->offset), chunk->size}, texts).read();
    if (type == "caBX") keep(texts, "C2PA", "present");
    at = chunk->end();
  }
}

// Texts stand before the first scan.
void read_jpeg(const core::ByteReader& file, Texts& texts) {
  constexpr std::string_view kJumbf = "jumb";
  for (auto segment = next_jpeg_segment(file, kFirstJPEGSegment); segment;
       segment = next_jpeg_segment(file, segment->end())) {
    const bool over = segment->after_other_bytes || segment->marker == jpeg_marker::kStartOfScan ||
                      segment->marker == jpeg_marker::kEndOfImage;
    if (over) return;
    const std::string_view body = view_of(file, segment->offset, segment->size);
    if (segment->marker == jpeg_marker::kApp1 &&
        body.substr(0, jpeg_name::kExif.size()) == jpeg_name::kExif) {
      const std::size_t skipped = jpeg_name::kExif.size();
      ExifTexts({file.at(segment->offset + skipped), segment->size - skipped}, texts).read();
    }
    if (segment->marker == jpeg_marker::kComment) keep(texts, "JPEG comment", core::to_utf8(body));
    if (segment->marker == jpeg_marker::kApp11 && body.find(kJumbf) != std::string_view::npos) {
      keep(texts, "C2PA", "present");
    }
  }
}

void read_webp(const core::ByteReader& file, Texts& texts) {
  std::size_t at = kFirstRIFFChunk;
  for (std::size_t i = 0; i < kMaxChunks; ++i) {
    const auto chunk = riff_chunk_at(file, at);
    if (!chunk || !chunk->whole) return;
    if (chunk->type == "EXIF") {
      const bool named =
          view_of(file, chunk->offset, chunk->size).substr(0, jpeg_name::kExif.size()) ==
          jpeg_name::kExif;
      const std::size_t skipped = named ? jpeg_name::kExif.size() : 0;
      ExifTexts({file.at(chunk->offset + skipped), chunk->size - skipped}, texts).read();
    }
    at = chunk->end();
  }
}

}  // namespace

Texts read_image_texts(const core::Bytes& bytes, ImageFormat format) {
  Texts texts;
  const core::ByteReader file(bytes);
  if (format == ImageFormat::kPNG) read_png(file, texts);
  if (format == ImageFormat::kJPEG) read_jpeg(file, texts);
  if (format == ImageFormat::kWebP) read_webp(file, texts);
  if (format == ImageFormat::kTIFF) ExifTexts(file, texts).read();
  return texts;
}

}  // namespace patina::images
