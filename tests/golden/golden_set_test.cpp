// SPDX-License-Identifier: Apache-2.0
#include "tests/golden/golden_set.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.h"

namespace patina::golden {
namespace {

namespace fs = std::filesystem;

core::SafetensorsFile file_with(const std::vector<std::string>& names) {
  std::map<std::string, core::TensorBlob> tensors;
  for (const std::string& name : names) {
    tensors[name] = {core::DType::kF64, {1}, std::vector<std::uint8_t>(8, 0)};
  }
  return core::SafetensorsFile::parse(core::safetensors_bytes(tensors, {}), "test");
}

// NOLINTBEGIN(concurrency-mt-unsafe): this test program has one thread.
// Points PATINA_GOLDEN_DIR at a folder for the length of a test.
class ChosenFolder {
 public:
  explicit ChosenFolder(const fs::path& folder) {
    const char* before = std::getenv("PATINA_GOLDEN_DIR");
    had_before_ = before != nullptr;
    before_ = had_before_ ? before : "";
    setenv("PATINA_GOLDEN_DIR", folder.c_str(), 1);
  }
  ~ChosenFolder() {
    if (had_before_) {
      setenv("PATINA_GOLDEN_DIR", before_.c_str(), 1);
    } else {
      unsetenv("PATINA_GOLDEN_DIR");
    }
  }
  ChosenFolder(const ChosenFolder&) = delete;
  ChosenFolder& operator=(const ChosenFolder&) = delete;

 private:
  bool had_before_ = false;
  std::string before_;
};

// NOLINTEND(concurrency-mt-unsafe)

void write_index(const fs::path& folder) {
  fs::create_directories(folder);
  std::ofstream(folder / "index.json") << "{\"set\": \"other\"}";
}

TEST(GoldenGroups, AreTheSortedDistinctNamesBelowAPrefix) {
  const core::SafetensorsFile file = file_with(
      {"ks/01/x", "ks/00/x", "ks/00/y", "ks/results", "other/7/x", "ks"});
  EXPECT_EQ(groups(file, "ks/"), (std::vector<std::string>{"00", "01"}));
  EXPECT_EQ(groups(file, ""), (std::vector<std::string>{"ks", "other"}));
  EXPECT_EQ(groups(file, "", 2), (std::vector<std::string>{"ks/00", "ks/01", "other/7"}));
  EXPECT_TRUE(groups(file, "none/").empty());
}

TEST(GoldenValues, AreReadAsDoublesWhateverTheirType) {
  std::map<std::string, core::TensorBlob> tensors;
  tensors["bytes"] = {core::DType::kU8, {2}, {3, 255}};
  tensors["floats"] = {core::DType::kF32, {1}, {0, 0, 0x20, 0xC0}};
  tensors["whole"] = {core::DType::kI64, {1}, std::vector<std::uint8_t>(8, 0xFF)};
  tensors["half"] = {core::DType::kF16, {1}, {0, 0}};
  const auto file = core::SafetensorsFile::parse(core::safetensors_bytes(tensors, {}), "test");
  EXPECT_EQ(doubles(file, "bytes"), (std::vector<double>{3, 255}));
  EXPECT_EQ(doubles(file, "floats"), std::vector<double>{-2.5});
  EXPECT_EQ(doubles(file, "whole"), std::vector<double>{-1});
  EXPECT_THROW(doubles(file, "half"), core::Error);
}

TEST(GoldenSet, ChosenFolderComesFirstThenTheFolderItselfThenTheCarriedCopy) {
  const fs::path folder = fs::path(::testing::TempDir()) / "patina_golden_set_test";
  fs::remove_all(folder);
  fs::create_directories(folder);
  const ChosenFolder chosen(folder);
  EXPECT_EQ(open_golden_set("siren")->folder().filename(), "siren");
  EXPECT_EQ(open_golden_set("siren")->folder().parent_path().filename(), "golden");
  write_index(folder);
  EXPECT_EQ(open_golden_set("siren")->folder(), folder);
  write_index(folder / "siren");
  EXPECT_EQ(open_golden_set("siren")->folder(), folder / "siren");
  EXPECT_EQ(open_golden_set("siren")->index()["set"], "other");
  fs::remove_all(folder);
}

TEST(GoldenSet, UnknownSetIsAbsent) {
  const ChosenFolder chosen("/nonexistent");
  EXPECT_FALSE(open_golden_set("no such set").has_value());
  ASSERT_TRUE(open_golden_set("siren").has_value());
  EXPECT_TRUE(open_golden_set("siren")->has("stats.json"));
  EXPECT_FALSE(open_golden_set("siren")->has("nothing.safetensors"));
  EXPECT_FALSE(groups(open_golden_set("siren")->file("stats.safetensors"), "ks/").empty());
}

}  // namespace
}  // namespace patina::golden
