// SPDX-License-Identifier: Apache-2.0
#include "images/carried_metadata.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "core/text.h"
#include "images/containers/exif.h"
#include "images/containers/jpeg_segments.h"
#include "images/containers/photoshop.h"
#include "images/containers/png_chunks.h"
#include "images/containers/png_texts.h"
#include "images/containers/tiff_structure.h"
#include "images/containers/xmp.h"

namespace patina::images {
namespace {

using core::Bytes;

constexpr std::size_t kJPEGBlockBytes = 65533 - 29;  ///< Beside the longer name, that of XMP.
constexpr std::size_t kPhotoshopPartBytes = 65533 - 14;

bool begins_with(std::string_view text, std::string_view beginning) {
  return text.substr(0, beginning.size()) == beginning;
}

// [IPTC Photo Metadata 2022.1; Exif 2.32 for XMP; vendors' coordinates by the same words]
bool names_place(const std::string& /*space*/, const std::string& name) {
  constexpr std::array<std::string_view, 13> kNames = {"City",
                                                       "State",
                                                       "Country",
                                                       "CountryCode",
                                                       "CountryName",
                                                       "Location",
                                                       "LocationCreated",
                                                       "LocationShown",
                                                       "LocationId",
                                                       "LocationName",
                                                       "Sublocation",
                                                       "ProvinceState",
                                                       "WorldRegion"};
  const std::string lower = core::lower_ascii(name);
  return begins_with(lower, "gps") || lower.find("latitude") != std::string::npos ||
         lower.find("longitude") != std::string::npos ||
         std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool is_thumbnail(const std::string& space, const std::string& name) {
  return name == "Thumbnails" && space == "http://ns.adobe.com/xap/1.0/";
}

bool is_extension_note(const std::string& space, const std::string& name) {
  return name == "HasExtendedXMP" && space == "http://ns.adobe.com/xmp/note/";
}

// Google's camera and container schemas, Adobe's gain maps.
bool is_trailer_note(const std::string& space, const std::string& name) {
  if (begins_with(space, "http://ns.google.com/photos/1.0/container/")) return true;
  if (begins_with(space, "http://ns.adobe.com/hdr-gain-map/")) return true;
  return begins_with(space, "http://ns.google.com/photos/1.0/camera/") &&
         (begins_with(name, "MotionPhoto") || begins_with(name, "MicroVideo"));
}

/// Takes resources out of, or changes, a list of Photoshop resources. True if something changed.
using EditResources = bool (*)(std::vector<PhotoshopResource>& resources);

bool strip_place_of_resources(std::vector<PhotoshopResource>& resources) {
  bool changed = false;
  for (PhotoshopResource& resource : resources) {
    if (resource.id == photoshop_id::kCaptions) {
      changed = strip_caption_place(resource.data) || changed;
    }
  }
  if (!changed) return false;
  resources.erase(std::remove_if(resources.begin(),
                                 resources.end(),
                                 [](const PhotoshopResource& resource) {
                                   return resource.id == photoshop_id::kCaptionDigest;
                                 }),
                  resources.end());
  return true;
}

bool remove_thumbnails(std::vector<PhotoshopResource>& resources) {
  const auto stale = std::remove_if(
      resources.begin(), resources.end(), [](const PhotoshopResource& resource) {
        return resource.id == photoshop_id::kThumbnail ||
               resource.id == photoshop_id::kThumbnailOld;
      });
  if (stale == resources.end()) return false;
  resources.erase(stale, resources.end());
  return true;
}

bool edit_resource_block(Bytes& block, EditResources edit) {
  std::vector<PhotoshopResource> resources = read_resources(block);
  if (!edit(resources)) return false;
  block = write_resources(resources);
  return true;
}

void append_segment(Bytes& out, std::uint8_t marker, std::string_view name, const Bytes& data) {
  out.push_back(0xFF);
  out.push_back(marker);
  core::append_u16(
      out, static_cast<std::uint32_t>(name.size() + data.size() + 2), core::ByteOrder::kBig);
  core::append(out, name);
  core::append(out, data);
}

// Photoshop resources may be spread over several segments of a JPEG; they go back at their end.
void edit_jpeg_resources(Bytes& blocks, EditResources edit) {
  const core::ByteReader reader(blocks);
  Bytes resources, others;
  for (auto segment = next_jpeg_segment(reader, 0); segment;
       segment = next_jpeg_segment(reader, segment->end())) {
    Bytes data = reader.copy(segment->offset, segment->size);
    if (segment->marker == jpeg_marker::kApp13 &&
        reader.starts_with(segment->offset, jpeg_name::kPhotoshop)) {
      data.erase(data.begin(),
                 data.begin() + static_cast<std::ptrdiff_t>(jpeg_name::kPhotoshop.size()));
      core::append(resources, data);
    } else {
      append_segment(others, segment->marker, {}, data);
    }
  }
  if (!edit_resource_block(resources, edit)) return;
  for (std::size_t at = 0; at < resources.size(); at += kPhotoshopPartBytes) {
    const auto begin = resources.begin() + static_cast<std::ptrdiff_t>(at);
    const std::size_t count = std::min(kPhotoshopPartBytes, resources.size() - at);
    append_segment(others,
                   jpeg_marker::kApp13,
                   jpeg_name::kPhotoshop,
                   Bytes(begin, begin + static_cast<std::ptrdiff_t>(count)));
  }
  blocks = std::move(others);
}

void edit_tiff_resources(Bytes& blocks, EditResources edit, bool captions_too) {
  const auto structure = TIFFStructure::open(blocks);
  if (!structure) return;
  std::vector<TIFFField> fields = caption_and_colour_fields(*structure,
                                                            structure->first_directory());
  bool changed = false;
  for (TIFFField& field : fields) {
    bool edited = false;
    if (field.tag == tiff_tag::kPhotoshop) edited = edit_resource_block(field.value, edit);
    if (field.tag == tiff_tag::kIPTC && captions_too) edited = strip_caption_place(field.value);
    if (!edited) continue;
    field.type = tiff_type::kUndefined;
    field.count = static_cast<std::uint32_t>(field.value.size());
    changed = true;
  }
  fields.erase(
      std::remove_if(
          fields.begin(), fields.end(), [](const TIFFField& field) { return field.value.empty(); }),
      fields.end());
  if (changed) blocks = make_block(std::move(fields), structure->order());
}

/// Takes text chunks out of a PNG and edits the profiles that ImageMagick hides in them.
struct PNGEdit {
  bool (*is_meant)(const std::string& keyword);
  EditResources resources;
  bool (*captions)(Bytes& captions);  ///< Null = they stay.
};

void edit_png_texts(Bytes& blocks, const PNGEdit& edit) {
  const core::ByteReader reader(blocks);
  Bytes kept;
  for (auto chunk = png_chunk_at(reader, 0); chunk && chunk->whole;
       chunk = png_chunk_at(reader, chunk->end())) {
    const std::string keyword = png_keyword(reader, *chunk);
    if (is_png_text(*chunk) && edit.is_meant(keyword)) continue;
    if (begins_with(keyword, kRawProfileKeyword)) {
      Bytes profile = raw_profile(read_png_text(reader, *chunk));
      const bool resources = core::ByteReader(profile).starts_with(0, "8BIM");
      const bool changed = resources ? edit_resource_block(profile, edit.resources)
                                     : edit.captions != nullptr && edit.captions(profile);
      if (changed) {
        append_raw_profile(kept, keyword, profile);
        continue;
      }
    }
    core::append(kept, reader.copy(chunk->offset - 8, chunk->size + 12));
  }
  blocks = std::move(kept);
}

// ImageMagick writes the values of EXIF and XMP as "exif:GPSLatitude", other programs as "City".
bool is_place_keyword(const std::string& keyword) {
  const std::size_t colon = keyword.rfind(':');
  return names_place("", keyword.substr(colon == std::string::npos ? 0 : colon + 1));
}

bool is_thumbnail_keyword(const std::string& keyword) {
  return begins_with(keyword, "exif:thumbnail:");
}

bool is_extension(const core::ByteReader& reader, const JPEGSegment& segment) {
  return segment.marker == jpeg_marker::kApp1 &&
         reader.starts_with(segment.offset, jpeg_name::kExtendedXMP);
}

bool has_extended_xmp(const ImageMetadata& metadata) {
  if (metadata.container != ImageFormat::kJPEG) return false;
  const core::ByteReader reader(metadata.container_blocks);
  for (auto segment = next_jpeg_segment(reader, 0); segment;
       segment = next_jpeg_segment(reader, segment->end())) {
    if (is_extension(reader, *segment)) return true;
  }
  return false;
}

void remove_extended_xmp(ImageMetadata& metadata) {
  const core::ByteReader reader(metadata.container_blocks);
  Bytes kept;
  for (auto segment = next_jpeg_segment(reader, 0); segment;
       segment = next_jpeg_segment(reader, segment->end())) {
    if (is_extension(reader, *segment)) continue;
    append_segment(kept, segment->marker, {}, reader.copy(segment->offset, segment->size));
  }
  metadata.container_blocks = std::move(kept);
  remove_properties(metadata.xmp, is_extension_note);
}

// A JPEG holds a block in one segment.
void fit_blocks(ImageFile& file) {
  if (file.encoding.format != ImageFormat::kJPEG) return;
  if (file.metadata.xmp.size() > kJPEGBlockBytes) {
    file.metadata.xmp.clear();
    file.remarks.emplace_back("its XMP is too large for a JPEG and is left out");
  }
  if (file.metadata.exif.size() > kJPEGBlockBytes) {
    file.metadata.exif.clear();
    file.remarks.emplace_back("its EXIF is too large for a JPEG and is left out");
  }
}

}  // namespace

void strip_place(ImageFile& file) {
  ImageMetadata& metadata = file.metadata;
  strip_gps(metadata.exif);
  remove_properties(metadata.xmp, names_place);
  if (metadata.container_blocks.empty()) return;
  if (metadata.container == ImageFormat::kJPEG) {
    if (has_extended_xmp(metadata)) {
      remove_extended_xmp(metadata);
      file.remarks.emplace_back("its extended XMP is left out, since it may name the place");
    }
    edit_jpeg_resources(metadata.container_blocks, strip_place_of_resources);
  } else if (metadata.container == ImageFormat::kTIFF) {
    edit_tiff_resources(metadata.container_blocks, strip_place_of_resources, true);
  } else if (metadata.container == ImageFormat::kPNG) {
    edit_png_texts(metadata.container_blocks,
                   {is_place_keyword, strip_place_of_resources, strip_caption_place});
  }
}

void leave_out_stale(ImageFile& file) {
  ImageMetadata& metadata = file.metadata;
  remove_thumbnail(metadata.exif);
  if (has_property(metadata.xmp, is_thumbnail)) remove_properties(metadata.xmp, is_thumbnail);
  if (has_property(metadata.xmp, is_trailer_note)) remove_properties(metadata.xmp, is_trailer_note);
  if (metadata.container == ImageFormat::kJPEG) {
    edit_jpeg_resources(metadata.container_blocks, remove_thumbnails);
  } else if (metadata.container == ImageFormat::kTIFF) {
    edit_tiff_resources(metadata.container_blocks, remove_thumbnails, false);
  } else if (metadata.container == ImageFormat::kPNG) {
    edit_png_texts(metadata.container_blocks, {is_thumbnail_keyword, remove_thumbnails, nullptr});
  }
  const bool stays_jpeg = file.encoding.format == ImageFormat::kJPEG;
  if (has_extended_xmp(metadata) && !stays_jpeg) {
    remove_extended_xmp(metadata);
    file.remarks.emplace_back("its extended XMP is left out: only a JPEG has a place for it");
  } else if (!has_extended_xmp(metadata) && has_property(metadata.xmp, is_extension_note)) {
    remove_properties(metadata.xmp, is_extension_note);
    file.remarks.emplace_back("its extended XMP is damaged or missing and is left out");
  }
  if (metadata.container != file.encoding.format && !metadata.container_blocks.empty()) {
    file.remarks.push_back("captions and colour notes that only its own format (" +
                           std::string(to_string(metadata.container)) + ") holds are left out");
  }
  fit_blocks(file);
}

}  // namespace patina::images
