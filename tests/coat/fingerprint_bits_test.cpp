// SPDX-License-Identifier: Apache-2.0
// The bits of a fingerprint: drawn from the seed alone, 32 of them, and what the coating depends on.
#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "coat/fingerprint/fingerprint_method.h"
#include "core/error.h"
#include "keys/key_tensors.h"
#include "tests/core/caught.h"
#include "tests/images/sample_image.h"

namespace patina::coat::fingerprint {
namespace {

keys::CoatKey key_of_seed(std::uint64_t seed) {
  KeyRequest request;
  request.seed = seed;
  request.image_at = [](std::size_t) -> images::Image {
    throw core::Error(core::ErrorKind::kInternal, "test", "the images do not matter");
  };
  request.count = 5;
  return make_key(request);
}

std::vector<double> bits_of(std::uint64_t seed) {
  return keys::read_values(key_of_seed(seed).scoring, "bits");
}

TEST(FingerprintBits, Are32NoughtsAndOnes) {
  const std::vector<double> bits = bits_of(1);
  EXPECT_EQ(bits.size(), 32U);
  for (const double bit : bits) EXPECT_TRUE(bit == 0.0 || bit == 1.0) << bit;
}

TEST(FingerprintBits, AreFixedByTheSeedAndUnlikeAnothers) {
  EXPECT_EQ(bits_of(3), bits_of(3));
  EXPECT_NE(bits_of(3), bits_of(4));
}

TEST(FingerprintKey, KeepsTheEncoderSecretAndLetsTheDecoderScore) {
  const keys::CoatKey key = key_of_seed(1);
  EXPECT_EQ(key.radius, 0.15);
  for (const auto& [name, blob] : key.secret.tensors) EXPECT_EQ(name.rfind("generator/", 0), 0U);
  for (const auto& [name, blob] : key.scoring.tensors) {
    EXPECT_TRUE(name == "bits" || name.rfind("extractor/", 0) == 0) << name;
  }
}

TEST(FingerprintPattern, HasTheSizeOfItsImageAndTheBitsOfItsKey) {
  keys::CoatKey key = key_of_seed(1);
  const images::Image image = images::sample_image(90, 70, 1);
  const CoatingPattern pattern = make_coating(key).pattern(image);
  EXPECT_EQ(pattern.width_px, 90);
  EXPECT_EQ(pattern.height_px, 70);
  EXPECT_EQ(pattern.steps.size(), image.sample_count());
  EXPECT_EQ(make_coating(key).pattern(image).steps, pattern.steps);
  std::vector<double> bits = bits_of(1);
  for (double& bit : bits) bit = 1.0 - bit;
  key.scoring.tensors["bits"] = keys::blob_from_values(bits, {32});
  EXPECT_NE(make_coating(key).pattern(image).steps, pattern.steps);
}

TEST(FingerprintKey, ThatLacksAPartIsRefused) {
  const keys::CoatKey whole = key_of_seed(1);
  const std::function<void(keys::CoatKey&)> losses[] = {
      [](keys::CoatKey& key) { key.scoring.tensors.erase("bits"); },
      [](keys::CoatKey& key) {
        key.scoring.tensors["bits"] = keys::blob_from_values(std::vector<double>(31), {31});
      },
      [](keys::CoatKey& key) { key.secret.tensors.clear(); }};
  for (const auto& lose : losses) {
    keys::CoatKey key = whole;
    lose(key);
    EXPECT_EQ(core::caught([&] { make_coating(key); }).kind(), core::ErrorKind::kInput)
        << "loss " << &lose - losses;
  }
}

}  // namespace
}  // namespace patina::coat::fingerprint
