// SPDX-License-Identifier: Apache-2.0
// What a hostile or damaged safetensors file meets.
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/safetensors.h"
#include "tests/core/caught.h"
#include "tests/core/safetensors_literal.h"
#include "tests/core/scratch_folder.h"

namespace patina::core {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// One entry "name":{...} of a header.
std::string entry(const std::string& name,
                  const std::string& dtype,
                  const std::string& shape,
                  const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":" + dtype + ",\"shape\":" + shape +
         ",\"data_offsets\":" + offsets + "}";
}

/// A file of one entry "t" over eight data bytes.
Bytes one(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return literal_file("{" + entry("t", dtype, shape, offsets) + "}", 8);
}

Bytes two(const std::string& first_offsets, const std::string& second_offsets) {
  return literal_file("{" + entry("a", "\"U8\"", "[4]", first_offsets) + "," +
                          entry("b", "\"U8\"", "[4]", second_offsets) + "}",
                      8);
}

struct Corruption {
  const char* name;
  Bytes bytes;
  const char* problem;
};

class SafetensorsRefuses : public testing::TestWithParam<Corruption> {};

TEST_P(SafetensorsRefuses, AndNamesTheViolatedRule) {
  const Error error = caught([] { SafetensorsFile::parse(GetParam().bytes, "m.safetensors"); });
  EXPECT_EQ(error.kind(), ErrorKind::kInput);
  EXPECT_THAT(error.where(), testing::StartsWith("m.safetensors"));
  EXPECT_THAT(error.problem(), testing::HasSubstr(GetParam().problem));
  EXPECT_FALSE(error.todo().empty());
}

const char* const kOffsets = "data_offsets are not two sizes";

INSTANTIATE_TEST_SUITE_P(
    Framing,
    SafetensorsRefuses,
    testing::Values(
        Corruption{"NoBytes", {}, "0 bytes, too short for the 8-byte header length"},
        Corruption{"SevenBytes", Bytes(7, 0), "7 bytes, too short"},
        Corruption{"NoHeader", Bytes(8, 0), "header does not start with '{'"},
        Corruption{"LengthBeyondFile",
                   literal_file(3, "{}", 0),
                   "header of 3 bytes in a file of 10 bytes"},
        Corruption{"LengthOfTwoTo63",
                   literal_file(1ULL << 63, "{}", 0),
                   "header of 9223372036854775808 bytes, the limit is 100000000"},
        Corruption{"LengthOfAllOnes",
                   literal_file(~0ULL, "{}", 0),
                   "header of 18446744073709551615 bytes, the limit is 100000000"},
        Corruption{"LengthJustOverTheLimit",
                   literal_file(100000001, "{}", 0),
                   "header of 100000001 bytes, the limit"},
        Corruption{"Array", literal_file("[]", 0), "header does not start with '{'"},
        Corruption{"LeadingSpace", literal_file(" {}", 0), "header does not start with '{'"},
        Corruption{"BrokenJson", literal_file("{\"a\":", 0), "not JSON"},
        Corruption{"TextBehindJson", literal_file("{}{}", 0), "not JSON"},
        Corruption{"ZeroBehindJson", literal_file(std::string("{}\0", 3), 0), "zero byte"},
        Corruption{"NotUtf8", literal_file("{\"\xFF\":{}}", 0), "ill-formed UTF-8"},
        Corruption{"DeepNesting",
                   literal_file("{\"a\":" + std::string(100000, '['), 0),
                   "nested deeper than 4 levels"}),
    [](const auto& tested) { return std::string(tested.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Entries,
    SafetensorsRefuses,
    testing::Values(
        Corruption{
            "EntryIsANumber", literal_file(R"({"t":3})", 0), "is not described by an object"},
        Corruption{"NoDtype",
                   literal_file(R"({"t":{"shape":[8],"data_offsets":[0,8]}})", 8),
                   "has no \"dtype\""},
        Corruption{"NoShape",
                   literal_file(R"({"t":{"dtype":"U8","data_offsets":[0,8]}})", 8),
                   "has no \"shape\""},
        Corruption{"NoOffsets",
                   literal_file(R"({"t":{"dtype":"U8","shape":[8]}})", 8),
                   "has no \"data_offsets\""},
        Corruption{"DtypeIsANumber", one("8", "[8]", "[0,8]"), "dtype is not a string"},
        Corruption{"UnknownDtype",
                   one("\"F8_E4M3\"", "[8]", "[0,8]"),
                   "dtype \"F8_E4M3\" is not one of F64"},
        Corruption{"LowerCaseDtype", one("\"u8\"", "[8]", "[0,8]"), "dtype \"u8\" is not one of"},
        Corruption{"ShapeIsANumber", one("\"U8\"", "8", "[0,8]"), "shape is not an array"},
        Corruption{"NegativeSize", one("\"U8\"", "[-8]", "[0,8]"), "shape holds \"-8\""},
        Corruption{"FractionalSize", one("\"U8\"", "[8.0]", "[0,8]"), "shape holds \"8.0\""},
        Corruption{"TextSize", one("\"U8\"", "[\"8\"]", "[0,8]"), "not a size"},
        Corruption{"SizeOfTwoTo63",
                   one("\"U8\"", "[9223372036854775808]", "[0,8]"),
                   "shape holds \"9223372036854775808\""},
        Corruption{"ProductWrapsToEight",
                   one("\"F64\"", "[4294967296,4294967296,1]", "[0,8]"),
                   "shape is too large for 64 bits"},
        Corruption{"ElementSizeWraps",
                   one("\"F64\"", "[2305843009213693953]", "[0,8]"),
                   "shape is too large for 64 bits"},
        Corruption{"ShapeTooSmall",
                   one("\"U8\"", "[7]", "[0,8]"),
                   "shape and dtype need 7 bytes, data_offsets span 8"},
        Corruption{"WrongDtype",
                   one("\"F32\"", "[8]", "[0,8]"),
                   "shape and dtype need 32 bytes, data_offsets span 8"}),
    [](const auto& tested) { return std::string(tested.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Offsets,
    SafetensorsRefuses,
    testing::Values(
        Corruption{"Negative", one("\"U8\"", "[8]", "[-8,0]"), kOffsets},
        Corruption{"Fractional", one("\"U8\"", "[8]", "[0,8.0]"), kOffsets},
        Corruption{"OnlyOne", one("\"U8\"", "[8]", "[8]"), kOffsets},
        Corruption{"Three", one("\"U8\"", "[8]", "[0,8,8]"), kOffsets},
        Corruption{"AnObject", one("\"U8\"", "[8]", "{\"a\":0,\"b\":8}"), kOffsets},
        Corruption{"Backwards", one("\"U8\"", "[0]", "[8,0]"), "data_offsets 8 to 0 do not lie in"},
        Corruption{"BeyondTheFile",
                   one("\"U8\"", "[9]", "[0,9]"),
                   "data_offsets 0 to 9 do not lie in the 8 data bytes"},
        Corruption{"AlmostTwoTo64",
                   one("\"U8\"", "[0]", "[18446744073709551615,18446744073709551615]"),
                   "do not lie in the 8 data bytes"},
        Corruption{"Overlap", two("[0,4]", "[3,7]"), "tensor \"b\" overlaps the tensor before it"},
        Corruption{"SameBytesTwice", two("[0,4]", "[0,4]"), "overlaps the tensor before it"},
        Corruption{"HoleAtTheStart", one("\"U8\"", "[7]", "[1,8]"), "tensor \"t\" follows a hole"},
        Corruption{"HoleAtTheEnd",
                   one("\"U8\"", "[7]", "[0,7]"),
                   "8 data bytes, of which the tensors cover 7"},
        Corruption{"HoleBetween",
                   literal_file("{" + entry("a", "\"U8\"", "[1]", "[0,1]") + "," +
                                    entry("b", "\"U8\"", "[6]", "[2,8]") + "}",
                                8),
                   "tensor \"b\" follows a hole"},
        Corruption{"DataWithoutTensors",
                   literal_file("{}", 1),
                   "1 data bytes, of which the tensors cover 0"}),
    [](const auto& tested) { return std::string(tested.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Names,
    SafetensorsRefuses,
    testing::Values(
        Corruption{"DuplicateTensor",
                   literal_file("{" + entry("t", "\"U8\"", "[4]", "[0,4]") + "," +
                                    entry("t", "\"U8\"", "[4]", "[4,8]") + "}",
                                8),
                   "key \"t\" appears twice"},
        Corruption{
            "DuplicateDtype",
            literal_file(R"({"t":{"dtype":"U8","dtype":"U8","shape":[8],"data_offsets":[0,8]}})",
                         8),
            "key \"dtype\" appears twice"},
        Corruption{"MetadataIsText",
                   literal_file(R"({"__metadata__":"x"})", 0),
                   "__metadata__ is not an object"},
        Corruption{"MetadataHoldsANumber",
                   literal_file(R"({"__metadata__":{"epoch":3}})", 0),
                   "__metadata__ entry \"epoch\" is not a string"},
        Corruption{"MetadataHoldsAnObject",
                   literal_file(R"({"__metadata__":{"a":{}}})", 0),
                   "__metadata__ entry \"a\" is not a string"},
        Corruption{"DuplicateMetadata",
                   literal_file(R"({"__metadata__":{"a":"1","a":"2"}})", 0),
                   "key \"a\" appears twice"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Safetensors, AcceptsTensorsInAnyOrderAndEmptyOnesBetween) {
  const Bytes bytes = literal_file("{" + entry("z", "\"U8\"", "[3]", "[0,3]") + "," +
                                       entry("empty", "\"F32\"", "[0]", "[3,3]") + "," +
                                       entry("a", "\"U8\"", "[5]", "[3,8]") + "}   ",
                                   8);
  const SafetensorsFile file = SafetensorsFile::parse(bytes, "x");
  EXPECT_EQ(file.at("a").data - file.at("z").data, 3);
  EXPECT_EQ(file.at("empty").size_bytes, 0U);
}

Bytes small_file() {
  return safetensors_bytes({{"a", {DType::kF32, {2, 1}, Bytes(8, 1)}},
                            {"b", {DType::kU8, {3}, Bytes(3, 2)}},
                            {"c", {DType::kI64, {0}, {}}}},
                           {{"k", "v"}});
}

/// Every view lies in the bytes, or the file was refused with an Error.
bool is_read_safely_or_refused(const Bytes& bytes) {
  try {
    const SafetensorsFile file = SafetensorsFile::parse(bytes, "flipped");
    std::size_t total = 0;
    for (const auto& [name, tensor] : file.tensors()) {
      unsigned sum = 0;
      for (std::size_t i = 0; i < tensor.size_bytes; ++i) {
        sum += tensor.data[i];
      }
      total += tensor.size_bytes + (sum & 0U);
    }
    return total <= bytes.size();
  } catch (const Error& error) {
    return error.kind() == ErrorKind::kInput;
  }
}

TEST(Safetensors, SurvivesEveryFlippedBit) {
  const Bytes whole = small_file();
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    Bytes flipped = whole;
    flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ (1U << (bit % 8)));
    EXPECT_TRUE(is_read_safely_or_refused(flipped)) << "bit " << bit;
  }
}

TEST(Safetensors, RefusesEveryTruncation) {
  const Bytes whole = small_file();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(caught([&] { SafetensorsFile::parse(cut, "cut"); }).kind(), ErrorKind::kInput)
        << size;
  }
}

TEST(Safetensors, RefusesTruncatedFilesOnDiskToo) {
  const ScratchFolder folder;
  std::ofstream(folder / "empty");
  EXPECT_THAT(caught_text([&] { SafetensorsFile::open(folder / "empty"); }),
              testing::EndsWith("/empty: 0 bytes, too short for the 8-byte header length; fetch or "
                                "write the safetensors file again."));
  Bytes bytes = small_file();
  bytes.pop_back();
  write_file_atomic(folder / "cut", bytes);
  EXPECT_EQ(caught([&] { SafetensorsFile::open(folder / "cut"); }).kind(), ErrorKind::kInput);
}

}  // namespace
}  // namespace patina::core
