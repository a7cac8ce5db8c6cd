// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <string>

#include "images/codecs/image_formats.h"
#include "images/codecs/inks.h"
#include "images/codecs/libjpeg_session.h"
#include "images/codecs/samples.h"
#include "images/containers/exif.h"
#include "images/containers/jpeg_markers.h"

namespace patina::images {
namespace {

/// Progressive files of very many scans cost hours to decode; real encoders write about ten.
constexpr int kMaxScans = 500;

/// Owns a decompressor; every call that can fail goes through run_guarded.
class Decompressor {
 public:
  Decompressor() {
    codec_.err = install(errors_);
    created_ = run_guarded(errors_, [this] { jpeg_create_decompress(&codec_); });
  }
  ~Decompressor() { jpeg_destroy_decompress(&codec_); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  /// Starts with grey, RGB or CMYK output; false if libjpeg cannot.
  bool start(const core::Bytes& bytes) {
    return created_ && run_guarded(errors_, [&] {
             jpeg_mem_src(&codec_, bytes.data(), static_cast<unsigned long>(bytes.size()));
             jpeg_read_header(&codec_, TRUE);
             codec_.out_color_space = output_space(codec_.jpeg_color_space);
             jpeg_start_decompress(&codec_);
           });
  }

  bool read_row(std::uint8_t* row) {
    return run_guarded(errors_, [&] { jpeg_read_scanlines(&codec_, &row, 1); });
  }

  int width() const { return static_cast<int>(codec_.output_width); }
  int height() const { return static_cast<int>(codec_.output_height); }
  int channels() const { return codec_.output_components; }
  bool rgb_coded() const { return codec_.jpeg_color_space == JCS_RGB; }
  /// Every coefficient has all of its bits. Of a sequential file of several scans that is not known.
  bool all_scans_read() {
    if (codec_.progressive_mode == FALSE) return jpeg_has_multiple_scans(&codec_) == FALSE;
    for (int c = 0; c < codec_.num_components; ++c) {
      for (int k = 0; k < DCTSIZE2; ++k) {
        if (codec_.coef_bits == nullptr || codec_.coef_bits[c][k] != 0) return false;
      }
    }
    return true;
  }
  bool inks_inverted() const { return codec_.saw_Adobe_marker != 0; }
  bool data_missing() const { return errors_.data_missing; }
  std::string message() { return message_of(reinterpret_cast<j_common_ptr>(&codec_)); }

 private:
  static J_COLOR_SPACE output_space(J_COLOR_SPACE stored) {
    if (stored == JCS_GRAYSCALE) return JCS_GRAYSCALE;
    return stored == JCS_CMYK || stored == JCS_YCCK ? JCS_CMYK : JCS_RGB;
  }

  JPEGErrors errors_;
  jpeg_decompress_struct codec_{};
  bool created_ = false;
};

void spread_grey(const std::uint8_t* grey, int width, std::uint8_t* rgb) {
  for (int x = 0; x < width; ++x, rgb += 3) rgb[0] = rgb[1] = rgb[2] = grey[x];
}

void read_rows(Decompressor& codec,
               const core::Bytes& icc,
               ImageFile& file,
               const std::string& where) {
  const int width = codec.width();
  std::optional<InkConverter> inks;
  if (codec.channels() == 4) {
    inks.emplace(icc, codec.inks_inverted());
    file.remarks.push_back(inks->remark());
  }
  std::vector<std::uint8_t> row(static_cast<std::size_t>(width) * 4);
  std::uint8_t* rgb = file.image.bytes.data();
  for (int y = 0; y < codec.height(); ++y, rgb += 3 * static_cast<std::size_t>(width)) {
    const bool direct = codec.channels() == 3;
    if (!codec.read_row(direct ? rgb : row.data())) throw damaged(where, codec.message());
    if (inks) inks->convert(row.data(), width, rgb);
    if (codec.channels() == 1) spread_grey(row.data(), width, rgb);
  }
}

// A file without its end marker is whole where no scan lacks a bit.
void require_whole(Decompressor& codec, const JPEGLayout& layout, const std::string& where) {
  if (layout.complete && !codec.data_missing()) return;
  if (layout.complete) throw damaged(where, "compressed data are missing");
  if (codec.data_missing() || !codec.all_scans_read()) throw truncated(where);
}

// What the picture has that it cannot keep.
std::vector<std::string> remarks_on(const JPEGLayout& layout) {
  std::vector<std::string> remarks;
  if (!layout.complete) {
    remarks.emplace_back("its file lacks the end marker; the picture is whole");
  }
  if (layout.c2pa) {
    remarks.emplace_back(kRemarkOnC2PA);
  }
  if (layout.trailer || layout.multi_picture) {
    remarks.emplace_back(
        "what follows the picture in its file (a motion photo's video, a gain map, a second "
        "picture) is left out");
  }
  return remarks;
}

void check_layout(const JPEGLayout& layout, const std::string& where) {
  if (layout.precision_bits != 8) {
    throw unsupported_variety(
        where,
        "JPEG of " + std::to_string(layout.precision_bits) + " bits per channel is not handled");
  }
  if (layout.scans == 0) throw truncated(where);
  if (layout.scans > kMaxScans) {
    throw damaged(
        where, std::to_string(layout.scans) + " scans, the limit is " + std::to_string(kMaxScans));
  }
}

}  // namespace

ImageHeader jpeg_header(const core::Bytes& bytes, const std::string& where) {
  const JPEGLayout layout = scan_jpeg(bytes);
  if (!layout.has_frame) throw truncated(where);
  if (layout.width_px == 0 || layout.height_px == 0) throw damaged(where, "it states no size");
  return {ImageFormat::kJPEG, layout.width_px, layout.height_px};
}

StoredImage decode_jpeg(const core::Bytes& bytes, const std::string& where) {
  JPEGLayout layout = scan_jpeg(bytes);
  check_layout(layout, where);
  Decompressor codec;
  if (!codec.start(bytes)) throw damaged(where, codec.message());
  if (codec.width() != layout.width_px || codec.height() != layout.height_px) {
    throw damaged(where, "it states two sizes");
  }
  StoredImage stored;
  allocate(stored.file, {codec.width(), codec.height(), 8, {}}, codec.channels() == 1 ? 1 : 3);
  stored.file.remarks = remarks_on(layout);
  read_rows(codec, layout.metadata.icc, stored.file, where);
  require_whole(codec, layout, where);
  stored.file.encoding = layout.encoding;
  stored.file.encoding.rgb_coded = codec.rgb_coded();
  stored.file.metadata = std::move(layout.metadata);
  stored.orientation = exif_orientation(stored.file.metadata.exif);
  return stored;
}

}  // namespace patina::images
