// SPDX-License-Identifier: Apache-2.0
// Photoshop image resources [Adobe Photoshop File Formats, "Image Resources"] and the IPTC captions
// in one of them [IIM 4.2, Sec. 1.5].
#pragma once

#include <functional>
#include <vector>

#include "core/byte_reader.h"

namespace patina::images {

struct PhotoshopResource {
  std::uint16_t id = 0;
  core::Bytes name;  ///< Without its length.
  core::Bytes data;
};

namespace photoshop_id {
constexpr std::uint16_t kCaptions = 0x0404;      ///< IPTC-NAA record.
constexpr std::uint16_t kThumbnailOld = 0x0409;  ///< Photoshop 4.
constexpr std::uint16_t kThumbnail = 0x040C;
constexpr std::uint16_t kCaptionDigest = 0x0425;  ///< MD5 of the captions.
}  // namespace photoshop_id

/// The resources of "8BIM" blocks, up to the first that is damaged.
std::vector<PhotoshopResource> read_resources(const core::Bytes& block);
core::Bytes write_resources(const std::vector<PhotoshopResource>& resources);

/// Takes the place out of IPTC captions: datasets 2:26 and 2:27 (content location), 2:90 (city),
/// 2:92 (sublocation), 2:95 (province), 2:100 and 2:101 (country). What is damaged from some byte on
/// ends there. True if something was taken out.
bool strip_caption_place(core::Bytes& captions);

}  // namespace patina::images
