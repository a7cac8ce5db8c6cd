// SPDX-License-Identifier: Apache-2.0
#include "core/options.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/core/caught.h"

namespace patina::core {
namespace {

struct Sample {
  int latents = 16;
  double weight = 0.2;
  double strength = 1.5;
  double floor_db = 38.2;
  std::string message;
  std::filesystem::path base;
};

std::vector<OptionField> describe(Sample& sample) {
  return {
      {"--latents", "N", "Latents a side", WholeField{&sample.latents, 8, 256}, "", false, ""},
      {"--weight", "W", "Weight", RealField{&sample.weight, 0.0, 1000.0, false}, "", false, ""},
      {"--strength", "S", "Strength", RealField{&sample.strength, 0.0, 4.0, true}, "", false, ""},
      {"--message", "TEXT", "Message", TextField{&sample.message}, "drawn", true, ""},
      {"--base-model", "DIR", "Model", PathField{&sample.base}, "built in", false, "--weight"},
      {"--floor",
       "DB",
       "PSNR",
       RealField{&sample.floor_db, 20.0, 60.0, false, true},
       "",
       false,
       ""}};
}

TEST(OptionFields, TellTheirRangeAndValue) {
  Sample sample;
  const std::vector<OptionField> fields = describe(sample);
  EXPECT_EQ(range_text(fields[0]), "8 to 256");
  EXPECT_EQ(range_text(fields[2]), "above 0 to 4");
  EXPECT_EQ(range_text(fields[3]), "");
  EXPECT_EQ(value_text(fields[0]), "16");
  EXPECT_EQ(value_text(fields[1]), "0.2");
  EXPECT_EQ(value_text(fields[3]), "drawn");
  sample.message = "hello";
  EXPECT_EQ(value_text(fields[3]), "hello");
}

TEST(OptionFields, AreInRangeByDefaultAndAtBothEnds) {
  Sample sample;
  EXPECT_NO_THROW(validate(describe(sample)));
  sample.latents = 256;
  sample.weight = 0.0;
  sample.strength = 4.0;
  EXPECT_NO_THROW(validate(describe(sample)));
}

TEST(OptionFields, MayBeZeroBelowTheirRangeWhereThatMeansWithout) {
  Sample sample;
  EXPECT_EQ(range_text(describe(sample)[5]), "20 to 60 or 0");
  sample.floor_db = 0.0;
  EXPECT_NO_THROW(validate(describe(sample)));
  sample.floor_db = 10.0;
  EXPECT_EQ(caught_text([&] { validate(describe(sample)); }),
            "--floor: 10 is outside 20 to 60 or 0; give a value in the range.");
}

TEST(OptionFields, NameFlagValueAndRangeWhereAValueIsOutside) {
  Sample sample;
  sample.latents = 7;
  EXPECT_EQ(caught_text([&] { validate(describe(sample)); }),
            "--latents: 7 is outside 8 to 256; give a value in the range.");
  sample.latents = 8;
  sample.strength = 0.0;
  EXPECT_EQ(caught_text([&] { validate(describe(sample)); }),
            "--strength: 0 is outside above 0 to 4; give a value in the range.");
}

TEST(OptionFields, AreRecordedUnderTheNamesOfTheirFlagsAndSecretsAsGivenOnly) {
  Sample sample;
  sample.message = "hello";
  sample.base = "models/base";
  EXPECT_EQ(record(describe(sample)),
            nlohmann::json({{"latents", 16},
                            {"weight", 0.2},
                            {"strength", 1.5},
                            {"message_given", true},
                            {"base_model", "models/base"},
                            {"floor", 38.2}}));
}

}  // namespace
}  // namespace patina::core
