// SPDX-License-Identifier: Apache-2.0
// Keys that somebody else made up, digest and all: each is refused in a sentence.
#include <fstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/hash.h"
#include "core/secret_box.h"
#include "keys/coat_key.h"
#include "keys/extractor.h"
#include "keys/key_tensors.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"

namespace patina::keys {
namespace {

using nlohmann::json;
using Tensors = std::map<std::string, core::TensorBlob>;

/// As docs/formats/coat-key.md describes it.
json sound_document() {
  return {{"kind", "patina-coat-key"},
          {"format_version", 2},
          {"method", "sample"},
          {"reader", 3},
          {"created", "2026-01-01T00:00:00Z"},
          {"tool_version", "0.1.0"},
          {"radius", 1.25},
          {"scoring", {{"input", "mscn"}, {"gain", 0.5}}},
          {"seed", "18446744073709551615"},
          {"strength", 1.5},
          {"nu", 0.1},
          {"training_steps", 20},
          {"released_merkle_root", std::string(64, 'a')},
          {"calibration",
           {{"image_count", 7},
            {"coated_score_mean", 0.5},
            {"coated_score_max", 0.75},
            {"clean_score_mean", 9.0},
            {"clean_score_min", 8.0},
            {"auc", 1.0}}},
          {"secret", {{"message", "0123456789ab"}}},
          {"secret_tensors", {"generator"}}};
}

Tensors sound_tensors() {
  return {{"center", blob_from_values({1.0, -2.5}, {2})},
          {"generator", blob_from_values({3.0}, {1})}};
}

std::string digest_of(const std::string& document, const Tensors& tensors) {
  core::Sha256 digest;
  digest.update(document);
  for (const auto& [name, blob] : tensors) {
    digest.update("\n" + name + " " + core::to_string(blob.dtype));
    for (const std::int64_t side : blob.shape) digest.update(" " + std::to_string(side));
    digest.update("\n").update(blob.bytes.data(), blob.bytes.size());
  }
  return core::to_hex(digest.finish());
}

class HostileKey : public testing::Test {
 protected:
  void put(const std::string& document, const Tensors& tensors = sound_tensors()) const {
    core::write_safetensors(
        path_, tensors, {{"patina", document}, {"content_sha256", digest_of(document, tensors)}});
  }
  core::Error refusal(const json& document, const Tensors& tensors = sound_tensors()) const {
    put(document.dump(), tensors);
    return core::caught([&] { read_coat_key(path_); });
  }

  core::ScratchFolder folder_;
  std::filesystem::path path_ = folder_ / "made-up.key";
};

TEST_F(HostileKey, IsReadWhereNothingIsWrongWithIt) {
  put(sound_document().dump());
  const CoatKey key = read_coat_key(path_);
  EXPECT_EQ(key.method, "sample");
  EXPECT_EQ(key.seed, 18446744073709551615U);
  EXPECT_EQ(key.nu, 0.1);
  EXPECT_EQ(key.strength, 1.5);
  EXPECT_EQ(key.calibration.image_count, 7);
  EXPECT_EQ(key.calibration.coated_score_max, 0.75);
  EXPECT_EQ(key.scoring.number("gain"), 0.5);
  EXPECT_EQ(key.secret.text("message"), "0123456789ab");
  EXPECT_EQ(read_values(key.scoring, "center"), (std::vector<double>{1.0, -2.5}));
  EXPECT_EQ(read_values(key.secret, "generator"), (std::vector<double>{3.0}));
}

TEST_F(HostileKey, MayComeInAnyLayoutOfItsDocument) {
  put(sound_document().dump(4));
  EXPECT_EQ(read_coat_key(path_).method, "sample");
}

TEST_F(HostileKey, WithoutOneOfItsMembersIsRefused) {
  for (const char* name : {"method",
                           "reader",
                           "created",
                           "tool_version",
                           "radius",
                           "scoring",
                           "seed",
                           "strength",
                           "nu",
                           "training_steps",
                           "released_merkle_root",
                           "calibration",
                           "secret",
                           "secret_tensors"}) {
    json document = sound_document();
    document.erase(name);
    const core::Error error = refusal(document);
    EXPECT_EQ(error.kind(), core::ErrorKind::kInput) << name;
    EXPECT_EQ(error.where(), path_.string()) << name;
    EXPECT_THAT(error.problem(), testing::StartsWith("a field is missing or malformed (")) << name;
  }
}

TEST_F(HostileKey, WithoutAPartOfItsCalibrationIsRefused) {
  const json sound = sound_document();
  for (const auto& [name, value] : sound.at("calibration").items()) {
    json document = sound;
    document["calibration"].erase(name);
    EXPECT_THAT(refusal(document).problem(), testing::HasSubstr("missing or malformed")) << name;
  }
}

TEST_F(HostileKey, WithAMemberOfAnotherTypeIsRefused) {
  const struct {
    const char* name;
    json value;
  } cases[] = {{"method", 5},
               {"method", nullptr},
               {"reader", "three"},
               {"created", 2026},
               {"tool_version", json::array()},
               {"radius", "wide"},
               {"radius", nullptr},
               {"scoring", json::array({1, 2})},
               {"scoring", {{"input", nullptr}}},
               {"scoring", {{"input", json::array()}}},
               {"seed", 7},
               {"strength", "much"},
               {"nu", json::object()},
               {"training_steps", "many"},
               {"released_merkle_root", 0},
               {"calibration", "good"},
               {"secret", "hidden"},
               {"secret_tensors", json::array({7})}};
  for (const auto& wrong : cases) {
    json document = sound_document();
    document[wrong.name] = wrong.value;
    EXPECT_THAT(refusal(document).problem(), testing::HasSubstr("missing or malformed"))
        << wrong.name << " " << wrong.value;
  }
}

TEST_F(HostileKey, WhoseSeedIsNoWholeNumberOf64BitsIsRefused) {
  for (const char* seed :
       {"", "seven", "-1", " 7", "+7", "7 ", "7x", "0x7", "18446744073709551616"}) {
    json document = sound_document();
    document["seed"] = seed;
    EXPECT_THAT(refusal(document).problem(), testing::HasSubstr("missing or malformed")) << seed;
  }
}

TEST_F(HostileKey, WithARadiusUnderZeroIsRefused) {
  json document = sound_document();
  document["radius"] = -0.5;
  EXPECT_THAT(refusal(document).problem(), testing::HasSubstr("missing or malformed"));
}

TEST_F(HostileKey, OfAnotherKindIsRefused) {
  for (const json& kind : {json("patina-extractor"), json("key"), json(2), json(nullptr)}) {
    json document = sound_document();
    document["kind"] = kind;
    EXPECT_EQ(refusal(document).problem(), "not a patina-coat-key file") << kind;
  }
  EXPECT_EQ(refusal(json::array()).problem(), "not a patina-coat-key file");
  EXPECT_EQ(refusal(json("text")).problem(), "not a patina-coat-key file");
}

TEST_F(HostileKey, WhoseFormatIsNoNumberIsRefused) {
  for (const json& version : {json("2"), json(nullptr), json(2.5), json(json::object())}) {
    json document = sound_document();
    document["format_version"] = version;
    EXPECT_EQ(refusal(document).kind(), core::ErrorKind::kInput) << version;
  }
}

TEST_F(HostileKey, OfAnotherFormatMayLieAboutItsVersion) {
  json document = sound_document();
  document["format_version"] = 3;
  document["tool_version"] = 7;
  EXPECT_EQ(refusal(document).problem(),
            "key format 3 (written by Patina unknown), this build reads format 2");
}

TEST_F(HostileKey, WhoseDocumentIsNoJsonIsRefused) {
  for (const char* text : {"", "{", "{\"kind\": }", "{\"radius\": 1e999}"}) {
    put(text);
    EXPECT_EQ(core::caught([&] { read_coat_key(path_); }).kind(), core::ErrorKind::kInput) << text;
  }
}

TEST_F(HostileKey, ThatNestsWithoutEndIsRefused) {
  put(std::string(100'000, '[') + std::string(100'000, ']'));
  EXPECT_EQ(core::caught([&] { read_coat_key(path_); }).kind(), core::ErrorKind::kInput);
}

TEST_F(HostileKey, ThatNamesASecretTensorItLacksOrNamesOneTwiceIsRefused) {
  for (const json& names : {json::array({"decoder"}), json::array({"generator", "generator"})}) {
    json document = sound_document();
    document["secret_tensors"] = names;
    EXPECT_THAT(refusal(document).problem(), testing::HasSubstr("no tensor \"")) << names;
  }
}

TEST_F(HostileKey, MayHoldFloatingPointTensorsOnly) {
  const std::vector<std::uint8_t> eight(8);
  const std::pair<core::DType, std::vector<std::int64_t>> others[] = {{core::DType::kI64, {1}},
                                                                      {core::DType::kU8, {8}},
                                                                      {core::DType::kF16, {4}},
                                                                      {core::DType::kBF16, {4}}};
  for (const auto& [dtype, shape] : others) {
    Tensors tensors = sound_tensors();
    tensors["center"] = {dtype, shape, eight};
    EXPECT_EQ(
        refusal(sound_document(), tensors).problem(),
        "tensor center is " + std::string(core::to_string(dtype)) + ", a key holds F32 or F64");
  }
}

TEST_F(HostileKey, NamesThePlaceOfAValueThatIsNotFinite) {
  // IEEE 754: exponents of all ones, single and double.
  Tensors single = sound_tensors(), twice = sound_tensors();
  single["center"].bytes = {0, 0, 0, 0, 0x00, 0x00, 0x80, 0xFF};
  twice["center"] = {core::DType::kF64, {1}, {0, 0, 0, 0, 0, 0, 0xF8, 0x7F}};
  EXPECT_EQ(refusal(sound_document(), single).problem(),
            "tensor center holds a value that is not finite at index 1");
  EXPECT_EQ(refusal(sound_document(), twice).problem(),
            "tensor center holds a value that is not finite at index 0");
}

TEST_F(HostileKey, WithoutItsDigestIsNoKey) {
  core::write_safetensors(path_, sound_tensors(), {{"patina", sound_document().dump()}});
  EXPECT_EQ(core::caught([&] { read_coat_key(path_); }).problem(),
            "not a Patina key: metadata \"content_sha256\" is missing");
}

TEST_F(HostileKey, OneOfWhoseTensorsWasExchangedIsRefused) {
  Tensors others = sound_tensors();
  others["center"] = blob_from_values({1.0, 2.5}, {2});
  const std::string document = sound_document().dump();
  core::write_safetensors(
      path_,
      others,
      {{"patina", document}, {"content_sha256", digest_of(document, sound_tensors())}});
  EXPECT_EQ(core::caught([&] { read_coat_key(path_); }).problem(),
            "its content does not match its own digest: the file was damaged or changed");
}

TEST_F(HostileKey, CutShortAnywhereIsRefused) {
  put(sound_document().dump());
  const std::vector<std::uint8_t> whole = core::read_file(path_);
  for (std::size_t size = 0; size < whole.size(); size += 37) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc)
        .write(reinterpret_cast<const char*>(whole.data()), static_cast<std::streamsize>(size));
    EXPECT_THROW(read_coat_key(path_), core::Error) << size << " bytes";
  }
}

TEST_F(HostileKey, IsNotTakenForTheScoringPart) {
  put(sound_document().dump());
  EXPECT_EQ(core::caught([&] { read_extractor(path_); }).problem(), "not a patina-extractor file");
}

TEST_F(HostileKey, SealedAsksForItsPassphrase) {
  put(sound_document().dump());
  core::write_file_atomic(path_, core::seal(core::read_file(path_), "correct horse"));
  EXPECT_EQ(core::caught_text([&] { read_coat_key(path_); }),
            path_.string() +
                ": the key is sealed with a passphrase; give it with --passphrase-file or "
                "PATINA_PASSPHRASE.");
  EXPECT_EQ(read_coat_key(path_, "correct horse").method, "sample");
  EXPECT_EQ(core::caught([&] { read_coat_key(path_, "battery staple"); }).kind(),
            core::ErrorKind::kInput);
}

TEST(KeyPart, TellsNumbersFromTexts) {
  KeyPart part;
  part.fields["gain"] = 0.5;
  part.fields["input"] = std::string("mscn");
  EXPECT_EQ(part.number("gain"), 0.5);
  EXPECT_EQ(part.text("input"), "mscn");
  for (const char* name : {"gain", "absent"}) {
    EXPECT_EQ(core::caught_text([&] { part.text(name); }),
              "key: field " + std::string(name) +
                  " is missing or of another kind; use the key as it was written.");
  }
  for (const char* name : {"input", "absent"}) {
    EXPECT_EQ(core::caught([&] { part.number(name); }).kind(), core::ErrorKind::kInput) << name;
  }
}

CoatKey scoring_key() {
  CoatKey key;
  key.method = "sample";
  key.reader = 3;
  key.created = "2026-01-01T00:00:00Z";
  key.tool_version = "0.1.0";
  key.radius = 1.25;
  key.scoring.fields["input"] = std::string("mscn");
  key.scoring.fields["gain"] = 0.5;
  key.scoring.tensors["center"] = blob_from_values({1.0, -2.5}, {2});
  key.scoring.tensors["map"] = blob_from_values({0.25, 3.0}, {1, 2});
  return key;
}

// By Python's hashlib, struct and json over the scoring members, sorted and without spaces, and the
// tensors as docs/formats/coat-key.md has them.
TEST(ExtractorDigest, IsThatOfTheFormatsDescription) {
  EXPECT_EQ(extractor_sha256(scoring_key()),
            "aae65b0318542c91aa2cc4174b2a3b6da38908fee04ad81dac8908b6855172f1");
}

TEST(ExtractorDigest, ChangesWithEverythingThatScores) {
  const std::string original = extractor_sha256(scoring_key());
  const std::function<void(CoatKey&)> changes[] = {
      [](CoatKey& key) { key.method = "other"; },
      [](CoatKey& key) { key.reader = 4; },
      [](CoatKey& key) { key.radius = 1.5; },
      [](CoatKey& key) { key.scoring.fields["gain"] = 0.75; },
      [](CoatKey& key) { key.scoring.fields.erase("input"); },
      [](CoatKey& key) {
        key.scoring.tensors["map"].shape = {2, 1};
      },
      [](CoatKey& key) { key.scoring.tensors["map"].bytes[0] ^= 1; },
      [](CoatKey& key) { key.scoring.tensors["more"] = blob_from_values({0.0}, {1}); }};
  for (const auto& change : changes) {
    CoatKey key = scoring_key();
    change(key);
    EXPECT_NE(extractor_sha256(key), original) << "change " << &change - changes;
  }
}

TEST(ExtractorDigest, IsBlindToWhatIsSecret) {
  CoatKey key = scoring_key();
  key.seed = 99;
  key.strength = 4.0;
  key.calibration.auc = 1.0;
  key.secret.fields["message"] = std::string("0123456789ab");
  key.secret.tensors["generator"] = blob_from_values({1.0}, {1});
  EXPECT_EQ(extractor_sha256(key), extractor_sha256(scoring_key()));
}

TEST(DescribeExtractor, RecordsTheMethodAsGivenAndTheKeysDigestAndRadius) {
  const MethodRecord method = {"sample", 3, "sample mark", "A score.", "It is inside.", 0.5};
  const ExtractorInfo info = describe_extractor(scoring_key(), method, "float64");
  EXPECT_EQ(info.method.title, "sample mark");
  EXPECT_EQ(info.method.radius_score, 0.5);
  EXPECT_EQ(info.precision, "float64");
  EXPECT_EQ(info.radius, 1.25);
  EXPECT_EQ(info.weights_sha256, extractor_sha256(scoring_key()));
}

}  // namespace
}  // namespace patina::keys
