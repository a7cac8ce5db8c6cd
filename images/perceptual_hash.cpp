// SPDX-License-Identifier: Apache-2.0
#include "images/perceptual_hash.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cmath>
#include <utility>

#include "core/pi.h"
#include "images/pixels/luminance.h"

namespace patina::images {
namespace {

using core::kPi;

constexpr int kSide = 32;
constexpr int kKept = 8;

double cosine(int frequency, int position) {
  static const std::array<std::array<double, kSide>, kKept> kTable = [] {
    std::array<std::array<double, kSide>, kKept> table{};
    for (int u = 0; u < kKept; ++u) {
      for (int x = 0; x < kSide; ++x) {
        table[static_cast<std::size_t>(u)][static_cast<std::size_t>(x)] = std::cos(
            core::kPi * (2 * x + 1) * u / (2.0 * kSide));
      }
    }
    return table;
  }();
  return kTable[static_cast<std::size_t>(frequency)][static_cast<std::size_t>(position)];
}

}  // namespace

std::uint64_t perceptual_hash(const Image& image) {
  const std::vector<double> grey = luminance_plane(resize(image, kSide, kSide),
                                                   {0, 0, kSide, kSide});
  std::array<double, kKept * kKept> amounts{};
  for (int v = 0; v < kKept; ++v) {
    for (int u = 0; u < kKept; ++u) {
      double sum = 0.0;
      for (int y = 0; y < kSide; ++y) {
        for (int x = 0; x < kSide; ++x) {
          sum += grey[static_cast<std::size_t>(y * kSide + x)] * cosine(u, x) * cosine(v, y);
        }
      }
      amounts[static_cast<std::size_t>(v * kKept + u)] = sum;
    }
  }
  std::vector<double> sorted(amounts.begin() + 1, amounts.end());
  std::nth_element(
      sorted.begin(), sorted.begin() + static_cast<long>(sorted.size() / 2), sorted.end());
  const double median = sorted[sorted.size() / 2];
  std::uint64_t hash = 0;
  for (std::size_t i = 1; i < amounts.size(); ++i) {
    hash = (hash << 1) | (amounts[i] > median ? 1U : 0U);
  }
  return hash;
}

int hash_distance(std::uint64_t a, std::uint64_t b) {
  return static_cast<int>(std::bitset<64>(a ^ b).count());
}

std::optional<std::string> PictureIndex::find(std::uint64_t hash) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [hash](const Entry& entry) {
    return hash_distance(entry.hash, hash) <= kSamePictureBits;
  });
  return found == entries_.end() ? std::nullopt : std::optional<std::string>(found->name);
}

void PictureIndex::add(std::uint64_t hash, std::string name) {
  entries_.push_back({hash, std::move(name)});
}

}  // namespace patina::images
