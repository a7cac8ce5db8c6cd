// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "images/codecs/image_formats.h"
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

/// Inks to light without a profile: R = (1-C)(1-K). Adobe stores 1-C, 1-M, 1-Y, 1-K.
void convert_inks(const std::uint8_t* inks, bool inverted, int width, std::uint8_t* rgb) {
  const unsigned flip = inverted ? 0U : 255U;
  for (int x = 0; x < width; ++x, inks += 4, rgb += 3) {
    const unsigned paper = inks[3] ^ flip;
    for (int k = 0; k < 3; ++k) {
      rgb[k] = static_cast<std::uint8_t>(((inks[k] ^ flip) * paper + 127U) / 255U);
    }
  }
}

void spread_grey(const std::uint8_t* grey, int width, std::uint8_t* rgb) {
  for (int x = 0; x < width; ++x, rgb += 3) rgb[0] = rgb[1] = rgb[2] = grey[x];
}

void read_rows(Decompressor& codec, ImageFile& file, const std::string& where) {
  const int width = codec.width();
  std::vector<std::uint8_t> row(static_cast<std::size_t>(width) * 4);
  std::uint8_t* rgb = file.image.bytes.data();
  for (int y = 0; y < codec.height(); ++y, rgb += 3 * static_cast<std::size_t>(width)) {
    const bool direct = codec.channels() == 3;
    if (!codec.read_row(direct ? rgb : row.data())) throw damaged(where, codec.message());
    if (codec.channels() == 4) convert_inks(row.data(), codec.inks_inverted(), width, rgb);
    if (codec.channels() == 1) spread_grey(row.data(), width, rgb);
  }
  if (codec.data_missing()) throw damaged(where, "compressed data are missing");
}

void check_layout(const JPEGLayout& layout, const std::string& where) {
  if (layout.precision_bits != 8) {
    throw unsupported_variety(
        where,
        "JPEG of " + std::to_string(layout.precision_bits) + " bits per channel is not handled");
  }
  if (!layout.complete) throw truncated(where);
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
  read_rows(codec, stored.file, where);
  stored.file.encoding = layout.encoding;
  stored.file.metadata = std::move(layout.metadata);
  stored.orientation = exif_orientation(stored.file.metadata.exif);
  return stored;
}

}  // namespace patina::images
