// SPDX-License-Identifier: Apache-2.0
// New tokenizers: what merges they learn, and that the reader takes them.
#include "diffusion/tokens/tokenizer_training.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "diffusion/tokens/tokenizer.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"

namespace patina::diffusion {
namespace {

class NewTokenizer : public ::testing::Test {
 protected:
  Tokenizer made(const std::vector<std::string>& corpus, const NewTokenizerOptions& options = {}) {
    write_new_tokenizer(scratch_ / "tokenizer", corpus, options);
    return Tokenizer::load(scratch_ / "tokenizer");
  }
  core::ScratchFolder scratch_;
};

// The example of [Sennrich 2016, Sec. 3.2]: low x5, lower x2, newest x6, widest x3 begins with "es"
// (9 times); its pieces end a word, so that "t</w>" joins next.
TEST_F(NewTokenizer, MergesTheMostFrequentPairFirst) {
  std::vector<std::string> corpus;
  for (int i = 0; i < 5; ++i) corpus.push_back("low");
  for (int i = 0; i < 2; ++i) corpus.push_back("lower");
  for (int i = 0; i < 6; ++i) corpus.push_back("newest");
  for (int i = 0; i < 3; ++i) corpus.push_back("widest");
  NewTokenizerOptions options;
  options.num_merges = 2;
  made(corpus, options);
  EXPECT_EQ(core::read_text_file(scratch_ / "tokenizer" / "merges.txt"),
            "#version: 0.2\ne s\nes t</w>\n");
}

TEST_F(NewTokenizer, GivesAWordOfTheCorpusOneToken) {
  const Tokenizer tokenizer = made({"a photo of a sunflower", "a photo of a cat"});
  EXPECT_EQ(tokenizer.encode("photo sunflower cat").size(), 5U);  // with bos and eos
}

TEST_F(NewTokenizer, SpellsWhatItHasNotSeen) {
  const Tokenizer tokenizer = made({"a photo of a cat"});
  for (const std::string word : {"zebra", "caf\xC3\xA9", "\xE7\x8C\xAB"}) {
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(word)),
              "<|startoftext|> " + word + " <|endoftext|>");
  }
}

TEST_F(NewTokenizer, PadsToTheLengthAskedFor) {
  NewTokenizerOptions options;
  options.max_length = 9;
  EXPECT_EQ(made({"a cat"}, options).encode_padded("a cat").ids.size(), 9U);
}

TEST_F(NewTokenizer, IsTheSameForTheSameCorpus) {
  made({"b a", "a b", "ab ba"});
  const std::string first = core::read_text_file(scratch_ / "tokenizer" / "vocab.json");
  made({"ab ba", "a b", "b a"});
  EXPECT_EQ(core::read_text_file(scratch_ / "tokenizer" / "vocab.json"), first);
}

TEST_F(NewTokenizer, NeedsAWord) {
  const core::Error error = core::caught([&] { made({"", "  "}); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kInput);
  EXPECT_THAT(error.what(), ::testing::HasSubstr("has no word; give captions"));
}

}  // namespace
}  // namespace patina::diffusion
