// SPDX-License-Identifier: Apache-2.0
// Makes coatings: a folder of images goes in; coated images, a secret key and a public commitment
// come out. Entry point: coat_images. The methods themselves are in coat/siren/.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/observer.h"
#include "extractors/quality/quality.h"
#include "images/image_io.h"
#include "keys/coat_key.h"
#include "tensors/compute.h"

namespace patina::coat {

/// What is laid on the images.
enum class Method {
  kFrame,  ///< A mark locked to the frame that personalised models learn (coat/frame/frame.h).
  kSiren,  ///< The coating of a trained generator, read by its extractor [Siren 2025].
  // For comparison, the baselines of [Siren 2025]:
  kDctDwtSvd,    ///< A classical watermark (extractors/svd/dct_dwt_svd.h).
  kFingerprint,  ///< Bits that an encoder lays on [Yu 2021] (coat/fingerprint/fingerprint_torch.h).
  kWarp,         ///< A bend, told by a classifier [Wang 2024] (coat/warp/warp.h).
};
/// "frame", "siren", "dct-dwt-svd", "fingerprint", "warp".
const char* to_string(Method method);
std::vector<std::string> method_names();
/// Throws Error{kUsage} listing the names.
Method method_from_name(const std::string& name);

struct CoatOptions {
  // What it makes.
  Method method = Method::kFrame;
  /// Frame: latents along a side of the models that are to learn the mark, [8, 256]: 16 for the
  /// built-in base, 64 for Stable Diffusion at 512 pixels (where nothing was measured).
  int latents = 16;
  std::vector<std::filesystem::path> inputs;  ///< Image files and folders.
  std::filesystem::path output;               ///< Folder; mirrors the input tree.
  std::filesystem::path key_path;             ///< Key to write, or to use with `use_key`.
  bool use_key = false;                       ///< Coat with an existing key, without training.
  std::string passphrase;                     ///< Of the key file; empty = stored plain, mode 0600.
  std::string message;  ///< Text whose SHA-256 gives the 48 bits; empty = from seed.
  int steps = 20;       ///< Siren: training steps, [0, 100000].
  /// Siren: weight of the learnability loss [Siren 2025, Eq. 1, 2, 7], [0, 1000]; 0 = without, and
  /// without a surrogate. A set of fewer than 10 images is then trained beside 100 that the base
  /// generates from the class prompt [Siren 2025, Sec. 4.5].
  double learnability_weight = 0.0;
  // Siren: weights of the other terms of Eq. 7, [0, 1000].
  double percept_weight = 0.2;             ///< lambda1, on the mean squared CIEDE2000 of crops.
  double secret_weight = 1.0;              ///< lambda2, on the hypersphere's two losses.
  double mse_weight = 1.0;                 ///< On the mean squared difference, unit range.
  std::filesystem::path base;              ///< Model folder of the surrogate; empty = built-in.
  int surrogate_steps = 100;               ///< Of its fine-tuning on the uncoated set.
  std::string class_prompt = "a picture";  ///< What the images show, for the surrogate.
  int sphere_crops =
      32;  ///< Siren: crops that direction, centre and radius of a key are measured on.
  double strength = 1.5;  ///< Normalised space, (0, 4]; larger is more visible.
  /// Each image's strength is raised up to this PSNR (dB, at most 2.5 times `strength`), then
  /// lowered to what brings its feature to the key's centre; smaller is more visible. 0 =
  /// `strength` for all.
  double min_psnr_db = 38.2;
  std::optional<std::uint64_t> seed;  ///< None = drawn from the operating system, kept in the key.
  std::optional<images::ImageFormat> format;  ///< None = as the input.
  std::optional<int> quality_percent;         ///< None = as the input, [1, 100].
  bool strip_gps = false;
  bool strict = false;          ///< One unreadable image stops the run.
  double max_size_ratio = 1.3;  ///< Of a coated file to its original, same format/quality.
  // How fast.
  tensors::ComputeOptions compute;
  std::uint64_t max_tile_pixels = 1 << 20;  ///< Larger images are coated in tiles.
};
void validate(const CoatOptions& options);

struct CoatedImage {
  std::string relative;  ///< Path below the output folder, with '/'.
  std::string sha256;    ///< Of the coated file.
  int width_px = 0;
  int height_px = 0;
  extractors::Quality quality;
  double strength = 0.0;    ///< Used for this image.
  double size_ratio = 0.0;  ///< Coated file bytes / clean file bytes at the same settings.
  double score_clean = 0.0;
  double score_coated = 0.0;
  bool resumed = false;  ///< Found finished from an earlier run.
};

struct SkippedImage {
  std::string path;
  std::string reason;
};

struct CoatResult {
  std::vector<CoatedImage> images;
  std::vector<SkippedImage> skipped;
  extractors::Quality mean_quality;
  keys::Calibration calibration;
  std::string key_sha256;
  std::string merkle_root;
  std::uint64_t seed = 0;
  double radius = 0.0;
  int steps = 0;
  double training_seconds = 0.0;
  double coating_seconds = 0.0;
};

/// What a run will take on this machine, measured on a few tiles before starting.
struct Estimate {
  std::int64_t image_count = 0;
  double megapixels = 0.0;
  double training_seconds = 0.0;
  double coating_seconds = 0.0;
};
Estimate estimate_coating(const CoatOptions& options);

/// Coats. A rerun over the same output resumes. Throws Error for: no readable image, output inside
/// an input or the reverse, output that holds another run's files, unwritable paths.
CoatResult coat_images(const CoatOptions& options, const core::Observer& observer = {});

/// Coats one image (the first) with the warm-started pair or the given key and writes clean, coated
/// and amplified difference side by side, in the format that the file's ending names, else as PNG.
/// Returns its quality.
CoatedImage preview_coating(const CoatOptions& options, const std::filesystem::path& preview);

}  // namespace patina::coat
