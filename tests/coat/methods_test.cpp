// SPDX-License-Identifier: Apache-2.0
// The table of methods as a specification: what holds for every row.
#include "coat/methods.h"

#include <cmath>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "images/image_io.h"
#include "tests/coat/photograph.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"

namespace patina::coat {
namespace {

/// A request for a key on one photograph, in the few seconds that a preview may take.
KeyRequest quick_request(std::uint64_t seed = 5) {
  KeyRequest request;
  request.count = 1;
  request.image_at = [](std::size_t) { return photograph(); };
  request.seed = seed;
  request.train = false;
  return request;
}

/// Made once for all tests of a method: a warp trains a classifier.
const keys::CoatKey& key_of(const std::string& name) {
  static std::map<std::string, keys::CoatKey> made;
  const auto found = made.find(name);
  if (found != made.end()) return found->second;
  MethodOptions options;
  options.name = name;
  options.siren.sphere_crops = 8;
  options.warp.steps = 60;
  options.warp.pairs = 4;
  return made[name] = make_key(quick_request(), options);
}

images::Image coat_photograph(const Coating& coating) {
  if (coating.replaced) return coating.replaced(photograph());
  const CoatingPattern pattern = coating.pattern(photograph());
  return apply_pattern(photograph(), pattern, std::pow(10.0, -36.0 / 20.0) / pattern_rms(pattern));
}

class EveryMethod : public ::testing::TestWithParam<std::string> {
 protected:
  const keys::CoatKey& key() const { return key_of(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(Rows,
                         EveryMethod,
                         ::testing::ValuesIn(method_names()),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

TEST_P(EveryMethod, IsFoundByItsName) { EXPECT_EQ(find_method(GetParam()).name, GetParam()); }

TEST_P(EveryMethod, MakesAKeyThatNamesMethodReaderAndSeed) {
  EXPECT_EQ(key().method, GetParam());
  EXPECT_EQ(key().reader, find_method(GetParam()).reader);
  EXPECT_EQ(key().seed, 5U);
  EXPECT_EQ(key().strength, FidelityOptions().strength);
  EXPECT_GT(key().radius, 0.0);
}

TEST_P(EveryMethod, LaysOnWhatItsScorerReads) {
  const images::Image clean = photograph(), coated = coat_photograph(make_coating(key()));
  const std::vector<double> scores = make_scorer(key())->score({&clean, &coated});
  EXPECT_LT(scores[1], scores[0]);
}

TEST_P(EveryMethod, ReadsTheScoreThatItsScorerGives) {
  const images::Image clean = photograph();
  EXPECT_NEAR(
      make_coating(key()).read(clean).score, make_scorer(key())->score({&clean}).front(), 1e-6);
}

TEST_P(EveryMethod, SaysInEvidenceWhatItIs) {
  const keys::ExtractorInfo info = make_scorer(key())->info();
  EXPECT_EQ(info.method.name, GetParam());
  EXPECT_EQ(info.method.reader, key().reader);
  EXPECT_FALSE(info.method.title.empty());
  for (const std::string& text : {info.method.score, info.method.inside}) {
    ASSERT_FALSE(text.empty());
    EXPECT_EQ(text.back(), '.');
  }
  EXPECT_EQ(info.radius, key().radius);
  EXPECT_EQ(info.weights_sha256, keys::extractor_sha256(key()));
}

TEST_P(EveryMethod, ScoresByTheScoringPartOfItsKeyAlone) {
  const core::ScratchFolder folder;
  keys::write_extractor(folder / "extractor.safetensors", key());
  const keys::CoatKey part = open_extractor(folder / "extractor.safetensors");
  EXPECT_EQ(part.seed, 0U) << "the seed stays secret";
  EXPECT_TRUE(part.secret.fields.empty());
  EXPECT_TRUE(part.secret.tensors.empty());
  const images::Image clean = photograph();
  const auto whole = make_scorer(key()), parted = make_scorer(part);
  EXPECT_EQ(parted->score({&clean}), whole->score({&clean}));
  EXPECT_EQ(parted->info().weights_sha256, whole->info().weights_sha256);
}

TEST_P(EveryMethod, ComesBackFromItsFile) {
  const core::ScratchFolder folder;
  keys::write_coat_key(folder / "my.key", key());
  const keys::CoatKey read = open_key(folder / "my.key");
  const images::Image coated = coat_photograph(make_coating(key()));
  EXPECT_EQ(coat_photograph(make_coating(read)).bytes, coated.bytes);
}

TEST_P(EveryMethod, DescribesOptionsWhoseDefaultsAreInRange) {
  MethodOptions options;
  options.name = GetParam();
  const std::vector<core::OptionField> fields = find_method(GetParam()).describe(options);
  EXPECT_NO_THROW(core::validate(fields));
  for (const core::OptionField& field : fields) {
    EXPECT_EQ(field.flag.substr(0, 2), "--");
    EXPECT_FALSE(field.meaning.empty()) << field.flag;
  }
}

// sqrt(d^2 + 1) - 1 [Siren 2025, Sec. 4.4] of d = sqrt(15) is 3.
TEST(RadiusInScoreUnits, IsTheScoreAtThatDistanceWhereAScoreIsADistance) {
  for (const char* name : {"frame", "siren"}) {
    EXPECT_NEAR(find_method(name).radius_score(std::sqrt(15.0)), 3.0, 1e-12) << name;
    EXPECT_EQ(find_method(name).radius_score(0.0), 0.0) << name;
  }
}

TEST(RadiusInScoreUnits, IsTheRadiusItselfWhereAScoreIsAShare) {
  for (const char* name : {"dct-dwt-svd", "fingerprint", "warp"}) {
    EXPECT_EQ(find_method(name).radius_score(0.15), 0.15) << name;
  }
  EXPECT_EQ(describe_method(key_of("dct-dwt-svd")).radius_score, 0.1);
}

// A watermark is read without a network, and evidence must not say otherwise.
TEST(MethodWords, SpeakOfANetworkOnlyWhereThereIsOne) {
  const auto speaks_of_network = [](const char* name) {
    return find_method(name).words().score.find("network") != std::string::npos;
  };
  for (const char* name : {"frame", "dct-dwt-svd"}) EXPECT_FALSE(speaks_of_network(name)) << name;
  for (const char* name : {"siren", "fingerprint", "warp"}) {
    EXPECT_TRUE(speaks_of_network(name)) << name;
  }
}

TEST(Methods, HaveNamesAndFlagsOfTheirOwn) {
  std::set<std::string> seen;
  MethodOptions options;
  for (const Method& method : methods()) {
    EXPECT_TRUE(seen.insert(method.name).second) << method.name;
    for (const core::OptionField& field : method.describe(options)) {
      EXPECT_TRUE(seen.insert(field.flag).second) << field.flag;
    }
  }
}

TEST(Methods, ThatThereAreNotAreRefusedWithTheirNames) {
  EXPECT_EQ(
      core::caught_text([] { find_method("glaze"); }),
      "\"glaze\": is no method of coating; use one of frame, siren, dct-dwt-svd, fingerprint, "
      "warp.");
}

TEST(Keys, OfAnUnknownMethodAreRefused) {
  const core::ScratchFolder folder;
  keys::CoatKey key = key_of("dct-dwt-svd");
  key.method = "tomorrow";
  keys::write_coat_key(folder / "my.key", key);
  EXPECT_EQ(core::caught_text([&] { open_key(folder / "my.key"); }),
            (folder / "my.key").string() + ": method \"tomorrow\" is unknown; update Patina.");
}

TEST(Keys, WhoseScoresThisVersionReadsOtherwiseAreRefused) {
  const core::ScratchFolder folder;
  keys::CoatKey key = key_of("frame");
  key.tool_version = "0.1.0";
  for (const int reader : {1, 3}) {
    key.reader = reader;
    keys::write_extractor(folder / "extractor.safetensors", key);
    EXPECT_NE(
        core::caught_text([&] { open_extractor(folder / "extractor.safetensors"); })
            .find("made for reader " + std::to_string(reader) +
                  " of method frame (Patina 0.1.0), this build has reader 2, which gives other "
                  "scores; use the Patina that made it, or a later one"),
        std::string::npos);
  }
}

}  // namespace
}  // namespace patina::coat
