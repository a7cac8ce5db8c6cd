// SPDX-License-Identifier: Apache-2.0
// CoatKey: the owner's secret, whatever the method. A key has two parts: one that scores, which an
// evidence bundle carries, and one that stays secret. Each holds fields and tensors of the method's
// own; the method's folder says which. Format page: docs/formats/coat-key.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/safetensors.h"

namespace patina::keys {

inline constexpr int kCoatKeyFormatVersion = 2;

/// Scores of the owner's own set, so that a key says what it can do.
struct Calibration {
  std::int64_t image_count = 0;
  double coated_score_mean = 0.0;
  double coated_score_max = 0.0;
  double clean_score_mean = 0.0;
  double clean_score_min = 0.0;
  double auc = 0.5;  ///< P(coated score < clean score) on the owner's set.
};

/// What a method keeps of its own. Tensors are F32 or F64.
struct KeyPart {
  std::map<std::string, std::variant<double, std::string>> fields;
  std::map<std::string, core::TensorBlob> tensors;

  /// Throw Error{kInput} naming the key's field where it is missing or of the other kind.
  double number(const std::string& name) const;
  const std::string& text(const std::string& name) const;
};

struct CoatKey {
  // What scores.
  std::string method;        ///< Name of a row in coat/methods.h.
  int reader = 1;            ///< As MethodRecord::reader.
  std::string created;       ///< RFC 3339, UTC.
  std::string tool_version;  ///< Version of the Patina that made it.
  double radius = 0.0;       ///< In the method's own units, at least 0.
  KeyPart scoring;
  // What stays secret.
  std::uint64_t seed = 0;           ///< Everything drawn for the key comes from it.
  double strength = 0.0;            ///< As FidelityOptions::strength when the key was made.
  double nu = 0.0;                  ///< Share of coated images left outside [Siren 2025, Eq. 5].
  std::int64_t training_steps = 0;  ///< 0 for methods without training.
  Calibration calibration;
  std::string released_merkle_root;  ///< Merkle root of the set coated when the key was made.
  KeyPart secret;
};

/// Reads a key, plain or sealed with a passphrase (core/secret_box.h). Throws Error{kInput}: not a
/// key, wrong passphrase, missing field, non-finite weights, digest mismatch (a flipped bit);
/// Error{kUnsupported}: another format, saying which version wrote it.
CoatKey read_coat_key(const std::filesystem::path& path, const std::string& passphrase = {});

/// Writes it with mode 0600, sealed if a passphrase is given. Refuses non-finite tensors.
void write_coat_key(const std::filesystem::path& path,
                    const CoatKey& key,
                    const std::string& passphrase = {});

/// The part that scores, which an evidence bundle carries. Reading gives a key without its secrets.
void write_extractor(const std::filesystem::path& path, const CoatKey& key);
CoatKey read_extractor(const std::filesystem::path& path);

/// SHA-256 over the scoring part: fields, radius, names, shapes and bytes of tensors.
std::string extractor_sha256(const CoatKey& key);

}  // namespace patina::keys
