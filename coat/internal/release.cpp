// SPDX-License-Identifier: Apache-2.0
#include "coat/internal/release.h"

#include <algorithm>
#include <cmath>

#include "core/numbers.h"
#include "images/carried_metadata.h"
#include "images/image_list.h"

namespace patina::coat {

namespace {

constexpr int kFitAttempts = 5;
constexpr double kWeakestShare =
    0.1;  // Share of the strength wanted below which the limit is reported as broken.
constexpr int kCenterAttempts = 5;
constexpr double kCenterTolerance = 0.15;

std::vector<std::uint8_t> encode_with(const images::ImageFile& clean, images::Image pixels) {
  images::ImageFile file = clean;
  file.image = std::move(pixels);
  return images::encode_image(file);
}

// The original's own bytes where its format and quality are kept; what the clean image takes at the
// new settings otherwise, or where the original was stored in a way no coated image can be (a
// palette).
double reference_bytes(const images::ImageFile& clean, const CoatOptions& options) {
  const double reencoded = static_cast<double>(images::encode_image(clean).size());
  if (options.files.format || options.files.quality_percent || clean.file_bytes == 0)
    return reencoded;
  const auto original = static_cast<double>(clean.file_bytes);
  return reencoded > options.files.max_size_ratio * original ? reencoded : original;
}

}  // namespace

images::ImageFile prepare_output(images::ImageFile file, const CoatOptions& options) {
  if (options.files.format) file.encoding.format = *options.files.format;
  if (options.files.format && *options.files.format == images::ImageFormat::kWebP) {
    file.encoding.lossless = !options.files.quality_percent;
  }
  if (options.files.quality_percent) {
    file.encoding.quality_percent = *options.files.quality_percent;
    file.encoding.lossless = false;
  }
  images::leave_out_stale(file);
  if (options.files.strip_gps) images::strip_place(file);
  return file;
}

std::filesystem::path released_name(const images::ImageEntry& entry, const CoatOptions& options) {
  std::filesystem::path name = entry.relative;
  if (options.files.format) name.replace_extension(images::file_extension(*options.files.format));
  return name;
}

namespace {

// clean + strength * (replaced - clean), strength in [0,1].
images::Image blended(const images::Image& clean, const images::Image& replaced, double strength) {
  if (strength >= 1.0) return replaced;
  images::Image out = clean;
  const auto mix = [strength](auto from, auto to) {
    return static_cast<decltype(from)>(
        std::lround(from + strength * (static_cast<double>(to) - from)));
  };
  if (clean.bit_depth == 8) {
    for (std::size_t i = 0; i < out.bytes.size(); ++i) {
      out.bytes[i] = mix(clean.bytes[i], replaced.bytes[i]);
    }
    return out;
  }
  const auto* from = reinterpret_cast<const std::uint16_t*>(clean.bytes.data());
  const auto* to = reinterpret_cast<const std::uint16_t*>(replaced.bytes.data());
  auto* samples = reinterpret_cast<std::uint16_t*>(out.bytes.data());
  for (std::size_t i = 0; i < out.sample_count(); ++i) samples[i] = mix(from[i], to[i]);
  return out;
}

bool is_unseen(const Coating& coating, const CoatOptions& options) {
  return options.fidelity.level == Fidelity::kHigh && coating.unseen_pattern;
}

// The strength for one image (FidelityOptions::min_psnr_db says how it is chosen), `clean_position`
// being that of the clean image.
double choose_strength(const images::Image& clean,
                       double clean_position,
                       const CoatingPattern& pattern,
                       const Coating& coating,
                       const CoatOptions& options) {
  if (options.fidelity.min_psnr_db <= 0.0) return options.fidelity.strength;
  const bool unseen = is_unseen(coating, options);
  const double least_psnr = unseen ? options.fidelity.min_psnr_db : least_psnr_db(options.fidelity);
  const double allowed = std::pow(10.0, -least_psnr / 20.0) / std::max(pattern_rms(pattern), 1e-9);
  const double strongest = std::min(allowed,
                                    (unseen ? 1.0 : kStrongestShare) * options.fidelity.strength);
  if (!coating.stops_at_centre) return strongest;
  const double least = std::min(strongest, kFaintestShare * options.fidelity.strength);
  // Position grows with strength, but levels off where the coating outweighs the content: regula
  // falsi.
  double low = 0.0, at_low = clean_position, high = strongest, at_high = 0.0;
  for (int attempt = 0; attempt < kCenterAttempts; ++attempt) {
    const double strength =
        attempt == 0
            ? strongest
            : std::clamp(low + (high - low) * (1.0 - at_low) / (at_high - at_low), least, high);
    const double position = coating.read(apply_pattern(clean, pattern, strength)).position;
    if (attempt == 0 && (position <= 1.0 || position <= clean_position)) return strongest;
    if (std::abs(position - 1.0) < kCenterTolerance || strength <= least) return strength;
    (position > 1.0 ? high : low) = strength;
    (position > 1.0 ? at_high : at_low) = position;
  }
  return std::clamp(low + (high - low) * (1.0 - at_low) / (at_high - at_low), least, high);
}

/// A coating and how strong it is wanted.
struct Wanted {
  std::function<images::Image(double strength)> at;
  double strength = 1.0;
};

Wanted wanted_coating(const images::Image& clean,
                      double clean_position,
                      const Coating& coating,
                      const CoatOptions& options) {
  if (coating.replaced) {
    return {[clean, whole = coating.replaced(clean)](double strength) {
              return blended(clean, whole, strength);
            },
            1.0};
  }
  CoatingPattern pattern = is_unseen(coating, options) ? coating.unseen_pattern(clean)
                                                       : coating.pattern(clean);
  const double strength = choose_strength(clean, clean_position, pattern, coating, options);
  return {[clean, pattern = std::move(pattern)](double at) {
            return apply_pattern(clean, pattern, at);
          },
          strength};
}

// The largest strength, at most the wanted one, at which the coated file is at most
// `options.files.max_size_ratio` times the original's bytes at the same format and quality; where
// even a tenth of the wanted strength makes a larger file, that with the smallest. Tries a handful of
// strengths.
Release fit_release(const images::ImageFile& clean,
                    const Wanted& wanted,
                    const CoatOptions& options) {
  const double reference = reference_bytes(clean, options);
  Release best;
  double low = 0.0, high = wanted.strength, strength = wanted.strength;
  for (int attempt = 0; attempt < kFitAttempts; ++attempt) {
    Release release;
    release.bytes = encode_with(clean, wanted.at(strength));
    release.strength = strength;
    release.size_ratio = static_cast<double>(release.bytes.size()) / reference;
    release.fits = release.size_ratio <= options.files.max_size_ratio;
    const bool better = release.fits ? !best.fits || strength > best.strength
                                     : !best.fits && release.bytes.size() < best.bytes.size();
    const bool done = release.fits && strength == high;
    (release.fits ? low : high) = strength;
    if (better || best.bytes.empty()) best = std::move(release);
    if (done || high - low < 0.06 * wanted.strength) break;
    const double next = std::max(0.5 * (low + high), kWeakestShare * wanted.strength);
    if (next >= high) break;
    strength = next;
  }
  best.pixels = images::decode_image(best.bytes, "coated image").image;
  return best;
}

// What the file is to its owner, who knows the one that was given.
void tell_size(const images::ImageFile& clean, const CoatOptions& options, CoatedRelease& coated) {
  const FileOptions& files = options.files;
  double& ratio = coated.image.size_ratio;
  const bool as_given = !files.format && !files.quality_percent && clean.file_bytes > 0;
  if (as_given) {
    ratio = static_cast<double>(coated.release.bytes.size()) /
            static_cast<double>(clean.file_bytes);
  }
  if (ratio <= files.max_size_ratio) return;
  const std::string grown = "its file is " + core::fixed_text(ratio, 1) +
                            " times as large as the clean one";
  coated.image.remarks.push_back(
      coated.release.fits
          ? grown +
                ", which was stored in a way that no coated picture can be (a palette, a quality "
                "that the file does not tell)"
          : grown +
                ", although its coating was made fainter: flat colours are small in a lossless "
                "file and nothing else is; --format webp --quality 90 or jpeg keeps it small");
}

}  // namespace

CoatedRelease make_release(const images::ImageFile& clean,
                           const Coating& coating,
                           const CoatOptions& options) {
  const Reading before = coating.read(clean.image);
  CoatedRelease coated;
  coated.release = fit_release(
      clean, wanted_coating(clean.image, before.position, coating, options), options);
  coated.image.remarks = clean.remarks;
  coated.image.width_px = clean.image.width_px;
  coated.image.height_px = clean.image.height_px;
  coated.image.quality = extractors::measure_quality(clean.image, coated.release.pixels);
  coated.image.strength = coated.release.strength;
  coated.image.size_ratio = coated.release.size_ratio;
  tell_size(clean, options, coated);
  coated.image.score_clean = before.score;
  coated.image.score_coated = coating.read(coated.release.pixels).score;
  return coated;
}

}  // namespace patina::coat
