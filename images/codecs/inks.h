// SPDX-License-Identifier: Apache-2.0
// CMYK pictures become RGB: by their own profile where there is one (LittleCMS), else as light that
// each ink lets through.
#pragma once

#include <memory>
#include <string>

#include "core/byte_reader.h"

namespace patina::images {

/// Not for use by several threads at once.
class InkConverter {
 public:
  /// `icc` is the picture's profile, which is passed over unless it is one of CMYK. `inverted`: the
  /// file stores what the inks leave, as Adobe's JPEGs do.
  InkConverter(const core::Bytes& icc, bool inverted);
  ~InkConverter();
  InkConverter(const InkConverter&) = delete;
  InkConverter& operator=(const InkConverter&) = delete;

  /// `count` pixels of four inks, 8 bits each, to three of sRGB: by the profile with perceptual
  /// intent [ICC.1:2010, Sec. 6.2.1], without one R = (1 - C)(1 - K) and so on.
  void convert(const std::uint8_t* inks, int count, std::uint8_t* rgb) const;
  /// What happened, for ImageFile::remarks.
  std::string remark() const;

 private:
  struct Profile;
  std::unique_ptr<Profile> profile_;  ///< Null without a usable one.
  bool inverted_;
};

}  // namespace patina::images
