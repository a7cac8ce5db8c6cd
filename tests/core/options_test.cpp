// SPDX-License-Identifier: Apache-2.0
#include "core/options.h"

#include <gmock/gmock.h>
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
  return {{"--latents", "N", "Latents a side", WholeField{&sample.latents, 8, 256}},
          {"--weight", "W", "Weight", RealField{&sample.weight, 0.0, 1000.0, false}},
          {"--strength", "S", "Strength", RealField{&sample.strength, 0.0, 4.0, true}},
          {"--message", "TEXT", "Message", TextField{&sample.message}, "drawn", true},
          {"--base-model", "DIR", "Model", PathField{&sample.base}, "built in", false, "--weight"},
          {"--floor", "DB", "PSNR", RealField{&sample.floor_db, 20.0, 60.0, false, true}}};
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

/// What a potter may leave to the clay.
struct Pot {
  std::optional<int> turns;
  std::optional<double> heat;
  bool glazed = false;
  std::string shape = "bowl";
};

std::vector<OptionField> describe(Pot& pot) {
  return {{"--turns", "N", "Turns", OptionalWholeField{&pot.turns, 1, 9}, "as the clay asks"},
          {"--heat", "X", "Heat", OptionalRealField{&pot.heat, 0.0, 2.0, true}},
          {"--glazed", "", "Glazed", ToggleField{&pot.glazed}},
          {"--shape",
           "NAME",
           "Shape",
           ChoiceField{{"bowl", "jug"},
                       [&pot] { return pot.shape; },
                       [&pot](const std::string& name) { pot.shape = name; }}}};
}

TEST(OptionFields, MayBeLeftToSomebodyElse) {
  Pot pot;
  EXPECT_NO_THROW(validate(describe(pot)));
  EXPECT_EQ(value_text(describe(pot)[0]), "as the clay asks");
  EXPECT_EQ(range_text(describe(pot)[0]), "1 to 9");
  EXPECT_EQ(range_text(describe(pot)[1]), "above 0 to 2");
  EXPECT_EQ(record(describe(pot)),
            (nlohmann::json{
                {"turns", nullptr}, {"heat", nullptr}, {"glazed", false}, {"shape", "bowl"}}));
  pot = {3, 0.5, true, "jug"};
  EXPECT_EQ(value_text(describe(pot)[0]), "3");
  EXPECT_EQ(value_text(describe(pot)[2]), "yes");
  EXPECT_EQ(record(describe(pot)),
            (nlohmann::json{{"turns", 3}, {"heat", 0.5}, {"glazed", true}, {"shape", "jug"}}));
}

TEST(OptionFields, AreHeldToTheirRangeOnceTheyAreGiven) {
  Pot pot;
  pot.turns = 10;
  EXPECT_THAT(caught_text([&] { validate(describe(pot)); }),
              testing::HasSubstr("--turns: 10 is outside 1 to 9"));
  pot = {};
  pot.heat = 0.0;
  EXPECT_THAT(caught_text([&] { validate(describe(pot)); }),
              testing::HasSubstr("--heat: 0 is outside above 0 to 2"));
  pot = {};
  pot.shape = "sieve";
  EXPECT_THAT(caught_text([&] { validate(describe(pot)); }),
              testing::HasSubstr("--shape: sieve is none of bowl, jug"));
}

TEST(OptionGroups, GiveAnOwnerItsOwnFieldsAndThoseOfAll) {
  const auto field = [](const char* flag) {
    OptionField described;
    described.flag = flag;
    return described;
  };
  const std::vector<OptionGroup> groups = {
      {{}, {field("--all")}}, {{"oil"}, {field("--oil")}}, {{"ink", "oil"}, {field("--both")}}};
  const auto flags = [&groups](const std::string& owner) {
    std::string all;
    for (const OptionField& read : fields_read_by(owner, groups)) all += read.flag + " ";
    return all;
  };
  EXPECT_EQ(flags("oil"), "--all --oil --both ");
  EXPECT_EQ(flags("ink"), "--all --both ");
  EXPECT_EQ(flags("chalk"), "--all ");
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
