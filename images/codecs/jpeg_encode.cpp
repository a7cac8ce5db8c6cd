// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "images/codecs/image_formats.h"
#include "images/codecs/libjpeg_session.h"
#include "images/codecs/samples.h"
#include "images/containers/jpeg_segments.h"

namespace patina::images {
namespace {

constexpr std::size_t kMaxSegmentBytes = 65533;
constexpr double kCentimetresPerInch = 2.54;
constexpr int kMaxSidePx = 65500;  ///< JPEG_MAX_DIMENSION of libjpeg.

class Compressor {
 public:
  Compressor() {
    codec_.err = install(errors_);
    step([this] {
      jpeg_create_compress(&codec_);
      jpeg_mem_dest(&codec_, &memory_, &size_);
    });
  }
  ~Compressor() {
    jpeg_destroy_compress(&codec_);
    std::free(memory_);  // NOLINT(cppcoreguidelines-owning-memory): libjpeg allocates it
  }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  jpeg_compress_struct& codec() { return codec_; }

  template <typename Step>
  void step(const Step& action) {
    if (run_guarded(errors_, action)) return;
    throw core::Error(core::ErrorKind::kResource,
                      "jpeg",
                      message_of(reinterpret_cast<j_common_ptr>(&codec_)),
                      "free some memory");
  }

  core::Bytes finish() {
    step([this] { jpeg_finish_compress(&codec_); });
    return core::Bytes(memory_, memory_ + size_);
  }

 private:
  JPEGErrors errors_;
  jpeg_compress_struct codec_{};
  unsigned char* memory_ = nullptr;
  unsigned long size_ = 0;
};

bool is_whole(double value) { return std::abs(value - std::round(value)) < 1e-6; }

/// Dots per inch, or per centimetre where only that is a whole number. JFIF holds 16-bit integers.
void set_density(jpeg_compress_struct& codec, const ImageMetadata& metadata) {
  if (metadata.dpi_x <= 0.0 || metadata.dpi_y <= 0.0) return;
  const bool per_centimetre = !(is_whole(metadata.dpi_x) && is_whole(metadata.dpi_y)) &&
                              is_whole(metadata.dpi_x / kCentimetresPerInch) &&
                              is_whole(metadata.dpi_y / kCentimetresPerInch);
  const double scale = per_centimetre ? kCentimetresPerInch : 1.0;
  const auto density = [scale](double dpi) {
    return static_cast<UINT16>(std::clamp(std::round(dpi / scale), 1.0, 65535.0));
  };
  codec.density_unit = per_centimetre ? 2 : 1;
  codec.X_density = density(metadata.dpi_x);
  codec.Y_density = density(metadata.dpi_y);
}

void set_parameters(jpeg_compress_struct& codec, const ImageFile& file) {
  codec.image_width = static_cast<JDIMENSION>(file.image.width_px);
  codec.image_height = static_cast<JDIMENSION>(file.image.height_px);
  codec.input_components = file.grey ? 1 : 3;
  codec.in_color_space = file.grey ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&codec);
  if (!file.grey && file.encoding.rgb_coded) jpeg_set_colorspace(&codec, JCS_RGB);
  jpeg_set_quality(&codec, std::clamp(file.encoding.quality_percent, 1, 100), TRUE);
  codec.optimize_coding = TRUE;
  if (!file.grey && !file.encoding.subsample_chroma) {
    codec.comp_info[0].h_samp_factor = 1;
    codec.comp_info[0].v_samp_factor = 1;
  }
  if (file.encoding.progressive) jpeg_simple_progression(&codec);
  set_density(codec, file.metadata);
}

void write_segment(Compressor& compressor,
                   int marker,
                   std::string_view name,
                   const core::Bytes& block) {
  if (block.empty() || name.size() + block.size() > kMaxSegmentBytes) return;
  core::Bytes segment;
  core::append(segment, name);
  core::append(segment, block);
  compressor.step([&] {
    jpeg_write_marker(
        &compressor.codec(), marker, segment.data(), static_cast<unsigned>(segment.size()));
  });
}

/// A profile spans up to 255 segments, each with its number and their count [ICC.1:2010, Annex
/// B.4].
void write_icc(Compressor& compressor, const core::Bytes& icc) {
  constexpr std::size_t kPartBytes = kMaxSegmentBytes - jpeg_name::kICC.size() - 2;
  const std::size_t parts = (icc.size() + kPartBytes - 1) / kPartBytes;
  if (parts > 255) return;
  const core::ByteReader reader(icc);
  for (std::size_t i = 0; i < parts; ++i) {
    const std::size_t begin = i * kPartBytes;
    core::Bytes part;
    part.push_back(static_cast<std::uint8_t>(i + 1));
    part.push_back(static_cast<std::uint8_t>(parts));
    core::append(part, reader.copy(begin, std::min(kPartBytes, icc.size() - begin)));
    write_segment(compressor, JPEG_APP0 + 2, jpeg_name::kICC, part);
  }
}

/// Segments kept from the file that was read, each as marker, length and content.
void write_container_blocks(Compressor& compressor, const ImageMetadata& metadata) {
  if (metadata.container != ImageFormat::kJPEG) return;
  const core::ByteReader reader(metadata.container_blocks);
  for (auto segment = next_jpeg_segment(reader, 0); segment;
       segment = next_jpeg_segment(reader, segment->end())) {
    write_segment(compressor, segment->marker, {}, reader.copy(segment->offset, segment->size));
  }
}

void write_metadata(Compressor& compressor, const ImageMetadata& metadata) {
  write_segment(compressor, JPEG_APP0 + 1, jpeg_name::kExif, metadata.exif);
  write_segment(compressor, JPEG_APP0 + 1, jpeg_name::kXMP, metadata.xmp);
  write_icc(compressor, metadata.icc);
  write_container_blocks(compressor, metadata);
}

void write_rows(Compressor& compressor, const ImageFile& file) {
  const auto width = static_cast<std::size_t>(file.image.width_px);
  const auto channels = static_cast<std::size_t>(stored_channels(file));
  std::vector<std::uint16_t> samples(width * channels);
  std::vector<std::uint8_t> row(width * channels);
  for (int y = 0; y < file.image.height_px; ++y) {
    gather_row(file, y, samples.data());
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = static_cast<std::uint8_t>(samples[i]);
    JSAMPROW line = row.data();
    compressor.step([&] { jpeg_write_scanlines(&compressor.codec(), &line, 1); });
  }
}

}  // namespace

core::Bytes encode_jpeg(const ImageFile& file) {
  if (std::max(file.image.width_px, file.image.height_px) > kMaxSidePx) {
    throw core::Error(core::ErrorKind::kUnsupported,
                      "jpeg",
                      "a side is beyond the limit of " + std::to_string(kMaxSidePx) + " pixels",
                      "choose png or tiff");
  }
  Compressor compressor;
  compressor.step([&] {
    set_parameters(compressor.codec(), file);
    jpeg_start_compress(&compressor.codec(), TRUE);
  });
  write_metadata(compressor, file.metadata);
  write_rows(compressor, file);
  return compressor.finish();
}

}  // namespace patina::images
