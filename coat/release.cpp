// SPDX-License-Identifier: Apache-2.0
#include "coat/internal/release.h"

#include <algorithm>
#include <cmath>

namespace patina::coat {

namespace {

constexpr int kFitAttempts = 5;
constexpr double kWeakestShare =
    0.1;  // Of the strength asked for; below, the limit is reported broken.

std::vector<std::uint8_t> encode_with(const core::ImageFile& clean, core::Image pixels) {
  core::ImageFile file = clean;
  file.image = std::move(pixels);
  return core::encode_image(file);
}

// The original's own bytes where its format and quality are kept; what the clean image takes at the
// new settings otherwise, or where the original was stored in a way no coated image can be (a
// palette).
double reference_bytes(const core::ImageFile& clean, const CoatOptions& options) {
  const double reencoded = static_cast<double>(core::encode_image(clean).size());
  if (options.format || options.quality_percent || clean.file_bytes == 0) return reencoded;
  const auto original = static_cast<double>(clean.file_bytes);
  return reencoded > options.max_size_ratio * original ? reencoded : original;
}

}  // namespace

core::ImageFile prepare_output(core::ImageFile file, const CoatOptions& options) {
  if (options.format) file.encoding.format = *options.format;
  if (options.format && *options.format == core::ImageFormat::kWebP) {
    file.encoding.lossless = !options.quality_percent;
  }
  if (options.quality_percent) {
    file.encoding.quality_percent = *options.quality_percent;
    file.encoding.lossless = false;
  }
  if (options.strip_gps) core::strip_gps(file.metadata.exif);
  return file;
}

std::filesystem::path released_name(const core::ImageEntry& entry, const CoatOptions& options) {
  std::filesystem::path name = entry.relative;
  if (options.format) name.replace_extension(core::file_extension(*options.format));
  return name;
}

Release fit_release(const core::ImageFile& clean,
                    const siren::CoatingPattern& pattern,
                    const CoatOptions& options) {
  const double reference = reference_bytes(clean, options);
  Release best;
  double low = 0.0, high = options.strength, strength = options.strength;
  for (int attempt = 0; attempt < kFitAttempts; ++attempt) {
    Release release;
    release.bytes = encode_with(clean, siren::apply_pattern(clean.image, pattern, strength));
    release.strength = strength;
    release.size_ratio = static_cast<double>(release.bytes.size()) / reference;
    const bool fits = release.size_ratio <= options.max_size_ratio;
    if (fits || best.bytes.empty()) best = std::move(release);
    if (fits && strength == high) break;
    (fits ? low : high) = strength;
    if (high - low < 0.06 * options.strength) break;
    strength = std::max(0.5 * (low + high), kWeakestShare * options.strength);
  }
  best.pixels = core::decode_image(best.bytes, "coated image").image;
  return best;
}

CoatedImage describe_release(const core::Image& clean,
                             const Release& release,
                             core::Extractor& scorer) {
  CoatedImage image;
  image.width_px = clean.width_px;
  image.height_px = clean.height_px;
  image.quality = extractors::measure_quality(clean, release.pixels);
  image.strength = release.strength;
  image.size_ratio = release.size_ratio;
  const std::vector<double> scores = scorer.score({&clean, &release.pixels});
  image.score_clean = scores[0];
  image.score_coated = scores[1];
  return image;
}

}  // namespace patina::coat
