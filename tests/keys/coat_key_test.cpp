// SPDX-License-Identifier: Apache-2.0
#include "keys/coat_key.h"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"

namespace patina::keys {
namespace {

core::TensorBlob blob(std::vector<std::int64_t> shape, float first) {
  std::size_t count = 1;
  for (const std::int64_t side : shape) count *= static_cast<std::size_t>(side);
  std::vector<float> values(count, 0.25F);
  values[0] = first;
  core::TensorBlob result{
      core::DType::kF32, std::move(shape), std::vector<std::uint8_t>(count * 4)};
  std::memcpy(result.bytes.data(), values.data(), result.bytes.size());
  return result;
}

CoatKey sample_key() {
  CoatKey key;
  key.method = "sample";
  key.reader = 3;
  key.created = "2026-01-01T00:00:00Z";
  key.tool_version = "0.1.0";
  key.radius = 1.25;
  key.scoring.fields["input"] = std::string("mscn");
  key.scoring.tensors["center"] = blob({4}, 1.0F);
  key.scoring.tensors["extractor/linear.bias"] = blob({4}, 2.0F);
  key.seed = 0xFEDCBA9876543210;
  key.strength = 1.5;
  key.nu = 0.1;
  key.training_steps = 20;
  key.calibration = {7, 0.5, 0.75, 9.0, 8.0, 1.0};
  key.released_merkle_root = std::string(64, 'a');
  key.secret.fields["message"] = std::string("0123456789ab");
  key.secret.fields["dither"] = 0.04;
  key.secret.tensors["generator/final_layer.bias"] = blob({3}, 3.0F);
  return key;
}

class CoatKeyFile : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() /
            (std::string("patina-key-") +
             ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove(path_);
  }
  void TearDown() override { std::filesystem::remove(path_); }

  std::string problem(const std::function<void()>& work) const {
    try {
      work();
    } catch (const core::Error& error) {
      return error.what();
    }
    return "no error";
  }

  std::filesystem::path path_;
};

TEST_F(CoatKeyFile, ComesBackAsItWasWritten) {
  const CoatKey written = sample_key();
  write_coat_key(path_, written);
  const CoatKey key = read_coat_key(path_);
  EXPECT_EQ(key.method, "sample");
  EXPECT_EQ(key.reader, 3);
  EXPECT_EQ(key.radius, 1.25);
  EXPECT_EQ(key.seed, 0xFEDCBA9876543210);
  EXPECT_EQ(key.training_steps, 20);
  EXPECT_EQ(key.calibration.clean_score_min, 8.0);
  EXPECT_EQ(key.released_merkle_root, written.released_merkle_root);
  EXPECT_EQ(key.scoring.fields, written.scoring.fields);
  EXPECT_EQ(key.secret.fields, written.secret.fields);
}

TEST_F(CoatKeyFile, KeepsWhatScoresApartFromWhatIsSecret) {
  write_coat_key(path_, sample_key());
  const CoatKey key = read_coat_key(path_);
  ASSERT_EQ(key.scoring.tensors.size(), 2U);
  ASSERT_EQ(key.secret.tensors.size(), 1U);
  EXPECT_EQ(key.secret.tensors.at("generator/final_layer.bias").bytes,
            sample_key().secret.tensors.at("generator/final_layer.bias").bytes);
}

TEST_F(CoatKeyFile, NamesAFieldThatIsMissingOrOfAnotherKind) {
  const CoatKey key = sample_key();
  EXPECT_EQ(key.secret.number("dither"), 0.04);
  EXPECT_EQ(key.secret.text("message"), "0123456789ab");
  const std::string rest = " is missing or of another kind; use the key as it was written.";
  EXPECT_EQ(problem([&] { key.secret.number("chroma"); }), "key: field chroma" + rest);
  EXPECT_EQ(problem([&] { key.secret.number("message"); }), "key: field message" + rest);
}

/// write_file_atomic waits for the disk, which takes long a thousand times.
void write_without_syncing(const std::filesystem::path& path,
                           const std::vector<std::uint8_t>& bytes) {
  std::ofstream file(path, std::ios::binary);
  for (const std::uint8_t byte : bytes) file.put(static_cast<char>(byte));
}

TEST_F(CoatKeyFile, EveryFlippedBitIsFound) {
  write_coat_key(path_, sample_key());
  const std::vector<std::uint8_t> good = core::read_file(path_);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::vector<std::uint8_t> bad = good;
    bad[i] ^= static_cast<std::uint8_t>(1U << (i % 8));
    write_without_syncing(path_, bad);
    EXPECT_THROW(read_coat_key(path_), core::Error) << "byte " << i;
  }
}

TEST_F(CoatKeyFile, AnotherFormatIsNamedWithTheVersionThatWroteIt) {
  const auto problem_of_format = [&](int format) {
    const nlohmann::json document = {
        {"kind", "patina-coat-key"}, {"format_version", format}, {"tool_version", "9.9"}};
    core::write_safetensors(path_,
                            {{"center", blob({4}, 0.0F)}},
                            {{"patina", document.dump()}, {"content_sha256", "00"}});
    return problem([&] { read_coat_key(path_); });
  };
  EXPECT_NE(problem_of_format(3).find(
                "key format 3 (written by Patina 9.9), this build reads format 2; update Patina"),
            std::string::npos);
  EXPECT_NE(problem_of_format(1).find("key format 1 (written by Patina 9.9), this build reads "
                                      "format 2; use the Patina that made it"),
            std::string::npos);
}

TEST_F(CoatKeyFile, WeightsThatAreNotFiniteAreRefusedBothWays) {
  CoatKey key = sample_key();
  key.scoring.tensors["extractor/linear.bias"] = blob({4}, std::nanf(""));
  EXPECT_NE(problem([&] {
              write_coat_key(path_, key);
            }).find("tensor extractor/linear.bias holds a value that is not finite at index 0"),
            std::string::npos);
}

TEST_F(CoatKeyFile, TheScoringPartHoldsNothingSecret) {
  write_extractor(path_, sample_key());
  const std::vector<std::uint8_t> bytes = core::read_file(path_);
  const std::string text(bytes.begin(), bytes.end());
  EXPECT_EQ(text.find("0123456789ab"), std::string::npos);
  EXPECT_EQ(text.find("generator"), std::string::npos);
  EXPECT_EQ(text.find("seed"), std::string::npos);
  const CoatKey part = read_extractor(path_);
  EXPECT_EQ(extractor_sha256(part), extractor_sha256(sample_key()));
}

TEST_F(CoatKeyFile, AnotherSafetensorsFileIsNoKey) {
  core::write_safetensors(path_, {{"center", blob({4}, 0.0F)}}, {});
  EXPECT_NE(problem([&] { read_coat_key(path_); }).find("not a Patina key"), std::string::npos);
}

}  // namespace
}  // namespace patina::keys
