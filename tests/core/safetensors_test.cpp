// SPDX-License-Identifier: Apache-2.0
#include "core/safetensors.h"

#include <cstring>
#include <limits>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "keys/key_tensors.h"
#include "tests/core/caught.h"
#include "tests/core/safetensors_literal.h"
#include "tests/core/scratch_folder.h"

namespace patina::core {
namespace {

using Bytes = std::vector<std::uint8_t>;

TensorBlob blob(DType dtype, std::vector<std::int64_t> shape, Bytes bytes) {
  return {dtype, std::move(shape), std::move(bytes)};
}

TensorBlob floats(std::vector<std::int64_t> shape, const std::vector<float>& values) {
  TensorBlob tensor{DType::kF32, std::move(shape), Bytes(values.size() * sizeof(float))};
  std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
  return tensor;
}

Bytes bytes_of(const TensorView& tensor) { return {tensor.data, tensor.data + tensor.size_bytes}; }

// The two files asserted byte by byte in the tests of the format's reference implementation
// (huggingface/safetensors: safetensors/src/tensor.rs, test_serialization, test_forced_alignement).
TEST(SafetensorsWriter, GivesTheBytesOfTheReferenceImplementation) {
  const std::vector<float> values{0, 1, 2, 3, 4, 5};
  const std::string data("\0\0\0\0\0\0\x80\x3F\0\0\0\x40\0\0\x40\x40\0\0\x80\x40\0\0\xA0\x40", 24);
  const std::pair<std::map<std::string, TensorBlob>, std::string> cases[] = {
      {{{"attn.0", floats({1, 2, 3}, values)}},
       std::string("\x40\0\0\0\0\0\0\0", 8) +
           R"({"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}})"},
      {{{"attn0", floats({1, 1, 2, 3}, values)}},
       std::string("\x48\0\0\0\0\0\0\0", 8) +
           R"({"attn0":{"dtype":"F32","shape":[1,1,2,3],"data_offsets":[0,24]}}       )"}};
  for (const auto& [tensors, expected] : cases) {
    const Bytes bytes = safetensors_bytes(tensors, {});
    EXPECT_EQ(std::string(bytes.begin(), bytes.end()), expected + data);
  }
}

TEST(SafetensorsWriter, PutsLargeElementsFirstSoThatAllAreAligned) {
  const Bytes bytes = safetensors_bytes({{"a", blob(DType::kU8, {3}, {1, 2, 3})},
                                         {"b", blob(DType::kF16, {1}, {4, 5})},
                                         {"c", blob(DType::kI64, {1}, Bytes(8, 6))},
                                         {"d", blob(DType::kF32, {1}, Bytes(4, 7))},
                                         {"e", blob(DType::kF64, {1}, Bytes(8, 8))}},
                                        {{"odd length", "xyz"}});
  const SafetensorsFile file = SafetensorsFile::parse(bytes, "test");
  EXPECT_LT(file.at("c").data, file.at("e").data) << "equal sizes in order of name";
  EXPECT_LT(file.at("e").data, file.at("d").data);
  for (const auto& [name, tensor] : file.tensors()) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.data) % size_of(tensor.dtype), 0U) << name;
  }
}

TEST(Safetensors, RoundTripThroughAFileKeepsTensorsAndMetadata) {
  const ScratchFolder folder;
  const std::map<std::string, TensorBlob> tensors{
      {"scalar", blob(DType::kF64, {}, Bytes(8, 1))},
      {"matrix", blob(DType::kI16, {2, 3}, Bytes(12, 2))},
      {"nothing", blob(DType::kF32, {0, 5}, {})},
      {"n\xC3\xA4me \"quoted\"\n", blob(DType::kBool, {1}, {1})}};
  const std::map<std::string, std::string> metadata{{"format", "1"}, {"note", "\xE2\x82\xAC"}};
  write_safetensors(folder / "m.safetensors", tensors, metadata);
  const SafetensorsFile file = SafetensorsFile::open(folder / "m.safetensors");
  EXPECT_EQ(file.metadata(), metadata);
  EXPECT_EQ(file.where(), (folder / "m.safetensors").string());
  ASSERT_EQ(file.tensors().size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    EXPECT_EQ(file.at(name).dtype, tensor.dtype) << name;
    EXPECT_EQ(file.at(name).shape, tensor.shape) << name;
    EXPECT_EQ(bytes_of(file.at(name)), tensor.bytes) << name;
  }
}

TEST(Safetensors, FileAndMemoryHoldTheSameBytes) {
  const ScratchFolder folder;
  const std::map<std::string, TensorBlob> tensors{{"a", floats({2}, {1, 2})},
                                                  {"b", blob(DType::kU8, {1}, {9})}};
  write_safetensors(folder / "x", tensors, {{"k", "v"}}, FileAccess::kSecret);
  EXPECT_EQ(read_file(folder / "x"), safetensors_bytes(tensors, {{"k", "v"}}));
  struct stat status = {};
  ASSERT_EQ(::stat((folder / "x").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST(Safetensors, HoldsNoTensorsAtAll) {
  const SafetensorsFile file = SafetensorsFile::parse(safetensors_bytes({}, {}), "empty");
  EXPECT_TRUE(file.tensors().empty());
  EXPECT_TRUE(file.metadata().empty());
  EXPECT_TRUE(SafetensorsFile::parse(literal_file("{}", 0), "shortest").tensors().empty());
}

TEST(Safetensors, ViewsOutliveCopiesOfTheFileObject) {
  SafetensorsFile copy = SafetensorsFile::parse(safetensors_bytes({}, {}), "empty");
  {
    const SafetensorsFile file = SafetensorsFile::parse(
        safetensors_bytes({{"a", floats({1}, {0.5F})}}, {}), "test");
    copy = file;
  }
  float value = 0;
  std::memcpy(&value, copy.at("a").data, sizeof value);
  EXPECT_EQ(value, 0.5F);
}

fs::path foreign_file(const std::string& name) {
  return fs::path(PATINA_SOURCE_DIR) / "tests/core/data/safetensors" / (name + ".safetensors");
}

template <typename Value>
std::vector<Value> values_of(const TensorView& tensor) {
  std::vector<Value> values(tensor.size_bytes / sizeof(Value));
  if (!values.empty()) {
    std::memcpy(values.data(), tensor.data, tensor.size_bytes);
  }
  return values;
}

// Expected values: printed by PyTorch 1.13.1 when the file was written
// (data/safetensors/README.md).
TEST(Safetensors, ReadsEveryTypeFromTheFileOfAnotherWriter) {
  const SafetensorsFile file = SafetensorsFile::open(foreign_file("dtypes"));
  using Shape = std::vector<std::int64_t>;
  EXPECT_EQ(values_of<double>(file.at("f64"))[5], 0.10281339287757874);
  EXPECT_EQ(file.at("f64").shape, (Shape{2, 3}));
  EXPECT_EQ(values_of<float>(file.at("f32"))[11], -1.175930142402649F);
  EXPECT_EQ(values_of<std::uint16_t>(file.at("f16_special")),
            (std::vector<std::uint16_t>{0x0001, 0x7BFF, 0x8000}));
  EXPECT_EQ(values_of<std::uint16_t>(file.at("bf16"))[5], 0xBFFB);  // -1.9609375
  EXPECT_EQ(values_of<std::int64_t>(file.at("i64")),
            (std::vector<std::int64_t>{-4611686018427387904, -1, 0, 1099511627776}));
  EXPECT_EQ(values_of<std::int32_t>(file.at("i32")),
            (std::vector<std::int32_t>{std::numeric_limits<std::int32_t>::min(), 2147483647}));
  EXPECT_EQ(values_of<std::int16_t>(file.at("i16")), (std::vector<std::int16_t>{-32768, 32767}));
  EXPECT_EQ(values_of<std::int8_t>(file.at("i8")), (std::vector<std::int8_t>{-128, 127}));
  EXPECT_EQ(values_of<std::uint8_t>(file.at("u8")), (Bytes{0, 255, 7}));
  EXPECT_EQ(values_of<std::uint8_t>(file.at("bool")), (Bytes{1, 0, 1}));
  EXPECT_EQ(values_of<float>(file.at("scalar")), std::vector<float>{3.25F});
  EXPECT_EQ(file.at("scalar").shape, Shape{});
  EXPECT_EQ(file.at("empty").shape, (Shape{0, 4}));
}

TEST(Safetensors, ReadsNamesAndMetadataFromTheFileOfAnotherWriter) {
  const SafetensorsFile file = SafetensorsFile::open(foreign_file("dtypes"));
  EXPECT_EQ(file.tensors().size(), 15U);
  EXPECT_EQ(values_of<float>(file.at("name with spaces / slash.\"quoted\"")),
            (std::vector<float>{1, 2}));
  EXPECT_EQ(values_of<float>(file.at("\xC3\xBCn\xC3\xAF\xE2\x86\x92\xE5\x90\x8D")),
            (std::vector<float>{3, 4}));
  EXPECT_EQ(file.metadata(),
            (std::map<std::string, std::string>{
                {"format", "pt"}, {"note", "two words"}, {"json", "{\"a\": [1, 2]}"}}));
}

TEST(Safetensors, RefusesTheBrokenFilesOfAnotherWriter) {
  for (const char* name : {"bad_header_huge",
                           "bad_header_longer_than_file",
                           "bad_not_json",
                           "bad_offsets_reversed",
                           "bad_shape_and_size_disagree",
                           "bad_shape_overflow",
                           "bad_too_short",
                           "bad_truncated_data"}) {
    const fs::path path = foreign_file(name);
    const Error error = caught([&path] { SafetensorsFile::open(path); });
    EXPECT_EQ(error.kind(), ErrorKind::kInput) << name;
    EXPECT_THAT(error.where(), testing::StartsWith(path.string()));
  }
}

struct DTypeCase {
  DType dtype;
  const char* name;
  std::size_t size;
};

TEST(DType, HasTheFormatsNamesAndSizes) {
  for (const DTypeCase& c : {DTypeCase{DType::kF64, "F64", 8},
                             DTypeCase{DType::kF32, "F32", 4},
                             DTypeCase{DType::kF16, "F16", 2},
                             DTypeCase{DType::kBF16, "BF16", 2},
                             DTypeCase{DType::kI64, "I64", 8},
                             DTypeCase{DType::kI32, "I32", 4},
                             DTypeCase{DType::kI16, "I16", 2},
                             DTypeCase{DType::kI8, "I8", 1},
                             DTypeCase{DType::kU8, "U8", 1},
                             DTypeCase{DType::kBool, "BOOL", 1}}) {
    EXPECT_STREQ(to_string(c.dtype), c.name);
    EXPECT_EQ(size_of(c.dtype), c.size);
    const std::string header = std::string(R"({"t":{"dtype":")") + c.name +
                               R"(","shape":[3],"data_offsets":[0,)" + std::to_string(3 * c.size) +
                               "]}}";
    EXPECT_EQ(SafetensorsFile::parse(literal_file(header, 3 * c.size), "x").at("t").dtype, c.dtype);
  }
}

TEST(Safetensors, NamesTheTensorThatIsMissing) {
  const SafetensorsFile file = SafetensorsFile::parse(
      safetensors_bytes({{"a", floats({1}, {1})}}, {}), "unet.safetensors");
  EXPECT_TRUE(file.contains("a"));
  EXPECT_FALSE(file.contains("b"));
  const Error error = caught([&] { file.at("b"); });
  EXPECT_EQ(error.kind(), ErrorKind::kInput);
  EXPECT_STREQ(error.what(),
               "unet.safetensors: no tensor \"b\" among its 1; check that it is the right file.");
}

TEST(Safetensors, NamesAFileThatCannotBeRead) {
  EXPECT_EQ(
      caught_text([] { SafetensorsFile::open("/nowhere/m.safetensors"); }),
      "/nowhere/m.safetensors: cannot be read (No such file or directory); check the path and "
      "its permissions.");
  EXPECT_EQ(caught([] { SafetensorsFile::open("/"); }).problem(),
            "cannot be read (Is a directory)");
  EXPECT_EQ(caught([] { SafetensorsFile::open("/dev/null"); }).kind(), ErrorKind::kDisk);
}

TEST(SafetensorsWriter, RefusesWhatItCouldNotReadBack) {
  const std::pair<const char*, TensorBlob> cases[] = {
      {"too few bytes", blob(DType::kF32, {2}, Bytes(4))},
      {"negative size", blob(DType::kU8, {-1, -1}, Bytes(1))},
      {"overflow", blob(DType::kF64, {1LL << 62, 4}, {})},
      {"__metadata__", blob(DType::kU8, {1}, Bytes(1))}};
  for (const auto& [name, tensor] : cases) {
    const Error error = caught([&n = name, &t = tensor] { safetensors_bytes({{n, t}}, {}); });
    EXPECT_EQ(error.kind(), ErrorKind::kInternal) << name;
    EXPECT_EQ(error.where(), "tensor \"" + std::string(name) + "\"");
  }
  EXPECT_EQ(caught_text([] {
              safetensors_bytes({}, {{"note", "\xFF"}});
            }),
            "safetensors header: a name or metadata text is not UTF-8; use UTF-8 names.");
}

TEST(SafetensorsWriter, RefusesAHeaderBeyondTheLimit) {
  std::string note;
  note.resize(kMaxSafetensorsHeaderBytes, 'x');
  const Error error = caught([&note] { safetensors_bytes({}, {{"note", note}}); });
  EXPECT_EQ(error.kind(), ErrorKind::kInput);
  EXPECT_STREQ(error.what(),
               "safetensors header: 100000004 bytes or more, the limit is 100000000; write fewer "
               "tensors or less metadata.");
}

}  // namespace
}  // namespace patina::core
