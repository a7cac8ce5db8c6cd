// SPDX-License-Identifier: Apache-2.0
// The directory structure shared by TIFF files and EXIF blocks [TIFF 6.0, Sec. 2; Exif 2.32,
// Sec. 4.6]: an 8-byte header and linked directories of 12-byte entries. It is read and written
// here, and not by libtiff, because metadata are carried verbatim: fields of any tag, type and value
// go byte for byte, in the byte order they came in, from one file to another and between a TIFF
// file and the EXIF block of a JPEG, PNG or WebP file. Only pixels are left to libtiff.
#pragma once

#include <optional>

#include "core/byte_reader.h"

namespace patina::images {

/// One directory entry whose value lies inside the block.
struct TIFFEntry {
  std::uint16_t tag = 0;
  std::uint16_t type = 0;
  std::uint32_t count = 0;
  std::size_t entry_offset = 0;  ///< Where the 12-byte entry begins.
  /// Where the value begins, which is within the entry if it fits there.
  std::size_t value_offset = 0;
  std::size_t value_bytes = 0;
};

/// A read-only view of a block. Entries that point outside of it are left out.
class TIFFStructure {
 public:
  /// Empty unless the block starts "II*\0" or "MM\0*" and its first directory lies inside.
  static std::optional<TIFFStructure> open(const core::ByteReader& block);
  static std::optional<TIFFStructure> open(const core::Bytes& block) {
    return open(core::ByteReader(block));
  }

  core::ByteOrder order() const { return order_; }
  std::size_t size() const { return reader_.size(); }
  std::size_t first_directory() const { return reader_.u32(4, order_); }
  std::size_t next_directory(std::size_t directory) const;  ///< 0 = none.
  std::vector<TIFFEntry> entries(std::size_t directory) const;
  /// True if the directory, all its values and the directories below it lie inside the block.
  bool is_whole(std::size_t directory) const;
  std::optional<TIFFEntry> find(std::size_t directory, std::uint16_t tag) const;
  /// Element of an unsigned integer entry; 0 for other types and beyond its end.
  std::uint32_t number(const TIFFEntry& entry, std::size_t index = 0) const;
  double rational(const TIFFEntry& entry) const;
  core::Bytes value(const TIFFEntry& entry) const;
  std::uint32_t number_or(std::size_t directory, std::uint16_t tag, std::uint32_t fallback) const;

 private:
  TIFFStructure(const core::ByteReader& block, core::ByteOrder order)
      : reader_(block), order_(order) {}

  std::optional<TIFFEntry> entry_at(std::size_t offset) const;

  core::ByteReader reader_;
  core::ByteOrder order_;
};

/// One field of a directory to be written; a directory field holds its entries instead of a value.
struct TIFFField {
  std::uint16_t tag = 0;
  std::uint16_t type = 0;
  std::uint32_t count = 0;
  core::Bytes value;                ///< In the byte order of the block it goes to.
  std::vector<TIFFField> children;  ///< Fields of the directory that a pointer leads to.
};

/// Appends a directory (fields ascending by tag) and its values to `out`, where offset 0 of the
/// block is out[0]; gives the directory's offset. Pads to even offsets.
std::uint32_t append_directory(core::Bytes& out,
                               std::vector<TIFFField> fields,
                               core::ByteOrder order);

TIFFField short_field(std::uint16_t tag, std::uint32_t value, core::ByteOrder order);
TIFFField long_field(std::uint16_t tag, std::uint32_t value, core::ByteOrder order);
TIFFField bytes_field(std::uint16_t tag, std::uint16_t type, core::Bytes value);

core::Bytes tiff_magic(core::ByteOrder order);  ///< The first four bytes.

/// The descriptive fields of a directory (author, copyright, camera, ...) with its EXIF, GPS and
/// interoperability directories; what describes the layout of pixels is left out.
std::vector<TIFFField> descriptive_fields(const TIFFStructure& structure, std::size_t directory);

/// Photoshop resources, IPTC captions and colorimetry (transfer function, white point, primaries).
std::vector<TIFFField> caption_and_colour_fields(const TIFFStructure& structure,
                                                 std::size_t directory);

/// A whole block of one directory; empty if there are no fields.
core::Bytes make_block(std::vector<TIFFField> fields, core::ByteOrder order);

namespace tiff_tag {
constexpr std::uint16_t kSubfileType = 254;
constexpr std::uint16_t kWidth = 256;
constexpr std::uint16_t kHeight = 257;
constexpr std::uint16_t kBitsPerSample = 258;
constexpr std::uint16_t kCompression = 259;
constexpr std::uint16_t kPhotometric = 262;
constexpr std::uint16_t kStripOffsets = 273;
constexpr std::uint16_t kOrientation = 274;
constexpr std::uint16_t kSamplesPerPixel = 277;
constexpr std::uint16_t kRowsPerStrip = 278;
constexpr std::uint16_t kStripByteCounts = 279;
constexpr std::uint16_t kXResolution = 282;
constexpr std::uint16_t kYResolution = 283;
constexpr std::uint16_t kPlanarConfig = 284;
constexpr std::uint16_t kResolutionUnit = 296;
constexpr std::uint16_t kPredictor = 317;
constexpr std::uint16_t kTileOffsets = 324;
constexpr std::uint16_t kTileByteCounts = 325;
constexpr std::uint16_t kExtraSamples = 338;
constexpr std::uint16_t kThumbnailOffset = 513;
constexpr std::uint16_t kThumbnailBytes = 514;
constexpr std::uint16_t kXMP = 700;
constexpr std::uint16_t kIPTC = 33723;
constexpr std::uint16_t kPhotoshop = 34377;
constexpr std::uint16_t kExifDirectory = 34665;
constexpr std::uint16_t kICC = 34675;
constexpr std::uint16_t kGPSDirectory = 34853;
constexpr std::uint16_t kPixelXDimension = 40962;
constexpr std::uint16_t kPixelYDimension = 40963;
constexpr std::uint16_t kInteropDirectory = 40965;
constexpr std::uint16_t kC2PA = 52545;
}  // namespace tiff_tag

namespace tiff_type {
constexpr std::uint16_t kByte = 1;
constexpr std::uint16_t kASCII = 2;
constexpr std::uint16_t kShort = 3;
constexpr std::uint16_t kLong = 4;
constexpr std::uint16_t kRational = 5;
constexpr std::uint16_t kUndefined = 7;
}  // namespace tiff_type

}  // namespace patina::images
