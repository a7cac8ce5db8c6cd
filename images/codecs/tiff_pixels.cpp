// SPDX-License-Identifier: Apache-2.0
#include "images/codecs/tiff_pixels.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <tiffio.h>

#include "images/codecs/image_formats.h"
#include "images/codecs/inks.h"
#include "images/codecs/samples.h"

namespace patina::images {
namespace {

constexpr std::uint16_t kMaxSamples = 8;

struct MemoryFile {
  const core::Bytes* bytes = nullptr;
  std::uint64_t position = 0;
};

MemoryFile& memory_of(thandle_t handle) { return *static_cast<MemoryFile*>(handle); }

tmsize_t read_memory(thandle_t handle, void* out, tmsize_t size) {
  MemoryFile& file = memory_of(handle);
  if (size <= 0 || file.position >= file.bytes->size()) return 0;
  const std::uint64_t left = file.bytes->size() - file.position;
  const std::uint64_t count = std::min(static_cast<std::uint64_t>(size), left);
  std::memcpy(out, file.bytes->data() + file.position, count);
  file.position += count;
  return static_cast<tmsize_t>(count);
}

tmsize_t write_nothing(thandle_t, void*, tmsize_t) { return 0; }

toff_t seek_memory(thandle_t handle, toff_t offset, int origin) {
  MemoryFile& file = memory_of(handle);
  if (origin == SEEK_CUR) offset += file.position;
  if (origin == SEEK_END) offset += file.bytes->size();
  file.position = offset;
  return offset;
}

int close_nothing(thandle_t) { return 0; }
toff_t size_of_memory(thandle_t handle) { return memory_of(handle).bytes->size(); }

struct CloseTIFF {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
using TIFFHandle = std::unique_ptr<TIFF, CloseTIFF>;

#if TIFFLIB_VERSION >= 20221213  // 4.5.0: handlers and a memory limit per file.
int say_nothing(TIFF*, void*, const char*, const char*, va_list) { return 1; }

TIFFHandle open_tiff(MemoryFile& file) {
  constexpr tmsize_t kMaxAllocation = tmsize_t{1} << 30;
  struct FreeOptions {
    void operator()(TIFFOpenOptions* options) const { TIFFOpenOptionsFree(options); }
  };
  const std::unique_ptr<TIFFOpenOptions, FreeOptions> options(TIFFOpenOptionsAlloc());
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), say_nothing, nullptr);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), say_nothing, nullptr);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), kMaxAllocation);
  return TIFFHandle(TIFFClientOpenExt("image",
                                      "rm",
                                      &file,
                                      read_memory,
                                      write_nothing,
                                      seek_memory,
                                      close_nothing,
                                      size_of_memory,
                                      nullptr,
                                      nullptr,
                                      options.get()));
}
#else
TIFFHandle open_tiff(MemoryFile& file) {
  TIFFSetErrorHandler(nullptr);
  TIFFSetWarningHandler(nullptr);
  return TIFFHandle(TIFFClientOpen("image",
                                   "rm",
                                   &file,
                                   read_memory,
                                   write_nothing,
                                   seek_memory,
                                   close_nothing,
                                   size_of_memory,
                                   nullptr,
                                   nullptr));
}
#endif

struct PixelLayout {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint16_t bits = 1;
  std::uint16_t samples = 1;
  std::uint16_t photometric = PHOTOMETRIC_MINISBLACK;
  std::uint16_t planar = PLANARCONFIG_CONTIG;
  std::uint16_t sample_format = SAMPLEFORMAT_UINT;
  std::uint16_t extra_count = 0;
  bool premultiplied = false;

  bool inverted() const { return photometric == PHOTOMETRIC_MINISWHITE; }
  bool grey() const { return inverted() || photometric == PHOTOMETRIC_MINISBLACK; }
  bool rgb() const { return photometric == PHOTOMETRIC_RGB; }
  /// Cyan, magenta, yellow and black, and nothing else.
  bool four_inks() const {
    return photometric == PHOTOMETRIC_SEPARATED && bits == 8 && samples == 4;
  }
  /// Samples that can be taken as they are: grey or RGB with at most one more for alpha.
  bool direct() const {
    const int colours = grey() ? 1 : 3;
    return (bits == 8 || bits == 16) && (grey() || rgb()) && extra_count <= 1 &&
           samples == colours + extra_count;
  }
};

PixelLayout read_layout(TIFF* tiff) {
  PixelLayout layout;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &layout.width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &layout.height);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &layout.bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &layout.samples);
  TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &layout.photometric);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &layout.planar);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &layout.sample_format);
  std::uint16_t* kinds = nullptr;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &layout.extra_count, &kinds);
  layout.premultiplied = layout.extra_count == 1 && kinds != nullptr &&
                         kinds[0] == EXTRASAMPLE_ASSOCALPHA;
  const std::uint16_t colours = layout.grey() ? 1 : 3;
  if (layout.extra_count == 0 && layout.samples == colours + 1) layout.extra_count = 1;  // Untold.
  return layout;
}

/// The samples of one strip, tile or row, widened to 16 bits.
void widen(const std::uint8_t* in, std::uint16_t bits, std::vector<std::uint16_t>& out) {
  if (bits == 16) {
    std::memcpy(out.data(), in, out.size() * 2);
    return;
  }
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = in[i];
}

/// Reads interleaved or planar samples, by rows or by tiles, into an ImageFile.
class SampleReader {
 public:
  /// `inks` converts the samples; null = they are taken as they are.
  SampleReader(TIFF* tiff,
               const PixelLayout& layout,
               const InkConverter* inks,
               const std::string& where)
      : tiff_(tiff), layout_(layout), inks_(inks), where_(where) {}

  void read(ImageFile& file) {
    if (TIFFIsTiled(tiff_) != 0) {
      read_tiles(file);
    } else {
      read_strips(file);
    }
  }

 private:
  std::uint16_t planes() const {
    return layout_.planar == PLANARCONFIG_SEPARATE ? layout_.samples : std::uint16_t{1};
  }
  std::size_t per_unit() const { return layout_.samples / planes(); }

  void finish_row(ImageFile& file, std::uint32_t y, std::vector<std::uint16_t>& row) const {
    if (inks_ != nullptr) {
      const std::vector<std::uint8_t> inks(row.begin(), row.end());
      inks_->convert(inks.data(),
                     static_cast<int>(layout_.width),
                     file.image.bytes.data() + std::size_t{3} * layout_.width * y);
      return;
    }
    const unsigned top = layout_.bits == 16 ? 65535U : 255U;
    const std::size_t samples = layout_.samples;
    for (std::size_t i = 0; layout_.inverted() && i < row.size(); i += samples) {
      row[i] = static_cast<std::uint16_t>(top - row[i]);
    }
    for (std::size_t i = 0; layout_.premultiplied && i < row.size(); i += samples) {
      const unsigned alpha = row[i + samples - 1];
      for (std::size_t k = 0; alpha != 0 && k + 1 < samples; ++k) {
        row[i + k] = static_cast<std::uint16_t>(
            std::min(top, (row[i + k] * top + alpha / 2) / alpha));
      }
    }
    scatter_row(file, static_cast<int>(y), row.data(), static_cast<int>(samples));
  }

  /// Rows of separate planes are gathered plane by plane, so the whole picture is held once more.
  void read_strips(ImageFile& file) {
    const std::size_t row_samples = std::size_t{layout_.width} * per_unit();
    std::vector<std::uint8_t> raw(
        static_cast<std::size_t>(std::max<tmsize_t>(TIFFScanlineSize(tiff_), 0)));
    if (raw.size() < row_samples * layout_.bits / 8)
      throw damaged(where_, "its rows are too short");
    std::vector<std::uint16_t> part(row_samples);
    const bool separate = planes() > 1;
    std::vector<std::uint16_t> rows(std::size_t{layout_.width} * layout_.samples *
                                    (separate ? layout_.height : 1));
    for (std::uint16_t plane = 0; plane < planes(); ++plane) {
      for (std::uint32_t y = 0; y < layout_.height; ++y) {
        if (TIFFReadScanline(tiff_, raw.data(), y, plane) < 0) throw undecodable();
        widen(raw.data(), layout_.bits, part);
        const std::size_t at = separate ? std::size_t{y} * layout_.width * layout_.samples + plane
                                        : 0;
        for (std::size_t i = 0; i < part.size(); ++i) rows[at + i * planes()] = part[i];
        if (!separate) finish_row(file, y, rows);
      }
    }
    if (separate) finish_rows(file, rows);
  }

  void finish_rows(ImageFile& file, const std::vector<std::uint16_t>& rows) const {
    const std::size_t row_samples = std::size_t{layout_.width} * layout_.samples;
    std::vector<std::uint16_t> row(row_samples);
    for (std::uint32_t y = 0; y < layout_.height; ++y) {
      std::copy_n(
          rows.begin() + static_cast<std::ptrdiff_t>(y * row_samples), row_samples, row.begin());
      finish_row(file, y, row);
    }
  }

  void read_tiles(ImageFile& file) {
    std::uint32_t tile_width = 0;
    std::uint32_t tile_height = 0;
    TIFFGetField(tiff_, TIFFTAG_TILEWIDTH, &tile_width);
    TIFFGetField(tiff_, TIFFTAG_TILELENGTH, &tile_height);
    const std::uint64_t samples = std::uint64_t{tile_width} * tile_height * per_unit();
    const tmsize_t tile_bytes = TIFFTileSize(tiff_);
    if (samples == 0 || tile_bytes <= 0 ||
        samples * layout_.bits / 8 != static_cast<std::uint64_t>(tile_bytes)) {
      throw damaged(where_, "its tiles have no plausible size");
    }
    std::vector<std::uint8_t> raw(static_cast<std::size_t>(tile_bytes));
    std::vector<std::uint16_t> tile(samples);
    std::vector<std::uint16_t> rows(std::size_t{layout_.width} * layout_.samples * layout_.height);
    for (std::uint16_t plane = 0; plane < planes(); ++plane) {
      for (std::uint32_t y = 0; y < layout_.height; y += tile_height) {
        for (std::uint32_t x = 0; x < layout_.width; x += tile_width) {
          if (TIFFReadTile(tiff_, raw.data(), x, y, 0, plane) < 0) throw undecodable();
          widen(raw.data(), layout_.bits, tile);
          place_tile(tile, {x, y, tile_width, tile_height, plane}, rows);
        }
      }
    }
    finish_rows(file, rows);
  }

  struct TilePlace {
    std::uint32_t x = 0;
    std::uint32_t y = 0;
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::uint16_t plane = 0;
  };

  void place_tile(const std::vector<std::uint16_t>& tile,
                  const TilePlace& place,
                  std::vector<std::uint16_t>& rows) const {
    const std::uint32_t height = std::min(place.height, layout_.height - place.y);
    const std::uint32_t width = std::min(place.width, layout_.width - place.x);
    for (std::uint32_t y = 0; y < height; ++y) {
      const std::uint16_t* in = tile.data() + std::size_t{y} * place.width * per_unit();
      std::uint16_t* out = rows.data() +
                           (std::size_t{place.y + y} * layout_.width + place.x) * layout_.samples +
                           place.plane;
      for (std::size_t i = 0; i < width * per_unit(); ++i) out[i * planes()] = in[i];
    }
  }

  core::Error undecodable() const { return damaged(where_, "its pixels cannot be decoded"); }

  TIFF* tiff_;
  const PixelLayout& layout_;
  const InkConverter* inks_;
  const std::string& where_;
};

/// Palette, bilevel, CMYK of other than four samples, YCbCr and Lab pictures, converted by libtiff to 8 bits.
void read_converted(TIFF* tiff,
                    const PixelLayout& layout,
                    const std::string& where,
                    ImageFile& file) {
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  std::vector<std::uint32_t> raster(std::size_t{layout.width} * layout.height);
  if (TIFFReadRGBAImageOriented(
          tiff, layout.width, layout.height, raster.data(), ORIENTATION_TOPLEFT, 1) == 0) {
    throw damaged(where, "its pixels cannot be decoded");
  }
  std::uint8_t* rgb = file.image.bytes.data();
  for (const std::uint32_t pixel : raster) {
    *rgb++ = static_cast<std::uint8_t>(TIFFGetR(pixel));
    *rgb++ = static_cast<std::uint8_t>(TIFFGetG(pixel));
    *rgb++ = static_cast<std::uint8_t>(TIFFGetB(pixel));
  }
}

void check_layout(const PixelLayout& layout, const ImageHeader& header, const std::string& where) {
  if (layout.width != static_cast<std::uint32_t>(header.width_px) ||
      layout.height != static_cast<std::uint32_t>(header.height_px)) {
    throw damaged(where, "it states two sizes");
  }
  if (layout.samples == 0 || layout.samples > kMaxSamples) {
    throw unsupported_variety(
        where, std::to_string(layout.samples) + " samples per pixel are not handled");
  }
  if (layout.sample_format != SAMPLEFORMAT_UINT && layout.sample_format != SAMPLEFORMAT_VOID) {
    throw unsupported_variety(where, "TIFF of floating-point or signed samples is not handled");
  }
  if (!layout.direct() && layout.bits > 8) {
    throw unsupported_variety(
        where, "this TIFF of " + std::to_string(layout.bits) + " bits per sample is not handled");
  }
}

}  // namespace

void read_tiff_pixels(const core::Bytes& bytes,
                      const ImageHeader& header,
                      const std::string& where,
                      ImageFile& file) {
  MemoryFile memory{&bytes, 0};
  const TIFFHandle tiff = open_tiff(memory);
  if (!tiff) throw damaged(where, "its directory cannot be read");
  const PixelLayout layout = read_layout(tiff.get());
  check_layout(layout, header, where);
  const int channels = layout.direct() ? layout.samples : layout.grey() ? 1 : 3;
  const int depth = layout.direct() && layout.bits == 16 ? 16 : 8;
  allocate(file, {header.width_px, header.height_px, depth, {}}, channels);
  if (layout.direct()) {
    SampleReader(tiff.get(), layout, nullptr, where).read(file);
  } else if (layout.four_inks()) {
    const InkConverter inks(file.metadata.icc, false);
    SampleReader(tiff.get(), layout, &inks, where).read(file);
    file.remarks.push_back(inks.remark());
  } else {
    read_converted(tiff.get(), layout, where, file);
  }
}

}  // namespace patina::images
