// SPDX-License-Identifier: Apache-2.0
#include "tests/report/example_bundle.h"

#include <algorithm>
#include <numeric>

#include "core/files.h"
#include "core/hash.h"
#include "core/json.h"
#include "images/image_io.h"
#include "report/bundle/bag.h"
#include "report/bundle/bundle.h"
#include "report/evidence/bundle_layout.h"
#include "stats/key_signs.h"
#include "tests/report/example_evidence.h"

namespace patina::report::test {
namespace {

namespace fs = std::filesystem;

images::Image grey_image(int level) {
  images::Image image = images::make_image(8, 6);
  std::fill(image.bytes.begin(), image.bytes.end(), static_cast<std::uint8_t>(level));
  image.bytes[0] = static_cast<std::uint8_t>(level + 1);
  return image;
}

ScoredSample write_sample(const fs::path& bundle, int level, const std::string& source) {
  images::ImageFile file;
  file.image = grey_image(level);
  const std::vector<std::uint8_t> bytes = images::encode_image(file);
  ScoredSample sample;
  sample.sha256 = core::to_hex(core::sha256(bytes));
  sample.file = std::string(kSamplesFolder) + "/" + sample.sha256 + ".png";
  sample.source = source;
  sample.width_px = file.image.width_px;
  sample.height_px = file.image.height_px;
  sample.score = BrightnessExtractor().score({&file.image}).front();
  core::write_file_atomic(bundle / sample.file, bytes);
  return sample;
}

std::vector<double> scores_of(const SampleSet& set) {
  std::vector<double> scores;
  for (const ScoredSample& sample : set.samples) scores.push_back(sample.score);
  return scores;
}

void write_manifest(const fs::path& bundle,
                    const char* name,
                    const std::vector<std::string>& paths) {
  std::vector<ManifestEntry> entries;
  for (const std::string& path : paths) {
    entries.push_back({core::to_hex(core::sha256_file(bundle / path)), path});
  }
  core::write_file_atomic(bundle / name, manifest_text(entries));
}

}  // namespace

std::vector<double> BrightnessExtractor::score(const std::vector<const images::Image*>& images) {
  std::vector<double> scores;
  for (const images::Image* image : images) {
    const double sum = std::accumulate(image->bytes.begin(), image->bytes.end(), 0.0);
    scores.push_back(sum / static_cast<double>(image->bytes.size()) / 16.0);
  }
  return scores;
}

std::vector<std::vector<double>> BrightnessExtractor::key_terms(
    const std::vector<const images::Image*>& images) {
  std::vector<std::vector<double>> terms;
  if (signs_ == 0) return terms;
  for (const double score : score(images)) terms.emplace_back(signs_, (8.0 - score) / 10.0);
  return terms;
}

MakeExtractor handing_out(const BrightnessExtractor& extractor) {
  return [&extractor](const fs::path&, const std::string&) {
    return std::make_unique<BrightnessExtractor>(extractor);
  };
}

Evidence write_payload(const fs::path& bundle,
                       const BundleSizes& sizes,
                       BrightnessExtractor extractor) {
  core::make_folder(bundle / kSamplesFolder);
  core::write_file_atomic(bundle / kExtractorFile, std::string("weights"));
  Evidence evidence = example_evidence({0, 0});
  for (int i = 0; i < sizes.suspects; ++i) {
    evidence.suspect.samples.push_back(
        write_sample(bundle, 20 + 2 * i, "suspect " + std::to_string(i) + ".png"));
  }
  for (int i = 0; i < sizes.benign; ++i) {
    evidence.benign.samples.push_back(
        write_sample(bundle, 100 + 3 * i, "benign " + std::to_string(i) + ".png"));
  }
  evidence.key.extractor = extractor.info();
  std::vector<std::vector<double>> terms;
  for (const ScoredSample& sample : evidence.suspect.samples) {
    const images::Image image = images::read_image(bundle / sample.file, {}).image;
    for (const std::vector<double>& of_image : extractor.key_terms({&image})) {
      terms.push_back(of_image);
    }
  }
  evidence.key_terms = stats::mean_key_terms(terms);
  recompute(evidence);
  evidence.null_hypothesis = stats::facts_of(evidence.comparison.protocol).null_hypothesis;
  evidence.limits = standing_limits(evidence.comparison.protocol);
  return evidence;
}

void recompute(Evidence& evidence) {
  evidence.comparison = stats::compare_scores(
      {scores_of(evidence.suspect), scores_of(evidence.benign), evidence.key_terms},
      evidence.options);
  evidence.verdict = make_verdict(evidence.comparison,
                                  evidence.options,
                                  static_cast<std::int64_t>(evidence.suspect.samples.size()),
                                  static_cast<std::int64_t>(evidence.benign.samples.size()));
}

void edit_evidence(const fs::path& bundle, const std::function<void(nlohmann::json&)>& change) {
  const fs::path path = bundle / kEvidenceFile;
  nlohmann::json document = core::parse_json(core::read_text_file(path), path.string());
  change(document);
  core::write_file_atomic(path, core::dump_json(document));
}

void reseal(const fs::path& bundle) {
  write_manifest(bundle, kManifestFile, list_bag(bundle).payload);
  write_manifest(bundle, kTagManifestFile, list_bag(bundle).tags);
}

void flip_byte(const fs::path& file) {
  std::vector<std::uint8_t> bytes = core::read_file(file);
  bytes[bytes.size() / 2] ^= 0x40U;
  core::write_file_atomic(file, bytes);
}

}  // namespace patina::report::test
