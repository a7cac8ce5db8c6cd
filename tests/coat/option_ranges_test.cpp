// SPDX-License-Identifier: Apache-2.0
// Every flag of coating: its default, its range with both ends, and what lies just beyond.
#include <cmath>
#include <limits>

#include <gmock/gmock.h>

#include "coat/coat.h"
#include "tests/core/caught.h"

namespace patina::coat {
namespace {

using core::OptionField;

struct Range {
  const char* flag;
  const char* unit;  // As the help shows the value.
  const char* standard;
  const char* text;
  std::vector<double> inside;
  std::vector<double> outside;
};

const OptionField& field_of(const std::vector<OptionField>& fields, const std::string& flag) {
  for (const OptionField& field : fields) {
    if (field.flag == flag) return field;
  }
  throw std::logic_error("no flag " + flag);
}

void set_value(const OptionField& field, double value) {
  if (const auto* whole = std::get_if<core::WholeField>(&field.field)) {
    *whole->value = static_cast<int>(value);
  } else {
    *std::get<core::RealField>(field.field).value = value;
  }
}

void expect_range(const std::vector<OptionField>& fields, const Range& range) {
  const OptionField& field = field_of(fields, range.flag);
  EXPECT_EQ(field.value, range.unit) << range.flag;
  EXPECT_EQ(core::value_text(field), range.standard) << range.flag;
  EXPECT_EQ(core::range_text(field), range.text) << range.flag;
  for (const double value : range.inside) {
    set_value(field, value);
    EXPECT_NO_THROW(core::validate(fields)) << range.flag << " " << value;
  }
  for (const double value : range.outside) {
    set_value(field, value);
    const core::Error error = core::caught([&] { core::validate(fields); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
    EXPECT_THAT(error.what(), testing::HasSubstr(range.flag)) << value;
    EXPECT_THAT(error.what(), testing::HasSubstr(range.text)) << value;
  }
}

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

const Range kFidelityRanges[] = {
    {"--strength", "S", "1.5", "above 0 to 4", {1e-9, 4.0}, {0.0, -1.0, 4.001, kNan}},
    {"--min-psnr", "DB", "38.2", "20 to 60 or 0", {0.0, 60.0}, {-0.1, 60.1, kNan}}};

const Range kSirenRanges[] = {
    {"--steps", "N", "20", "0 to 100000", {0, 100'000}, {-1, 100'001}},
    {"--learnability", "W", "0", "0 to 1000", {0.0, 1000.0}, {-0.1, 1000.1, kNan}},
    {"--human-vision", "W", "0.2", "0 to 1000", {0.0, 1000.0}, {-0.1, 1000.1, kNan}},
    {"--hypersphere", "W", "1", "0 to 1000", {0.0, 1000.0}, {-0.1, 1000.1, kNan}},
    {"--squared-difference", "W", "1", "0 to 1000", {0.0, 1000.0}, {-0.1, 1000.1, kNan}},
    {"--surrogate-steps", "N", "100", "0 to 100000", {0, 100'000}, {-1, 100'001}}};

TEST(FidelityFlags, HaveTheirRanges) {
  for (const Range& range : kFidelityRanges) {
    FidelityOptions options;
    expect_range(describe(options), range);
  }
}

TEST(SirenFlags, HaveTheirRanges) {
  for (const Range& range : kSirenRanges) {
    siren::SirenOptions options;
    expect_range(siren::describe(options), range);
  }
}

TEST(FrameFlags, HaveTheirRanges) {
  frame::FrameOptions options;
  expect_range(frame::describe(options), {"--latents", "N", "16", "8 to 256", {8, 256}, {7, 257}});
}

TEST(SirenFlags, AreNoOthersThanThese) {
  siren::SirenOptions options;
  std::vector<std::string> flags;
  for (const OptionField& field : siren::describe(options)) flags.push_back(field.flag);
  EXPECT_THAT(flags,
              testing::ElementsAre("--message",
                                   "--steps",
                                   "--learnability",
                                   "--human-vision",
                                   "--hypersphere",
                                   "--squared-difference",
                                   "--base",
                                   "--surrogate-steps",
                                   "--class-prompt"));
}

TEST(SirenFlags, KeepTheMessageAloneSecret) {
  siren::SirenOptions options;
  for (const OptionField& field : siren::describe(options)) {
    EXPECT_EQ(field.secret, field.flag == "--message") << field.flag;
  }
}

TEST(SirenFlags, OfTheSurrogateNeedTheLearnabilityLoss) {
  siren::SirenOptions options;
  for (const OptionField& field : siren::describe(options)) {
    const bool of_surrogate = field.flag == "--base" || field.flag == "--surrogate-steps" ||
                              field.flag == "--class-prompt";
    EXPECT_EQ(field.needs, of_surrogate ? "--learnability" : "") << field.flag;
  }
}

TEST(SirenFlags, SayWhatStandsWhereNothingIsGiven) {
  siren::SirenOptions options;
  const std::vector<OptionField> fields = siren::describe(options);
  EXPECT_EQ(core::value_text(field_of(fields, "--message")), "drawn from the seed");
  EXPECT_EQ(core::value_text(field_of(fields, "--base")), "the built-in base");
  EXPECT_EQ(core::value_text(field_of(fields, "--class-prompt")), "a picture");
}

TEST(SirenFlags, PointIntoTheOptionsDescribed) {
  siren::SirenOptions options;
  for (const OptionField& field : siren::describe(options)) {
    if (field.flag == "--steps") set_value(field, 7);
    if (field.flag == "--hypersphere") set_value(field, 0.25);
    if (field.flag == "--message") *std::get<core::TextField>(field.field).value = "Tide";
  }
  EXPECT_EQ(options.steps, 7);
  EXPECT_EQ(options.hypersphere_weight, 0.25);
  EXPECT_EQ(options.message, "Tide");
}

CoatOptions sound_options() {
  CoatOptions options;
  options.inputs = {"in"};
  options.output = "out";
  options.key_path = "owner.key";
  return options;
}

std::string complaint(const std::function<void(CoatOptions&)>& spoil) {
  CoatOptions options = sound_options();
  spoil(options);
  return core::caught_text([&] { validate(options); });
}

TEST(CoatOptionsCheck, PassesTheDefaultsOfEveryMethod) {
  for (const std::string& name : method_names()) {
    CoatOptions options = sound_options();
    options.method.name = name;
    EXPECT_NO_THROW(validate(options)) << name;
  }
}

TEST(CoatOptionsCheck, WantsAFidelityOfAtLeastTwentyDecibelsOrNone) {
  for (const double psnr_db : {0.0, 20.0, 60.0}) {
    CoatOptions options = sound_options();
    options.fidelity.min_psnr_db = psnr_db;
    EXPECT_NO_THROW(validate(options)) << psnr_db;
  }
  for (const double psnr_db : {0.5, 19.9}) {
    EXPECT_THAT(complaint([&](CoatOptions& o) { o.fidelity.min_psnr_db = psnr_db; }),
                testing::AllOf(testing::StartsWith("--min-psnr: "),
                               testing::HasSubstr("is outside 20 to 60 or 0")));
  }
}

TEST(CoatOptionsCheck, WantsAQualityFromOneToAHundred) {
  for (const int quality : {1, 100}) {
    CoatOptions options = sound_options();
    options.files.quality_percent = quality;
    EXPECT_NO_THROW(validate(options)) << quality;
  }
  for (const int quality : {-5, 0, 101}) {
    EXPECT_EQ(
        complaint([&](CoatOptions& o) { o.files.quality_percent = quality; }),
        "--quality: " + std::to_string(quality) + " is outside 1 to 100; see patina coat --help.");
  }
}

TEST(CoatOptionsCheck, WantsASizeLimitThatLetsTheOriginalThrough) {
  CoatOptions options = sound_options();
  options.files.max_size_ratio = 1.0;
  EXPECT_NO_THROW(validate(options));
  for (const double ratio : {0.99, 0.0, -1.0, kNan}) {
    EXPECT_EQ(complaint([&](CoatOptions& o) { o.files.max_size_ratio = ratio; }),
              "--max-size-ratio: is under 1; see patina coat --help.")
        << ratio;
  }
}

TEST(CoatOptionsCheck, WantsImagesAndTheKeyThatIsToBeUsed) {
  EXPECT_EQ(complaint([](CoatOptions& o) { o.inputs.clear(); }),
            "IMAGES: none given; see patina coat --help.");
  EXPECT_EQ(complaint([](CoatOptions& o) {
              o.use_key = true;
              o.key_path.clear();
            }),
            "--use-key: not given; see patina coat --help.");
}

TEST(CoatOptionsCheck, ReadsTheOptionsOfTheChosenMethodOnly) {
  CoatOptions options = sound_options();
  options.method.name = "dct-dwt-svd";
  options.method.siren.steps = -1;
  options.method.frame.latents = 7;
  EXPECT_NO_THROW(validate(options));
  options.method.name = "frame";
  EXPECT_THAT(core::caught_text([&] { validate(options); }), testing::HasSubstr("--latents"));
  options.method.name = "siren";
  EXPECT_THAT(core::caught_text([&] { validate(options); }), testing::HasSubstr("--steps"));
}

}  // namespace
}  // namespace patina::coat
