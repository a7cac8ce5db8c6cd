// SPDX-License-Identifier: Apache-2.0
#include "analyzer/internal/journal.h"

#include <cmath>
#include <exception>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "images/pixels/image_file.h"

namespace patina::analyzer {
namespace {

namespace fs = std::filesystem;
using core::Error;
using core::ErrorKind;
using nlohmann::json;

constexpr const char* kFormat = "patina-audit-progress";
constexpr int kVersion = 2;
constexpr std::size_t kDigestDigits = 64;

Error unusable(const fs::path& path) {
  return Error(ErrorKind::kInput,
               path.string(),
               "is not the journal of an audit by this version",
               "delete the folder or choose another with --output");
}

bool is_sound(const ScoredImage& image) {
  return std::isfinite(image.score) && image.width_px > 0 && image.height_px > 0 &&
         image.sha256.size() == kDigestDigits;
}

ScoredImage image_from_json(const std::string& sha256, const json& entry, const fs::path& path) {
  ScoredImage image;
  image.sha256 = sha256;
  image.score = entry.at("score").get<double>();
  image.width_px = entry.at("width_px").get<int>();
  image.height_px = entry.at("height_px").get<int>();
  const auto format = images::format_from_name(entry.at("format").get<std::string>());
  if (!format || !is_sound(image)) throw unusable(path);
  image.format = *format;
  return image;
}

ScoredImage image_from_sample(const report::ScoredSample& sample, const fs::path& path) {
  ScoredImage image;
  image.sha256 = sample.sha256;
  image.width_px = sample.width_px;
  image.height_px = sample.height_px;
  image.score = sample.score;
  const std::string extension = fs::path(sample.file).extension().string();
  const auto format = images::format_from_name(extension.substr(extension.empty() ? 0 : 1));
  if (!format || !is_sound(image)) throw unusable(path);
  image.format = *format;
  return image;
}

Journal journal_from_json(const json& document, const fs::path& path) {
  if (document.at("format") != kFormat || document.at("version") != kVersion) throw unusable(path);
  Journal journal;
  journal.scorer = core::identity_from_json(document.at("scorer"), path.string());
  for (const auto& entry : document.at("scores").items()) {
    journal.scores[entry.key()] = image_from_json(entry.key(), entry.value(), path);
  }
  return journal;
}

}  // namespace

core::RunIdentity scorer_name(const report::KeyRecord& key, const std::string& tool_version) {
  core::RunIdentity scorer;
  scorer.add("method", key.extractor.method.name).add("precision", key.extractor.precision);
  scorer.add("weights", "sha256:" + key.extractor.weights_sha256);
  scorer.add("key", "sha256:" + key.key_sha256);
  scorer.add("version of Patina", tool_version);
  return scorer;
}

void write_journal(const fs::path& path, const Journal& journal) {
  json scores = json::object();
  for (const auto& [sha256, image] : journal.scores) {
    scores[sha256] = {{"score", image.score},
                      {"width_px", image.width_px},
                      {"height_px", image.height_px},
                      {"format", to_string(image.format)}};
  }
  core::write_file_atomic(path,
                          core::dump_json({{"format", kFormat},
                                           {"version", kVersion},
                                           {"scorer", core::to_json(journal.scorer)},
                                           {"scores", std::move(scores)}}));
}

Journal read_journal(const fs::path& path) {
  const json document = core::parse_json(core::read_text_file(path), path.string());
  try {
    return journal_from_json(document, path);
  } catch (const json::exception&) {
    std::throw_with_nested(unusable(path));
  }
}

Journal read_journal_from_evidence(const fs::path& path) {
  const report::Evidence evidence = report::evidence_from_json(
      core::parse_json(core::read_text_file(path), path.string()), path.string());
  Journal journal;
  journal.scorer = scorer_name(evidence.key, evidence.tool_version);
  for (const report::SampleSet* set : {&evidence.suspect, &evidence.benign}) {
    for (const report::ScoredSample& sample : set->samples) {
      journal.scores[sample.sha256] = image_from_sample(sample, path);
    }
  }
  return journal;
}

}  // namespace patina::analyzer
