// SPDX-License-Identifier: Apache-2.0
// Small real image files and an extractor that needs no network, for audits in milliseconds.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analyzer/audit.h"
#include "images/image_io.h"
#include "keys/extractor.h"
#include "tests/core/scratch_folder.h"

namespace patina::analyzer {

/// What a test image looks like; equal seeds and fields give equal bytes.
struct TestImage {
  std::uint64_t seed = 0;
  int brightness = 128;  ///< Mean of the pixels, 0..255; the fake's score is a tenth of it.
  int side_px = 12;
  images::ImageFormat format = images::ImageFormat::kPNG;
};
std::vector<std::uint8_t> image_bytes(const TestImage& image);
void put_image(const std::filesystem::path& path, const TestImage& image);
void put_text(const std::filesystem::path& path, const std::string& text);

/// `count` distinct images "00.png", "01.png", ... around a brightness.
void put_images(const std::filesystem::path& folder, int count, TestImage first);

/// Scores an image by a tenth of its mean pixel value; remembers what it was asked.
class FakeExtractor : public keys::Extractor {
 public:
  std::vector<double> score(const std::vector<const images::Image*>& images) override;
  keys::ExtractorInfo info() const override { return info_; }
  /// `signs` for each image, times its score where `terms_by_score`; an empty list plays a method
  /// whose keys have none.
  std::vector<std::vector<double>> key_terms(
      const std::vector<const images::Image*>& images) override;

  std::vector<double> signs;
  bool terms_by_score = false;
  int times_asked_for_terms = 0;
  int images_scored = 0;
  std::vector<std::size_t> batch_sizes;
  std::optional<double> fixed_score;
  keys::ExtractorInfo info_{
      {"fake", 1, "Fake coating", "The score is made up.", "The score is small.", 9.0},
      "float32",
      std::string(64, 'a'),
      2.0};
};

/// Folders suspect/ (dark: small scores) and benign/ (bright), 12 images each, and what an audit
/// needs.
class AuditTest : public testing::Test {
 protected:
  AuditTest();

  /// Runs the audit with the members below.
  report::Evidence audit();
  /// Differences that verification finds, one "what: claimed / found" a line.
  std::string verification();
  std::string evidence_text() const;
  /// Observer that cancels once the extractor has scored this many images.
  core::Observer cancel_after(int images);
  void fill(const std::string& folder, int count, const TestImage& first);
  std::string at(const std::string& name) const { return (folder_ / name).string(); }

  core::ScratchFolder folder_;
  core::ScopedEnvironment epoch_{"SOURCE_DATE_EPOCH", "1700000000"};
  std::filesystem::path suspect_ = folder_ / "suspect";
  std::filesystem::path benign_ = folder_ / "benign";
  std::filesystem::path bundle_ = folder_ / "bundle";
  FakeExtractor extractor_;
  AuditKey key_;
  AuditOptions options_;
  core::Observer observer_;
};

}  // namespace patina::analyzer
