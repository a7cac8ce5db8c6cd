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
#include "core/hash.h"

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
  key.created = "2026-01-01T00:00:00Z";
  key.tool_version = "0.1.0";
  key.seed = 0xFEDCBA9876543210;
  key.message_hex = "0123456789ab";
  key.radius = 1.25;
  key.tensors["center"] = blob({4}, 1.0F);
  key.tensors["extractor/linear.bias"] = blob({4}, 2.0F);
  key.tensors["generator/final_layer.bias"] = blob({3}, 3.0F);
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
  write_coat_key(path_, sample_key());
  const CoatKey key = read_coat_key(path_);
  EXPECT_EQ(key.seed, 0xFEDCBA9876543210);
  EXPECT_EQ(key.message_hex, "0123456789ab");
  EXPECT_EQ(key.radius, 1.25);
  EXPECT_EQ(key.tensors.at("generator/final_layer.bias").bytes,
            sample_key().tensors.at("generator/final_layer.bias").bytes);
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

TEST_F(CoatKeyFile, ANewerFormatIsNamed) {
  const nlohmann::json document = {
      {"kind", "patina-coat-key"}, {"format_version", 2}, {"tool_version", "9.9"}};
  core::write_safetensors(path_,
                          {{"center", blob({4}, 0.0F)}},
                          {{"patina", document.dump()}, {"content_sha256", "00"}});
  EXPECT_NE(
      problem([&] {
        read_coat_key(path_);
      }).find("key format 2 (written by Patina 9.9), this build reads up to 1; update Patina"),
      std::string::npos);
}

// A key as an earlier version left it: the document's fields taken out or put in, and its digest
// computed as docs/formats/coat-key.md says.
void write_changed_key(const std::filesystem::path& path,
                       const CoatKey& key,
                       const std::function<void(nlohmann::json&)>& change) {
  write_coat_key(path, key);
  auto document = nlohmann::json::parse(core::SafetensorsFile::open(path).metadata().at("patina"));
  change(document);
  const std::string text = document.dump();
  core::Sha256 digest;
  digest.update(text);
  for (const auto& [name, tensor] : key.tensors) {
    digest.update("\n" + name + " F32 " + std::to_string(tensor.shape.at(0)) + "\n");
    digest.update(tensor.bytes.data(), tensor.bytes.size());
  }
  core::write_safetensors(
      path, key.tensors, {{"patina", text}, {"content_sha256", core::to_hex(digest.finish())}});
}

TEST_F(CoatKeyFile, AKeyWhoseScoresThisVersionReadsOtherwiseIsRefused) {
  CoatKey key = sample_key();
  key.method = "frame";
  write_changed_key(path_, key, [](nlohmann::json& document) { document.erase("reader"); });
  EXPECT_NE(problem([&] { read_coat_key(path_); })
                .find("made for reader 1 of method frame (Patina 0.1.0), this build has reader 2, "
                      "which gives other scores; use the Patina that made it, or a later one"),
            std::string::npos);
  for (const nlohmann::json& reader : {nlohmann::json(3), nlohmann::json("2")}) {
    write_changed_key(path_, key, [&](nlohmann::json& document) { document["reader"] = reader; });
    EXPECT_NE(problem([&] { read_coat_key(path_); }).find("made for reader " + reader.dump()),
              std::string::npos);
  }
}

TEST_F(CoatKeyFile, AKeyFromBeforeReadersWereNumberedIsOfTheFirst) {
  write_changed_key(
      path_, sample_key(), [](nlohmann::json& document) { document.erase("reader"); });
  EXPECT_EQ(read_coat_key(path_).method, "siren");
}

TEST_F(CoatKeyFile, WeightsThatAreNotFiniteAreRefusedBothWays) {
  CoatKey key = sample_key();
  key.tensors["extractor/linear.bias"] = blob({4}, std::nanf(""));
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
