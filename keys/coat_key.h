// SPDX-License-Identifier: Apache-2.0
// CoatKey: the owner's secret. One safetensors file whose header metadata holds one JSON document
// under "patina" (format version, method, options, seed, message, hypersphere centre and radius,
// calibration, digest of the released set, creation time) and whose tensors hold extractor and
// generator ("extractor/...", "generator/...", "center") or a frame mark ("frame/...", "center").
// No LibTorch here; networks are built from the blobs in the *_torch.h headers. Format page:
// docs/formats/coat-key.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/safetensors.h"

namespace patina::keys {

inline constexpr int kCoatKeyFormatVersion = 1;

/// How the networks normalise their activations.
enum class NormMode {
  kRunning,   ///< Batch norm with running statistics; folds into the convolutions. Patina's own
              ///< keys.
  kPerImage,  ///< Statistics of the image itself (instance norm): what the public Siren code
              ///< computes.
};

/// How an image enters the networks (extractors/siren/network_input_torch.h).
enum class InputNorm {
  kImageNet,  ///< (unit - mean) / std per channel: what the public Siren code feeds.
  kMscn,      ///< Local mean taken out, divided by local contrast. Patina's own keys.
};

/// "imagenet", "mscn"; none for another name.
const char* to_string(InputNorm input);
std::optional<InputNorm> input_norm_from_name(const std::string& name);

/// Scores of the owner's own set, so that a key says what it can do.
struct Calibration {
  std::int64_t image_count = 0;
  double coated_score_mean = 0.0;
  double coated_score_max = 0.0;
  double clean_score_mean = 0.0;
  double clean_score_min = 0.0;
  double auc = 0.5;  ///< P(coated score < clean score) on the owner's set.
};

struct CoatKey {
  int format_version = kCoatKeyFormatVersion;
  std::string method = "siren";  ///< Name of a coat::Method.
  std::string created;           ///< RFC 3339, UTC.
  std::string tool_version;
  std::uint64_t seed = 0;   ///< Secret: of message and training.
  std::string message_hex;  ///< Secret: 48 bits fed to the generator, 12 hexadecimal digits.
  NormMode norm_mode = NormMode::kRunning;
  InputNorm input = InputNorm::kImageNet;
  double strength = 1.5;         ///< Coating strength in normalised space [Siren 2025, App. C].
  double coating_blur_px = 0.0;  ///< Standard deviation of the low-pass on the coating; 0 = none.
  double coating_mean_px =
      0.0;              ///< Standard deviation of the local mean taken out of it; 0 = none.
  double dither = 0.0;  ///< Half width of the noise that the generator sees; 0 = none.
  double chroma = 1.0;  ///< Share of the coating's colour kept.
  std::int64_t training_steps = 0;
  double nu = 0.1;      ///< Of the soft boundary [Siren 2025, Eq. 5].
  double radius = 0.0;  ///< R, in feature units.
  Calibration calibration;
  std::string released_merkle_root;  ///< Of the set coated when the key was made.
  std::map<std::string, core::TensorBlob> tensors;
};

/// Reads a key, plain or sealed with a passphrase (core/secret_box.h). Throws Error{kInput}: not a
/// key, wrong passphrase, missing tensor, shape, non-finite weights, digest mismatch (a flipped
/// bit); Error{kUnsupported}: a newer format, saying which version wrote it.
CoatKey read_coat_key(const std::filesystem::path& path, const std::string& passphrase = {});

/// Writes it with mode 0600, sealed if a passphrase is given. Refuses non-finite tensors.
void write_coat_key(const std::filesystem::path& path,
                    const CoatKey& key,
                    const std::string& passphrase = {});

/// The part that scores: extractor, centre, radius; neither generator, message nor seed. This is
/// what an evidence bundle carries.
void write_extractor(const std::filesystem::path& path, const CoatKey& key);
CoatKey read_extractor(const std::filesystem::path& path);

/// SHA-256 over the scoring part (names, shapes, bytes, radius).
std::string extractor_sha256(const CoatKey& key);

}  // namespace patina::keys
