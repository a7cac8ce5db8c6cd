// SPDX-License-Identifier: Apache-2.0
#include "keys/coat_key.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <utility>

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

json fields_to_json(const KeyPart& part) {
  json fields = json::object();
  for (const auto& [name, value] : part.fields) {
    std::visit([&fields, name = name](const auto& held) { fields[name] = held; }, value);
  }
  return fields;
}

json scoring_document(const CoatKey& key) {
  return {{"method", key.method},
          {"reader", key.reader},
          {"created", key.created},
          {"tool_version", key.tool_version},
          {"radius", key.radius},
          {"scoring", fields_to_json(key.scoring)}};
}

json to_json(const Calibration& calibration) {
  return {{"image_count", calibration.image_count},
          {"coated_score_mean", calibration.coated_score_mean},
          {"coated_score_max", calibration.coated_score_max},
          {"clean_score_mean", calibration.clean_score_mean},
          {"clean_score_min", calibration.clean_score_min},
          {"auc", calibration.auc}};
}

json key_document(const CoatKey& key) {
  json document = scoring_document(key);
  // A string, since JSON readers keep only 53 bits of a number.
  document["seed"] = std::to_string(key.seed);
  document["strength"] = key.strength;
  document["nu"] = key.nu;
  document["training_steps"] = key.training_steps;
  document["released_merkle_root"] = key.released_merkle_root;
  document["calibration"] = to_json(key.calibration);
  document["secret"] = fields_to_json(key.secret);
  document["secret_tensors"] = json::array();
  for (const auto& [name, blob] : key.secret.tensors) document["secret_tensors"].push_back(name);
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

std::map<std::string, std::string> make_metadata(
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

KeyPart fields_from_json(const json& fields) {
  KeyPart part;
  for (const auto& [name, value] : fields.get<std::map<std::string, json>>()) {
    if (value.is_string()) {
      part.fields[name] = value.get<std::string>();
    } else {
      part.fields[name] = value.get<double>();
    }
  }
  return part;
}

CoatKey read_scoring_fields(const json& document) {
  CoatKey key;
  key.method = document.at("method").get<std::string>();
  key.reader = document.at("reader").get<int>();
  key.created = document.at("created").get<std::string>();
  key.tool_version = document.at("tool_version").get<std::string>();
  key.radius = document.at("radius").get<double>();
  if (key.radius < 0.0) throw std::invalid_argument("radius is under 0");
  key.scoring = fields_from_json(document.at("scoring"));
  return key;
}

Calibration calibration_from_json(const json& document) {
  return {document.at("image_count").get<std::int64_t>(),
          document.at("coated_score_mean").get<double>(),
          document.at("coated_score_max").get<double>(),
          document.at("clean_score_mean").get<double>(),
          document.at("clean_score_min").get<double>(),
          document.at("auc").get<double>()};
}

std::uint64_t seed_from_text(const std::string& text) {
  std::uint64_t seed = 0;
  const char* end = text.data() + text.size();
  const auto [last, problem] = std::from_chars(text.data(), end, seed);
  if (problem != std::errc() || last != end) throw std::invalid_argument("seed is no number");
  return seed;
}

void read_secret_fields(const json& document, CoatKey& key) {
  key.seed = seed_from_text(document.at("seed").get<std::string>());
  key.strength = document.at("strength").get<double>();
  key.nu = document.at("nu").get<double>();
  key.training_steps = document.at("training_steps").get<std::int64_t>();
  key.released_merkle_root = document.at("released_merkle_root").get<std::string>();
  key.calibration = calibration_from_json(document.at("calibration"));
  key.secret = fields_from_json(document.at("secret"));
  for (const json& name : document.at("secret_tensors")) {
    auto node = key.scoring.tensors.extract(name.get<std::string>());
    if (node.empty()) throw std::invalid_argument("no tensor " + name.dump());
    key.secret.tensors.insert(std::move(node));
  }
}

void check_version(const json& document, const std::string& where) {
  const json format = document.value("format_version", json(0));
  if (!format.is_number_integer()) refuse(where, "its format_version is no whole number");
  const auto version = format.get<std::int64_t>();
  if (version == kCoatKeyFormatVersion) return;
  const json tool = document.value("tool_version", json());
  throw Error(ErrorKind::kUnsupported,
              where,
              "key format " + std::to_string(version) + " (written by Patina " +
                  (tool.is_string() ? tool.get<std::string>() : "unknown") +
                  "), this build reads format " + std::to_string(kCoatKeyFormatVersion),
              version > kCoatKeyFormatVersion ? "update Patina" : "use the Patina that made it");
}

CoatKey parse_key(const core::SafetensorsFile& file, const char* kind) {
  const std::string& where = file.where();
  const std::string text = text_at(file.metadata(), kMetadataName, where);
  const json document = core::parse_json(text, where);
  if (!document.is_object() || document.value("kind", json()) != kind) {
    refuse(where, "not a " + std::string(kind) + " file");
  }
  check_version(document, where);
  const auto tensors = core::owned_tensors(file);
  if (content_sha256(tensors, text) != text_at(file.metadata(), "content_sha256", where)) {
    refuse(where, "its content does not match its own digest: the file was damaged or changed");
  }
  require_finite(tensors, where);
  try {
    CoatKey key = read_scoring_fields(document);
    key.scoring.tensors = tensors;
    if (std::string(kind) == kKeyKind) read_secret_fields(document, key);
    return key;
  } catch (const std::exception& error) {
    refuse(where, "a field is missing or malformed (" + std::string(error.what()) + ")");
  }
}

std::map<std::string, core::TensorBlob> all_tensors(const CoatKey& key) {
  std::map<std::string, core::TensorBlob> tensors = key.scoring.tensors;
  tensors.insert(key.secret.tensors.begin(), key.secret.tensors.end());
  return tensors;
}

template <typename Value>
const Value& field_of(const KeyPart& part, const std::string& name) {
  const auto found = part.fields.find(name);
  const Value* value = found == part.fields.end() ? nullptr : std::get_if<Value>(&found->second);
  if (value != nullptr) return *value;
  throw Error(ErrorKind::kInput,
              "key",
              "field " + name + " is missing or of another kind",
              "use the key as it was written");
}

}  // namespace

double KeyPart::number(const std::string& name) const { return field_of<double>(*this, name); }

const std::string& KeyPart::text(const std::string& name) const {
  return field_of<std::string>(*this, name);
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
  const auto tensors = all_tensors(key);
  require_finite(tensors, path.string());
  std::vector<std::uint8_t> bytes = core::safetensors_bytes(
      tensors, make_metadata(kKeyKind, key_document(key), tensors));
  if (!passphrase.empty()) bytes = core::seal(bytes, passphrase);
  core::write_file_atomic(path, bytes, core::FileAccess::kSecret);
}

void write_extractor(const std::filesystem::path& path, const CoatKey& key) {
  core::write_safetensors(
      path,
      key.scoring.tensors,
      make_metadata(kExtractorKind, scoring_document(key), key.scoring.tensors));
}

CoatKey read_extractor(const std::filesystem::path& path) {
  return parse_key(core::SafetensorsFile::open(path), kExtractorKind);
}

std::string extractor_sha256(const CoatKey& key) {
  return content_sha256(key.scoring.tensors, scoring_document(key).dump());
}

}  // namespace patina::keys
