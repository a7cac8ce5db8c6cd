// SPDX-License-Identifier: Apache-2.0
// What lets a coating run survive `kill -9`: beside the key, never inside the published output, a
// folder "<key>.run" of mode 0700 holds the training checkpoint, the seed and the finished images.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "coat/coat.h"
#include "core/run_folder.h"
#include "images/image_list.h"

namespace patina::coat {

/// Not for use by several threads at once.
class CoatRun {
 public:
  /// Opens or makes the run of these options and images. Throws Error{kInput} where the output holds
  /// a finished coating, files that are not ours or another run's, or where the key exists and would
  /// be overwritten.
  CoatRun(const CoatOptions& options, const std::vector<images::ImageEntry>& entries);

  std::filesystem::path checkpoint() const { return folder_.state_file("training.safetensors"); }

  /// The seed that an earlier attempt kept, else the given one, which is kept now.
  std::uint64_t keep_seed(std::uint64_t seed);

  /// A finished image of an earlier attempt whose coated file still has the recorded digest.
  std::optional<CoatedImage> finished(const std::string& relative,
                                      const std::filesystem::path& coated_file) const;
  void add_finished(const CoatedImage& image);

  /// Removes the state, once the run is done or came to nothing.
  void discard() { folder_.remove_state(); }
  /// After a failure: keeps what a rerun goes on from, finished images or a checkpoint of training.
  /// Where there is neither, removes the state, a key that this run made, and the folders that were
  /// not there before.
  void abandon(bool made_key);

 private:
  void keep();

  std::filesystem::path key_path_;
  std::vector<std::filesystem::path> missing_;  ///< Folders that were not there, innermost first.
  core::RunFolder folder_;
  std::optional<std::uint64_t> seed_;
  std::vector<CoatedImage> images_;
};

}  // namespace patina::coat
