// SPDX-License-Identifier: Apache-2.0
#include "keys/coat_key.h"

#include <cmath>
#include <cstring>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/secret_box.h"

namespace patina::keys {

using core::Error;
using core::ErrorKind;
using nlohmann::json;

namespace {

constexpr const char* kMetadataName = "patina";
constexpr const char* kKeyKind = "patina-coat-key";
constexpr const char* kExtractorKind = "patina-extractor";

// A method's reader is raised whenever the same image and key would get another score, so that
// numbers of two readers are never compared. Keys from before the field have reader 1.
struct MethodReader {
  const char* method;
  int reader;
};
constexpr MethodReader kMethodReaders[] = {
    {"siren", 1}, {"frame", 2}, {"dct-dwt-svd", 1}, {"fingerprint", 1}, {"warp", 1}};

std::optional<int> reader_of(const std::string& method) {
  for (const MethodReader& known : kMethodReaders) {
    if (method == known.method) return known.reader;
  }
  return std::nullopt;
}

// Every byte that matters goes into the digest, so that a flipped bit anywhere is found.
std::string content_sha256(const std::map<std::string, core::TensorBlob>& tensors,
                           const std::string& document) {
  core::Sha256 digest;
  digest.update(document);
  for (const auto& [name, blob] : tensors) {
    digest.update("\n" + name + " " + core::to_string(blob.dtype));
    for (const std::int64_t side : blob.shape) digest.update(" " + std::to_string(side));
    digest.update("\n");
    digest.update(blob.bytes.data(), blob.bytes.size());
  }
  return core::to_hex(digest.finish());
}

bool is_scoring_part(const std::string& name) {
  return name == "center" || name == "frame/index" || name == "frame/amplitudes" ||
         name == "bits" || name == "step" || name.rfind("extractor/", 0) == 0;
}

std::map<std::string, core::TensorBlob> scoring_part(const CoatKey& key) {
  std::map<std::string, core::TensorBlob> part;
  for (const auto& [name, blob] : key.tensors) {
    if (is_scoring_part(name)) part.insert({name, blob});
  }
  return part;
}

json scoring_document(const CoatKey& key) {
  return {{"method", key.method},
          {"reader", reader_of(key.method).value_or(1)},
          {"norm_mode", key.norm_mode == NormMode::kRunning ? "running" : "per-image"},
          {"input", to_string(key.input)},
          {"radius", key.radius},
          {"created", key.created},
          {"tool_version", key.tool_version}};
}

json key_document(const CoatKey& key) {
  json document = scoring_document(key);
  document["seed"] = std::to_string(
      key.seed);  // A string: JSON readers keep only 53 bits of a number.
  document["message"] = key.message_hex;
  document["strength"] = key.strength;
  document["coating_blur_px"] = key.coating_blur_px;
  document["coating_mean_px"] = key.coating_mean_px;
  document["dither"] = key.dither;
  document["chroma"] = key.chroma;
  document["training_steps"] = key.training_steps;
  document["nu"] = key.nu;
  document["released_merkle_root"] = key.released_merkle_root;
  const Calibration& c = key.calibration;
  document["calibration"] = {{"image_count", c.image_count},
                             {"coated_score_mean", c.coated_score_mean},
                             {"coated_score_max", c.coated_score_max},
                             {"clean_score_mean", c.clean_score_mean},
                             {"clean_score_min", c.clean_score_min},
                             {"auc", c.auc}};
  return document;
}

double value_at(const core::TensorBlob& blob, std::size_t index) {
  if (blob.dtype == core::DType::kF64) {
    double value = 0.0;
    std::memcpy(&value, blob.bytes.data() + index * sizeof value, sizeof value);
    return value;
  }
  float value = 0.0F;
  std::memcpy(&value, blob.bytes.data() + index * sizeof value, sizeof value);
  return static_cast<double>(value);
}

void require_finite(const std::map<std::string, core::TensorBlob>& tensors,
                    const std::string& where) {
  for (const auto& [name, blob] : tensors) {
    if (blob.dtype != core::DType::kF32 && blob.dtype != core::DType::kF64) {
      throw core::Error(
          core::ErrorKind::kInput,
          where,
          "tensor " + name + " is " + core::to_string(blob.dtype) + ", a key holds F32 or F64",
          "use the key as it was written");
    }
    const std::size_t count = blob.bytes.size() / core::size_of(blob.dtype);
    for (std::size_t i = 0; i < count; ++i) {
      if (std::isfinite(value_at(blob, i))) continue;
      throw core::Error(
          core::ErrorKind::kInput,
          where,
          "tensor " + name + " holds a value that is not finite at index " + std::to_string(i),
          "use a key whose training succeeded");
    }
  }
}

std::map<std::string, std::string> metadata_of(
    const char* kind, const json& body, const std::map<std::string, core::TensorBlob>& tensors) {
  json document = body;
  document["kind"] = kind;
  document["format_version"] = kCoatKeyFormatVersion;
  const std::string text = document.dump();
  return {{kMetadataName, text}, {"content_sha256", content_sha256(tensors, text)}};
}

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw core::Error(core::ErrorKind::kInput, where, what, "use the file that patina wrote");
}

std::string text_at(const std::map<std::string, std::string>& metadata,
                    const std::string& name,
                    const std::string& where) {
  const auto found = metadata.find(name);
  if (found == metadata.end())
    refuse(where, "not a Patina key: metadata \"" + name + "\" is missing");
  return found->second;
}

void read_scoring_fields(const json& document, CoatKey& key) {
  key.format_version = document.at("format_version").get<int>();
  key.method = document.at("method").get<std::string>();
  key.norm_mode = document.at("norm_mode").get<std::string>() == "running" ? NormMode::kRunning
                                                                           : NormMode::kPerImage;
  const auto input = input_norm_from_name(document.at("input").get<std::string>());
  if (!input) throw std::invalid_argument("input is neither imagenet nor mscn");
  key.input = *input;
  key.radius = document.at("radius").get<double>();
  key.created = document.at("created").get<std::string>();
  key.tool_version = document.at("tool_version").get<std::string>();
}

void read_secret_fields(const json& document, CoatKey& key) {
  key.seed = std::stoull(document.at("seed").get<std::string>());
  key.message_hex = document.at("message").get<std::string>();
  key.strength = document.at("strength").get<double>();
  key.coating_blur_px = document.at("coating_blur_px").get<double>();
  key.coating_mean_px = document.at("coating_mean_px").get<double>();
  key.dither = document.at("dither").get<double>();
  key.chroma = document.at("chroma").get<double>();
  key.training_steps = document.at("training_steps").get<std::int64_t>();
  key.nu = document.at("nu").get<double>();
  key.released_merkle_root = document.at("released_merkle_root").get<std::string>();
  const json& c = document.at("calibration");
  key.calibration = {c.at("image_count").get<std::int64_t>(),
                     c.at("coated_score_mean").get<double>(),
                     c.at("coated_score_max").get<double>(),
                     c.at("clean_score_mean").get<double>(),
                     c.at("clean_score_min").get<double>(),
                     c.at("auc").get<double>()};
}

void check_version(const json& document, const std::string& where) {
  const int version = document.value("format_version", 0);
  if (version > kCoatKeyFormatVersion) {
    throw core::Error(core::ErrorKind::kUnsupported,
                      where,
                      "key format " + std::to_string(version) + " (written by Patina " +
                          document.value("tool_version", std::string("unknown")) +
                          "), this build reads up to " + std::to_string(kCoatKeyFormatVersion),
                      "update Patina");
  }
}

void check_reader(const json& document, const CoatKey& key, const std::string& where) {
  const std::optional<int> own = reader_of(key.method);
  if (!own) {
    throw core::Error(core::ErrorKind::kUnsupported,
                      where,
                      "method " + key.method + " is unknown",
                      "update Patina");
  }
  const json reader = document.value("reader", json(1));
  if (reader == *own) return;
  throw core::Error(core::ErrorKind::kUnsupported,
                    where,
                    "made for reader " + reader.dump() + " of method " + key.method + " (Patina " +
                        key.tool_version + "), this build has reader " + std::to_string(*own) +
                        ", which gives other scores",
                    "use the Patina that made it, or a later one");
}

CoatKey parse_key(const core::SafetensorsFile& file, const char* kind) {
  const std::string& where = file.where();
  const std::string text = text_at(file.metadata(), kMetadataName, where);
  const json document = core::parse_json(text, where);
  if (!document.is_object() || document.value("kind", std::string()) != kind) {
    refuse(where, "not a " + std::string(kind) + " file");
  }
  check_version(document, where);
  CoatKey key;
  key.tensors = core::owned_tensors(file);
  if (content_sha256(key.tensors, text) != text_at(file.metadata(), "content_sha256", where)) {
    refuse(where, "its content does not match its own digest: the file was damaged or changed");
  }
  try {
    read_scoring_fields(document, key);
    if (std::string(kind) == kKeyKind) read_secret_fields(document, key);
  } catch (const std::exception& error) {
    refuse(where, "a field is missing or malformed (" + std::string(error.what()) + ")");
  }
  check_reader(document, key, where);
  if (key.tensors.count("center") == 0) refuse(where, "tensor center is missing");
  require_finite(key.tensors, where);
  return key;
}

}  // namespace

const char* to_string(InputNorm input) { return input == InputNorm::kMscn ? "mscn" : "imagenet"; }

std::optional<InputNorm> input_norm_from_name(const std::string& name) {
  for (const InputNorm input : {InputNorm::kImageNet, InputNorm::kMscn}) {
    if (name == to_string(input)) return input;
  }
  return std::nullopt;
}

CoatKey read_coat_key(const std::filesystem::path& path, const std::string& passphrase) {
  std::vector<std::uint8_t> bytes = core::read_file(path, 1ULL << 30);
  if (core::is_sealed(bytes)) {
    if (passphrase.empty()) {
      throw core::Error(core::ErrorKind::kInput,
                        path.string(),
                        "the key is sealed with a passphrase",
                        "give it with --passphrase-file or PATINA_PASSPHRASE");
    }
    bytes = core::unseal(bytes, passphrase, path.string());
  }
  return parse_key(core::SafetensorsFile::parse(std::move(bytes), path.string()), kKeyKind);
}

void write_coat_key(const std::filesystem::path& path,
                    const CoatKey& key,
                    const std::string& passphrase) {
  require_finite(key.tensors, path.string());
  std::vector<std::uint8_t> bytes = core::safetensors_bytes(
      key.tensors, metadata_of(kKeyKind, key_document(key), key.tensors));
  if (!passphrase.empty()) bytes = core::seal(bytes, passphrase);
  core::write_file_atomic(path, bytes, core::FileAccess::kSecret);
}

void write_extractor(const std::filesystem::path& path, const CoatKey& key) {
  const auto part = scoring_part(key);
  core::write_safetensors(path, part, metadata_of(kExtractorKind, scoring_document(key), part));
}

CoatKey read_extractor(const std::filesystem::path& path) {
  return parse_key(core::SafetensorsFile::open(path), kExtractorKind);
}

std::string extractor_sha256(const CoatKey& key) {
  return content_sha256(scoring_part(key), scoring_document(key).dump());
}

}  // namespace patina::keys
