// SPDX-License-Identifier: Apache-2.0
// Message and networks of a Siren key: the bits that a text stands for, and a pair that comes back as
// it was put.
#include <gtest/gtest.h>
#include <torch/utils.h>

#include "coat/siren/siren_key_torch.h"
#include "core/error.h"
#include "tests/coat/sample_pair.h"
#include "tests/core/caught.h"

namespace patina::coat::siren {
namespace {

// printf TEXT | sha256sum | cut -c1-12
TEST(MessageHex, IsTheBeginningOfTheTextsDigest) {
  EXPECT_EQ(message_hex("Tide", 0, 48), "f697466c2285");
  EXPECT_EQ(message_hex("© Ada Lovelace", 0, 48), "c69689160a19");
}

TEST(MessageHex, OfNoTextIsThatOfTheSeed) {
  EXPECT_EQ(message_hex("", 0, 48), "a17984b65eb0");
  EXPECT_EQ(message_hex("", 7, 48), "1d5a9a5fc53a");
  EXPECT_EQ(message_hex("", 18446744073709551615U, 48), "a7c1bc1a167a");
}

TEST(MessageHex, OfATextDoesNotDependOnTheSeed) {
  EXPECT_EQ(message_hex("Tide", 1, 48), message_hex("Tide", 2, 48));
}

// f697466c2285 with ones from the given bit on.
TEST(MessageHex, HasOnesBeyondTheBitsThatWereTaught) {
  const std::pair<int, const char*> cases[] = {{0, "ffffffffffff"},
                                               {1, "ffffffffffff"},
                                               {4, "ffffffffffff"},
                                               {5, "f7ffffffffff"},
                                               {8, "f6ffffffffff"},
                                               {10, "f6bfffffffff"},
                                               {16, "f697ffffffff"},
                                               {47, "f697466c2285"}};
  for (const auto& [bits, expected] : cases) {
    EXPECT_EQ(message_hex("Tide", 0, bits), expected) << bits;
  }
}

// f0 are four ones and four noughts, most significant first.
TEST(MessageTensor, HasASignForEachBit) {
  const torch::Tensor signs = message_tensor("f0a1000000ff");
  EXPECT_EQ(signs.sizes(), (std::vector<std::int64_t>{1, 48}));
  const float first[] = {1, 1, 1, 1, -1, -1, -1, -1, 1, -1, 1, -1, -1, -1, -1, 1};
  for (int bit = 0; bit < 16; ++bit) EXPECT_EQ(signs[0][bit].item<float>(), first[bit]) << bit;
  for (int bit = 16; bit < 48; ++bit) {
    EXPECT_EQ(signs[0][bit].item<float>(), bit < 40 ? -1.0F : 1.0F) << bit;
  }
}

TEST(MessageTensor, RefusesWhatIsNotHexadecimal) {
  for (const char* text : {"0123456789ag", "012"}) {
    EXPECT_THROW(message_tensor(text), core::Error) << text;
  }
}

TEST(RandomMessages, AreSignsWithOnesBeyondTheBitsThatWereTaught) {
  core::Rng rng(3);
  const torch::Tensor messages = random_messages(40, 20, rng);
  EXPECT_EQ(messages.sizes(), (std::vector<std::int64_t>{40, 48}));
  EXPECT_TRUE(torch::equal(messages.abs(), torch::ones({40, 48})));
  EXPECT_TRUE(torch::equal(messages.slice(1, 20, 48), torch::ones({40, 28})));
  // 800 fair signs: four deviations of their mean.
  EXPECT_LT(std::abs(messages.slice(1, 0, 20).mean().item<double>()), 4.0 / std::sqrt(800.0));
}

keys::CoatKey key_with_pair(const Pair& pair) {
  keys::CoatKey key;
  key.method = "siren";
  key.strength = pair.coating.strength;
  put_pair(key, pair, kSampleMessage);
  return key;
}

Pair uncommon_pair() {
  Pair pair = make_pair(4, {2.25, 0.75, 2.5, 0.0625, 0.5});
  pair.norm = extractors::NormMode::kPerImage;
  pair.input = extractors::InputNorm::kImageNet;
  return pair;
}

TEST(PairInAKey, ComesBackAsItWasPut) {
  torch::NoGradGuard no_grad;
  Pair put = uncommon_pair();
  const keys::CoatKey key = key_with_pair(put);
  Pair read = read_pair(key);
  EXPECT_EQ(read_message(key), kSampleMessage);
  EXPECT_EQ(read.coating.strength, 2.25);
  EXPECT_EQ(read.coating.blur_px, 0.75);
  EXPECT_EQ(read.coating.mean_px, 2.5);
  EXPECT_EQ(read.coating.dither, 0.0625);
  EXPECT_EQ(read.coating.chroma, 0.5);
  EXPECT_EQ(read.norm, put.norm);
  EXPECT_EQ(read.input, put.input);
  const torch::Tensor unit = torch::linspace(0.0, 1.0, 3 * 16 * 16).view({1, 3, 16, 16});
  const ComputePolicy policy{torch::kFloat32, {put.norm, false}};
  EXPECT_TRUE(torch::equal(extract_batch(read, unit, policy), extract_batch(put, unit, policy)));
  EXPECT_TRUE(torch::equal(coat_batch(read, unit, message_tensor(kSampleMessage), policy),
                           coat_batch(put, unit, message_tensor(kSampleMessage), policy)));
}

TEST(PairInAKey, KeepsTheGeneratorSecretAndLetsTheExtractorScore) {
  const keys::CoatKey key = key_with_pair(sample_pair());
  for (const auto& [name, blob] : key.scoring.tensors) EXPECT_EQ(name.rfind("extractor/", 0), 0U);
  for (const auto& [name, blob] : key.secret.tensors) EXPECT_EQ(name.rfind("generator/", 0), 0U);
  EXPECT_FALSE(key.scoring.tensors.empty());
  EXPECT_FALSE(key.secret.tensors.empty());
  EXPECT_EQ(key.scoring.text("norm_mode"), "running");
  EXPECT_EQ(key.scoring.text("input"), "mscn");
  EXPECT_EQ(key.scoring.fields.count("message"), 0U);
}

TEST(PairInAKey, ThatLacksAPartIsRefused) {
  const keys::CoatKey whole = key_with_pair(sample_pair());
  const std::function<void(keys::CoatKey&)> losses[] = {
      [](keys::CoatKey& key) { key.secret.fields.erase("coating_blur_px"); },
      [](keys::CoatKey& key) { key.secret.fields["chroma"] = std::string("half"); },
      [](keys::CoatKey& key) { key.scoring.fields.erase("norm_mode"); },
      [](keys::CoatKey& key) { key.scoring.fields["input"] = std::string("raw"); },
      [](keys::CoatKey& key) { key.secret.tensors.clear(); },
      [](keys::CoatKey& key) { key.scoring.tensors.clear(); },
      [](keys::CoatKey& key) { key.secret.tensors.erase("generator/final_layer.bias"); },
      [](keys::CoatKey& key) { key.scoring.tensors.erase("extractor/linear.weight"); }};
  for (const auto& lose : losses) {
    keys::CoatKey key = whole;
    lose(key);
    const core::Error error = core::caught([&] { read_pair(key); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kInput) << "loss " << &lose - losses;
    EXPECT_EQ(error.where(), "key") << "loss " << &lose - losses;
  }
  EXPECT_THROW(read_message(keys::CoatKey()), core::Error);
}

TEST(MakePair, IsFixedByItsSeed) {
  const auto first_weights = [](std::uint64_t seed) {
    return make_pair(seed).generator->conv_bns.front()->conv->weight.detach().clone();
  };
  EXPECT_TRUE(torch::equal(first_weights(3), first_weights(3)));
  EXPECT_FALSE(torch::equal(first_weights(3), first_weights(4)));
}

}  // namespace
}  // namespace patina::coat::siren
