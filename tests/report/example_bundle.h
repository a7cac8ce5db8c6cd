// SPDX-License-Identifier: Apache-2.0
// A small bundle of real image files, scored by their brightness, and the ways to tamper with it.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "images/pixels/image.h"
#include "keys/extractor.h"
#include "report/evidence/evidence.h"
#include "report/verify/verify.h"

namespace patina::report::test {

/// Mean of all bytes over 16: dark images play the coated ones.
class BrightnessExtractor : public keys::Extractor {
 public:
  std::vector<double> score(const std::vector<const images::Image*>& images) override;
  keys::ExtractorInfo info() const override { return info_; }
  void set_info(const keys::ExtractorInfo& info) { info_ = info; }
  /// Plays a method whose keys have this many signs, all of which dark images follow.
  void set_signs(std::size_t count) { signs_ = count; }
  std::vector<std::vector<double>> key_terms(
      const std::vector<const images::Image*>& images) override;

 private:
  std::size_t signs_ = 0;
  keys::ExtractorInfo info_ = {
      {"siren", 1, "Siren coating", "The score is a distance.", "The feature is near.", 3.0},
      "float32",
      std::string(64, 'e'),
      3.872983346207417};
};

/// Gives copies of the extractor, whatever the file holds; `extractor` must outlive it.
MakeExtractor handing_out(const BrightnessExtractor& extractor);

struct BundleSizes {
  int suspects = 12;
  int benign = 15;
};

/// Writes images and extractor below `bundle` and returns the evidence about them, tests and
/// verdict included. The bundle is not finished yet.
Evidence write_payload(const std::filesystem::path& bundle,
                       const BundleSizes& sizes = {},
                       BrightnessExtractor extractor = {});

/// Recomputes tests and verdict of an evidence whose samples changed.
void recompute(Evidence& evidence);

/// Changes evidence.json in place.
void edit_evidence(const std::filesystem::path& bundle,
                   const std::function<void(nlohmann::json&)>& change);

/// Makes both manifests fit what now lies in the folder, as a careful forger would.
void reseal(const std::filesystem::path& bundle);

/// Replaces one byte in the middle of a file by another.
void flip_byte(const std::filesystem::path& file);

}  // namespace patina::report::test
