// SPDX-License-Identifier: Apache-2.0
#include "images/codecs/inks.h"

#include <lcms2.h>

namespace patina::images {

struct InkConverter::Profile {
  explicit Profile(cmsHTRANSFORM made) : transform(made) {}
  ~Profile() { cmsDeleteTransform(transform); }
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;

  cmsHTRANSFORM transform;
};

namespace {

cmsHTRANSFORM open_transform(const core::Bytes& icc, bool inverted) {
  if (icc.empty()) return nullptr;
  const cmsHPROFILE from = cmsOpenProfileFromMem(icc.data(),
                                                 static_cast<cmsUInt32Number>(icc.size()));
  if (from == nullptr) return nullptr;
  cmsHTRANSFORM transform = nullptr;
  if (cmsGetColorSpace(from) == cmsSigCmykData) {
    const cmsHPROFILE to = cmsCreate_sRGBProfile();
    transform = cmsCreateTransform(
        from, inverted ? TYPE_CMYK_8_REV : TYPE_CMYK_8, to, TYPE_RGB_8, INTENT_PERCEPTUAL, 0);
    cmsCloseProfile(to);
  }
  cmsCloseProfile(from);
  return transform;
}

}  // namespace

InkConverter::InkConverter(const core::Bytes& icc, bool inverted) : inverted_(inverted) {
  const cmsHTRANSFORM transform = open_transform(icc, inverted);
  if (transform != nullptr) profile_ = std::make_unique<Profile>(transform);
}

InkConverter::~InkConverter() = default;

void InkConverter::convert(const std::uint8_t* inks, int count, std::uint8_t* rgb) const {
  if (profile_) {
    cmsDoTransform(profile_->transform, inks, rgb, static_cast<cmsUInt32Number>(count));
    return;
  }
  const unsigned flip = inverted_ ? 0U : 255U;
  for (int x = 0; x < count; ++x, inks += 4, rgb += 3) {
    const unsigned paper = inks[3] ^ flip;
    for (int k = 0; k < 3; ++k) {
      rgb[k] = static_cast<std::uint8_t>(((inks[k] ^ flip) * paper + 127U) / 255U);
    }
  }
}

std::string InkConverter::remark() const {
  return profile_
             ? "its CMYK inks were turned into sRGB by its own profile"
             : "its CMYK inks were turned into RGB without a profile, so that colours may differ "
               "from what your programs show";
}

}  // namespace patina::images
