// SPDX-License-Identifier: Apache-2.0
// What lets a coating run survive `kill -9`: beside the key (never inside the published output) a
// folder
// "<key>.run" of mode 0700 holds the training checkpoint and a journal of finished images.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "coat/coat.h"

namespace patina::coat {

class RunFolder {
 public:
  /// Opens or creates the folder for a run identified by `identity` (a digest of options and
  /// inputs). Throws Error{kInput} if another run left its state there.
  RunFolder(std::filesystem::path folder, const std::string& identity);

  std::filesystem::path checkpoint() const { return folder_ / "training.safetensors"; }
  std::uint64_t seed() const { return seed_; }

  /// A finished image of an earlier attempt whose coated file still has the recorded digest.
  std::optional<CoatedImage> finished(const std::string& relative,
                                      const std::filesystem::path& coated_file) const;
  void add_finished(const CoatedImage& image);
  /// Chooses and keeps the seed of this run, unless an earlier attempt already did.
  void keep_seed(std::uint64_t seed);
  /// Removes the folder.
  void discard();

 private:
  void write() const;

  std::filesystem::path folder_;
  std::string identity_;
  std::uint64_t seed_ = 0;
  bool has_seed_ = false;
  std::vector<CoatedImage> images_;
};

}  // namespace patina::coat
