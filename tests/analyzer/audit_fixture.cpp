// SPDX-License-Identifier: Apache-2.0
#include "tests/analyzer/audit_fixture.h"

#include <cstdio>
#include <numeric>

#include "core/files.h"
#include "core/rng.h"
#include "queryers/directory.h"
#include "report/bundle/bundle.h"
#include "report/evidence/bundle_layout.h"
#include "report/verify/verify.h"

namespace patina::analyzer {

namespace fs = std::filesystem;

std::vector<std::uint8_t> image_bytes(const TestImage& image) {
  images::ImageFile file;
  file.image = images::make_image(image.side_px, image.side_px);
  file.encoding.format = image.format;
  core::Rng rng(image.seed);
  for (std::uint8_t& sample : file.image.bytes) {
    sample = static_cast<std::uint8_t>(image.brightness + static_cast<int>(rng.below(11)) - 5);
  }
  return images::encode_image(file);
}

void put_image(const fs::path& path, const TestImage& image) {
  core::make_folder(path.parent_path());
  core::write_file_atomic(path, image_bytes(image));
}

void put_text(const fs::path& path, const std::string& text) {
  core::make_folder(path.parent_path());
  core::write_file_atomic(path, text);
}

void put_images(const fs::path& folder, int count, TestImage first) {
  for (int i = 0; i < count; ++i) {
    char name[32];
    std::snprintf(name, sizeof name, "%02d%s", i, images::file_extension(first.format));
    put_image(folder / name, first);
    ++first.seed;
  }
}

namespace {

double mean_of(const images::Image& image) {
  const double sum = std::accumulate(image.bytes.begin(), image.bytes.end(), 0.0);
  return sum / static_cast<double>(image.bytes.size());
}

}  // namespace

std::vector<double> FakeExtractor::score(const std::vector<const images::Image*>& images) {
  std::vector<double> scores;
  for (const images::Image* image : images) {
    scores.push_back(fixed_score.value_or(mean_of(*image) / 10.0));
  }
  images_scored += static_cast<int>(images.size());
  batch_sizes.push_back(images.size());
  return scores;
}

std::vector<std::vector<double>> FakeExtractor::key_terms(
    const std::vector<const images::Image*>& images) {
  ++times_asked_for_terms;
  if (signs.empty()) return {};
  std::vector<std::vector<double>> terms(images.size(), signs);
  if (!terms_by_score) return terms;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const double score = mean_of(*images[i]) / 10.0;
    for (double& term : terms[i]) term *= score;
  }
  return terms;
}

AuditTest::AuditTest() {
  fill("suspect", 12, {1000, 60});
  fill("benign", 12, {2000, 180});
  key_.record.key_sha256 = std::string(64, 'b');
  key_.record.created = "2023-01-01T00:00:00Z";
  key_.write_extractor = [](const fs::path& path) { put_text(path, "weights"); };
}

void AuditTest::fill(const std::string& folder, int count, const TestImage& first) {
  fs::remove_all(folder_ / folder);
  put_images(folder_ / folder, count, first);
}

report::Evidence AuditTest::audit() {
  const auto open_sources = [this] {
    return AuditSources{queryers::open_directory(suspect_), queryers::open_directory(benign_)};
  };
  return run_audit({open_sources, extractor_, key_, bundle_}, options_, observer_);
}

std::string AuditTest::verification() {
  std::string text;
  const auto make_extractor = [this](const fs::path&, const std::string&) {
    return std::make_unique<FakeExtractor>(extractor_);
  };
  for (const report::Difference& difference :
       report::verify_bundle(bundle_, make_extractor).differences) {
    text += difference.what + ": " + difference.claimed + " / " + difference.found + "\n";
  }
  return text;
}

std::string AuditTest::evidence_text() const {
  return core::read_text_file(bundle_ / report::kEvidenceFile);
}

core::Observer AuditTest::cancel_after(int images) {
  core::Observer observer;
  observer.progress = [this, images](const core::Progress&) {
    return extractor_.images_scored < images;
  };
  return observer;
}

}  // namespace patina::analyzer
