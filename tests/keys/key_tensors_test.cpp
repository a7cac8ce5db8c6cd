// SPDX-License-Identifier: Apache-2.0
// Plain numbers as tensors of a key: IEEE 754 binary32, little end first, as safetensors has it.
#include "keys/key_tensors.h"

#include <gtest/gtest.h>

#include "tests/core/caught.h"

namespace patina::keys {
namespace {

// By IEEE 754: sign, exponent plus 127, fraction.
TEST(BlobFromValues, HoldsSinglePrecisionWithTheLittleEndFirst) {
  const struct {
    double value;
    std::vector<std::uint8_t> bytes;
  } cases[] = {{0.0, {0x00, 0x00, 0x00, 0x00}},
               {1.0, {0x00, 0x00, 0x80, 0x3F}},
               {-2.5, {0x00, 0x00, 0x20, 0xC0}},
               {0.15625, {0x00, 0x00, 0x20, 0x3E}},
               {16777216.0, {0x00, 0x00, 0x80, 0x4B}}};
  for (const auto& expected : cases) {
    EXPECT_EQ(blob_from_values({expected.value}, {1}).bytes, expected.bytes) << expected.value;
  }
}

TEST(BlobFromValues, KeepsTheShapeGiven) {
  const core::TensorBlob blob = blob_from_values({1.0, 2.0, 3.0, 4.0, 5.0, 6.0}, {2, 3});
  EXPECT_EQ(blob.dtype, core::DType::kF32);
  EXPECT_EQ(blob.shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(blob.bytes.size(), 24U);
}

TEST(ReadValues, GivesBackWhatSinglePrecisionHolds) {
  KeyPart part;
  const std::vector<double> exact = {0.0, -1.0, 0.5, 1024.0, -0.15625};
  part.tensors["weights"] = blob_from_values(exact, {5});
  EXPECT_EQ(read_values(part, "weights"), exact);
}

// 0.1 lies between two singles, and the nearer one is 0x3DCCCCCD.
TEST(ReadValues, RoundsToTheNearestSingle) {
  KeyPart part;
  part.tensors["tenth"] = blob_from_values({0.1}, {1});
  EXPECT_EQ(part.tensors["tenth"].bytes, (std::vector<std::uint8_t>{0xCD, 0xCC, 0xCC, 0x3D}));
  EXPECT_EQ(read_values(part, "tenth"), (std::vector<double>{0.100000001490116119384765625}));
}

TEST(ReadValues, OfAnEmptyTensorAreNone) {
  KeyPart part;
  part.tensors["none"] = blob_from_values({}, {0});
  EXPECT_TRUE(read_values(part, "none").empty());
}

TEST(ReadValues, NamesATensorThatIsMissingOrOfAnotherType) {
  KeyPart part;
  part.tensors["double"] = {core::DType::kF64, {1}, std::vector<std::uint8_t>(8)};
  for (const char* name : {"absent", "double"}) {
    const core::Error error = core::caught([&] { read_values(part, name); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kInput);
    EXPECT_EQ(std::string(error.what()),
              "key: tensor " + std::string(name) +
                  " is missing or not F32; use the key as it was written.");
  }
}

}  // namespace
}  // namespace patina::keys
