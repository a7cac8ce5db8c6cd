// SPDX-License-Identifier: Apache-2.0
// Whether two image files show the same picture, in another size, format or quality. Entry points:
// perceptual_hash, PictureIndex.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "images/pixels/image.h"

namespace patina::images {

/// 64 bits: the signs of the lowest 8 x 8 amounts of a cosine transform of the picture at 32 x 32
/// pixels in grey, about their median, the mean left out [Zauner 2010, Sec. 3.2.1].
std::uint64_t perceptual_hash(const Image& image);

/// Bits in which two hashes differ, 0 to 64.
int hash_distance(std::uint64_t a, std::uint64_t b);

/// Hashes at most this far apart count as one picture.
inline constexpr int kSamePictureBits = 8;

/// Pictures seen so far, with their names. Not for use by several threads at once.
class PictureIndex {
 public:
  /// Name of a picture that is the same; nothing if there is none.
  std::optional<std::string> find(std::uint64_t hash) const;
  void add(std::uint64_t hash, std::string name);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::uint64_t hash;
    std::string name;
  };
  std::vector<Entry> entries_;
};

}  // namespace patina::images
