// SPDX-License-Identifier: Apache-2.0
// Makes coatings: a folder of images goes in; coated images, a secret key and a public commitment
// come out. Entry point: coat_images. The methods are the rows of coat/methods.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "coat/method/key_request.h"
#include "coat/methods.h"
#include "core/observer.h"
#include "extractors/quality/quality.h"
#include "images/pixels/image_file.h"
#include "keys/coat_key.h"
#include "tensors/compute.h"

namespace patina::coat {

/// How coated files are encoded and what they carry.
struct FileOptions {
  std::optional<images::ImageFormat> format;  ///< None = as the input.
  std::optional<int> quality_percent;         ///< JPEG and WebP, [1, 100]; none = as the input.
  bool strip_gps = false;                     ///< As images::strip_place().
  /// A coated file may be so many times as large as its original at the same format and quality, at
  /// least 1; beyond it the coating fades.
  double max_size_ratio = 1.3;
};

struct CoatOptions {
  // Places.
  std::vector<std::filesystem::path> inputs;  ///< Image files and folders.
  std::filesystem::path output;               ///< Folder; mirrors the input tree.
  std::filesystem::path key_path;             ///< Key to write, or to use with `use_key`.
  bool use_key = false;                       ///< Coat with an existing key, without training.
  /// Encrypts the key file; empty = stored plain, mode 0600.
  std::string passphrase;
  // What it makes.
  MethodOptions method;      ///< How the key is made; not read with `use_key`.
  FidelityOptions fidelity;  ///< How visible the coating may be.
  FileOptions files;         ///< How the coated files are encoded.
  /// Everything drawn for the key; none = drawn from the operating system and kept in the key.
  std::optional<std::uint64_t> seed;
  /// One unreadable image stops the run; otherwise it is skipped and listed in the result.
  bool strict = false;
  // How fast.
  tensors::ComputeOptions compute;  ///< Device, number format and threads.
  /// Larger images are coated in tiles, with the same result; [1, 2^40].
  std::uint64_t max_tile_pixels = 1 << 20;
};
/// Throws Error{kUsage} naming flag, value and range.
void validate(const CoatOptions& options);

struct CoatedImage {
  std::string relative;  ///< Path below the output folder, with '/'.
  std::string sha256;    ///< Digest of the coated file, hexadecimal.
  int width_px = 0;
  int height_px = 0;
  extractors::Quality quality;
  double strength = 0.0;  ///< Used for this image.
  /// Bytes of the coated file / those of the clean one as it was given or, where format or quality
  /// are changed, as it would be at the same settings.
  double size_ratio = 0.0;
  double score_clean = 0.0;
  double score_coated = 0.0;
  /// What its file does not carry on, or how its colours were read: ImageFile::remarks.
  std::vector<std::string> remarks;
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
  std::string method;  ///< Name of the key's method.
  std::uint64_t seed = 0;
  double radius = 0.0;        ///< Radius of the key, in the method's own units.
  double radius_score = 0.0;  ///< The same in score units.
  int steps = 0;              ///< Steps of training.
  double training_seconds = 0.0;
  double coating_seconds = 0.0;
};

/// Coats. A rerun over the same output resumes. Throws Error for: no readable image, output inside
/// an input or the reverse, output that holds another run's files, unwritable paths.
CoatResult coat_images(const CoatOptions& options, const core::Observer& observer = {});

}  // namespace patina::coat
