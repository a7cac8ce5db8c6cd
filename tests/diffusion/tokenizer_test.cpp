// SPDX-License-Identifier: Apache-2.0
// Golden cases are those that transformers' tokenizers agree on, and its fast rules elsewhere (see
// the set's README.md). The rest uses a vocabulary of a few merges written here.
#include "diffusion/tokens/tokenizer.h"

#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"
#include "tests/golden/golden_set.h"

namespace patina::diffusion {
namespace {

using core::caught;
using core::caught_text;
using core::ErrorKind;
using nlohmann::json;
using ::testing::HasSubstr;

using Ids = std::vector<std::int64_t>;

// ---- Against transformers

class TokenizerGolden : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    set_ = golden::open_golden_set("diffusers");
    if (!set_ || !set_->has(cases_file())) {
      GTEST_SKIP() << "no golden set with " << cases_file();
    }
    cases_ = set_->json(cases_file());
    tokenizer_ = Tokenizer::load(set_->path(cases_["model"].get<std::string>()) / "tokenizer");
  }
  static std::string cases_file() { return std::string("tokenizer/") + GetParam() + ".json"; }
  json textual_inversion() const {
    const json index = set_->index();
    for (const json& found : index["cases"]) {
      if (found["id"] == std::string("textual_inversion_") + GetParam()) return found;
    }
    throw std::logic_error("no case of textual inversion");
  }

  std::optional<golden::GoldenSet> set_;
  json cases_;
  std::optional<Tokenizer> tokenizer_;
};

INSTANTIATE_TEST_SUITE_P(Models, TokenizerGolden, ::testing::Values("sd15", "sd21"));

TEST_P(TokenizerGolden, SpecialTokensAndSizesAreTheCheckpoints) {
  const json& special = cases_["special"];
  EXPECT_EQ(tokenizer_->bos_id(), special["bos_id"]);
  EXPECT_EQ(tokenizer_->eos_id(), special["eos_id"]);
  EXPECT_EQ(tokenizer_->pad_id(), special["pad_id"]);
  EXPECT_EQ(tokenizer_->vocab_size(), special["vocab_size"]);
  EXPECT_EQ(tokenizer_->max_length(), special["model_max_length"]);
}

TEST_P(TokenizerGolden, PromptsThatAllTokenizersAgreeOnGiveTheirIds) {
  for (const json& expected : cases_["cases"]) {
    if (!expected["agree"]) continue;
    const auto prompt = expected["prompt"].get<std::string>();
    SCOPED_TRACE(prompt);
    EXPECT_EQ(tokenizer_->encode(prompt), expected["ids_untruncated"].get<Ids>());
    const PaddedIds padded = tokenizer_->encode_padded(prompt);
    EXPECT_EQ(padded.ids, expected["ids"].get<Ids>());
    EXPECT_EQ(padded.length, expected["attention_length"]);
    EXPECT_EQ(padded.length + padded.dropped.size(), expected["untruncated_length"]);
  }
}

TEST_P(TokenizerGolden, OtherPromptsFollowTheFastTokenizersRules) {
  for (const json& expected : cases_["cases"]) {
    if (expected["agree"]) continue;
    const auto prompt = expected["prompt"].get<std::string>();
    SCOPED_TRACE(prompt);
    EXPECT_EQ(tokenizer_->encode(prompt),
              expected["variants_untruncated"]["fast_rules"].get<Ids>());
  }
}

TEST_P(TokenizerGolden, TokensOfTextualInversionGetTheNextIdsAndStandForAllTheirVectors) {
  const json expected = textual_inversion();
  EXPECT_EQ(tokenizer_->add_token("<golden-cat>"), expected["added_tokens"]["<golden-cat>"]);
  EXPECT_EQ(tokenizer_->add_token("<two-vec>", 2), expected["added_tokens"]["<two-vec>"]);
  EXPECT_EQ(tokenizer_->add_token("<webui>"), expected["added_tokens"]["<webui>"]);
  const std::vector<double> rows = golden::doubles(set_->file(expected["file"]), "input_ids");
  Ids ids;
  for (const json& prompt : expected["prompts"]) {
    const PaddedIds padded = tokenizer_->encode_padded(prompt.get<std::string>());
    ids.insert(ids.end(), padded.ids.begin(), padded.ids.end());
  }
  EXPECT_EQ(ids, Ids(rows.begin(), rows.end()));
}

// ---- A vocabulary of our own

const std::string kBos = "<|startoftext|>";
const std::string kEos = "<|endoftext|>";

/// Writes a tokenizer's folder, by default for the letters a to e and the apostrophe alone.
struct SmallCheckpoint {
  std::vector<std::string> merges = {"b c", "a b", "bc d</w>", "a b</w>"};
  json vocabulary = json::object();
  json config = {{"model_max_length", 8}, {"tokenizer_class", "CLIPTokenizer"}};
  json special = {{"bos_token", kBos}, {"eos_token", {{"content", kEos}}}, {"pad_token", "e</w>"}};
  core::ScratchFolder folder;

  SmallCheckpoint() {
    for (const char* token : {"a",
                              "b",
                              "c",
                              "d",
                              "e",
                              "'",
                              "a</w>",
                              "b</w>",
                              "c</w>",
                              "d</w>",
                              "e</w>",
                              "'</w>",
                              "bc",
                              "ab",
                              "bcd</w>",
                              "ab</w>"}) {
      add(token);
    }
    add(kBos);
    add(kEos);
  }
  void add(const std::string& token) { vocabulary[token] = vocabulary.size(); }
  std::int64_t id(const std::string& token) const { return vocabulary.at(token); }
  std::string path(const std::string& name) const { return (folder / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name) << text;
  }
  void write_all() const {
    std::string lines = "#version: 0.2\n";
    for (const std::string& merge : merges) lines += merge + "\n";
    write("merges.txt", lines);
    write("vocab.json", vocabulary.dump());
    write("tokenizer_config.json", config.dump());
    write("special_tokens_map.json", special.dump());
  }
  Tokenizer load() const {
    write_all();
    return Tokenizer::load(folder.path());
  }
  /// What a broken checkpoint is told.
  core::Error refusal() const {
    return caught([&] { load(); });
  }
  /// The same, once `text` has taken the place of one file.
  std::string refusal_of(const std::string& name, const std::string& text) const {
    write_all();
    write(name, text);
    return caught_text([&] { Tokenizer::load(folder.path()); });
  }
  /// Any other exception fails the test.
  void try_to_load() const {
    try {
      Tokenizer::load(folder.path()).encode("abcd a'd");
    } catch (const core::Error&) {
    }
  }
  std::string refusal_without(const std::string& name) const {
    write_all();
    std::filesystem::remove(folder / name);
    return caught_text([&] { Tokenizer::load(folder.path()); });
  }
};

/// The tokens of a prompt without bos and eos, "ab|cd</w>".
std::string pieces(const SmallCheckpoint& checkpoint, const Ids& ids) {
  std::string text;
  for (std::size_t i = 1; i + 1 < ids.size(); ++i) {
    for (const auto& [token, id] : checkpoint.vocabulary.items()) {
      if (id == ids[i]) text += (text.empty() ? "" : "|") + token;
    }
  }
  return text;
}

std::string pieces(const std::string& prompt) {
  const SmallCheckpoint checkpoint;
  return pieces(checkpoint, checkpoint.load().encode(prompt));
}

TEST(Tokenizer, MergesThePairOfLowestRankFirst) {
  EXPECT_EQ(pieces("abcd"), "a|bcd</w>");
  EXPECT_EQ(pieces("abab"), "ab|ab</w>");
}

TEST(Tokenizer, EndsEveryWordWithATokenOfItsOwn) {
  EXPECT_EQ(pieces("ab a\t\n b"), "ab</w>|a</w>|b</w>");
  EXPECT_EQ(pieces("  \xE3\x80\x80"), "");
}

TEST(Tokenizer, SplitsContractionsOffWords) {
  EXPECT_EQ(pieces("a'd'a"), "a</w>|'|d</w>|'</w>|a</w>");
}

TEST(Tokenizer, LowersCase) { EXPECT_EQ(pieces("AbCD"), "a|bcd</w>"); }

TEST(Tokenizer, GivesUnknownBytesTheUnknownToken) {
  EXPECT_EQ(pieces("axb"), "a|" + kEos + "|b</w>");
}

TEST(Tokenizer, CutsSpecialTokensOutOfTheRawPrompt) {
  EXPECT_EQ(pieces("ab" + kEos + "ab"), "ab</w>|" + kEos + "|ab</w>");
  EXPECT_EQ(pieces("ae</w>a"), "a</w>|e</w>|a</w>");
}

TEST(Tokenizer, KeepsTheEndTokenOfAPromptThatIsTooLong) {
  const SmallCheckpoint checkpoint;
  const PaddedIds padded = checkpoint.load().encode_padded("a a a a a a b c");
  EXPECT_EQ(padded.ids.size(), 8U);
  EXPECT_EQ(padded.length, 8U);
  EXPECT_EQ(padded.ids.back(), checkpoint.id(kEos));
  EXPECT_EQ(padded.dropped, Ids({checkpoint.id("b</w>"), checkpoint.id("c</w>")}));
}

TEST(Tokenizer, PadsWithTheTokenOfTheSpecialTokensMap) {
  SmallCheckpoint checkpoint;
  checkpoint.config["pad_token"] = kEos;
  const PaddedIds padded = checkpoint.load().encode_padded("a");
  EXPECT_EQ(padded.length, 3U);
  EXPECT_EQ(padded.ids.back(), checkpoint.id("e</w>"));
}

TEST(Tokenizer, PadsToSeventySevenWhereNoLengthIsSet) {
  SmallCheckpoint checkpoint;
  checkpoint.config["model_max_length"] = 1e30;
  EXPECT_EQ(checkpoint.load().max_length(), 77U);
}

TEST(Tokenizer, DecodesToTextWithSingleSpaces) {
  Tokenizer tokenizer = SmallCheckpoint().load();
  const std::int64_t cat = tokenizer.add_token("<Cat>");
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("ABCD  <Cat>ab")), kBos + " abcd <Cat> ab " + kEos);
  EXPECT_EQ(tokenizer.decode({cat + 1, -1}), "\uFFFD\uFFFD");
  EXPECT_EQ(tokenizer.decode({}), "");
}

TEST(Tokenizer, DecodesBytesThatAreNotACharacterToReplacements) {
  SmallCheckpoint checkpoint;
  checkpoint.add("\u00C3");      // Byte C3,
  checkpoint.add("\u00A9</w>");  // and A9, as the byte alphabet writes them.
  const Tokenizer tokenizer = checkpoint.load();
  const Ids ids = tokenizer.encode("E\u0301");
  EXPECT_EQ(tokenizer.decode(ids), kBos + " \u00E9 " + kEos);
  EXPECT_EQ(tokenizer.decode({ids[1]}), "\uFFFD");
}

TEST(Tokenizer, ReadsAddedTokensFromTheirFile) {
  const SmallCheckpoint checkpoint;
  checkpoint.write("added_tokens.json", R"({"<cat>": 18, "<cat>_1": 19, "<|endoftext|>": 17})");
  Tokenizer tokenizer = checkpoint.load();
  EXPECT_EQ(tokenizer.vocab_size(), 20U);
  EXPECT_EQ(tokenizer.encode("<cat>"), Ids({16, 18, 19, 17}));
  EXPECT_EQ(tokenizer.add_token("<dog>"), 20);
}

TEST(Tokenizer, ReadsAddedTokensFromTheConfigWhichThenNeedsNoSpecialTokensMap) {
  SmallCheckpoint checkpoint;
  checkpoint.config["added_tokens_decoder"]["18"] = {{"content", "<cat>"}, {"special", false}};
  checkpoint.write_all();
  std::filesystem::remove(checkpoint.folder / "special_tokens_map.json");
  EXPECT_EQ(Tokenizer::load(checkpoint.folder.path()).encode("a<cat>"), Ids({16, 6, 18, 17}));
}

TEST(Tokenizer, PrefersTheLongestAddedToken) {
  Tokenizer tokenizer = SmallCheckpoint().load();
  tokenizer.add_token("<c");
  tokenizer.add_token("<cat>", 3);
  tokenizer.add_token("<cab>");
  EXPECT_EQ(tokenizer.encode("<cat>"), Ids({16, 19, 20, 21, 17}));
  EXPECT_EQ(tokenizer.encode("<cat>_1"), Ids({16, 20, 17}));
  EXPECT_EQ(tokenizer.encode("<ca"), Ids({16, 18, 6, 17}));
}

TEST(Tokenizer, TakesAWordOfAMegabyteWithoutGoingQuadratic) {
  const Tokenizer tokenizer = SmallCheckpoint().load();
  const std::string half(Tokenizer::kMaxPromptBytes / 2, 'b');
  EXPECT_EQ(tokenizer.encode(half).size(), half.size() + 2);
  std::string pairs;
  while (pairs.size() < Tokenizer::kMaxPromptBytes) pairs += "ab";
  EXPECT_EQ(tokenizer.encode(pairs).size(), pairs.size() / 2 + 2);
}

// ---- Refusals

TEST(Tokenizer, RefusesAPromptThatIsNotUTF8AndNamesTheByte) {
  const Tokenizer tokenizer = SmallCheckpoint().load();
  const core::Error error = caught([&] { tokenizer.encode("a \xC3\xA9 \xE2\x82"); });
  EXPECT_EQ(error.kind(), ErrorKind::kInput);
  EXPECT_STREQ(error.what(), "prompt: not UTF-8 at byte 5; write it in UTF-8.");
}

TEST(Tokenizer, RefusesAPromptBeyondAMegabyte) {
  const Tokenizer tokenizer = SmallCheckpoint().load();
  const std::string prompt(Tokenizer::kMaxPromptBytes + 1, ' ');
  EXPECT_EQ(caught_text([&] { tokenizer.encode(prompt); }),
            "prompt: 1048577 bytes, the limit is 1048576; shorten it.");
}

TEST(Tokenizer, RefusesEndlessCombiningMarks) {
  const Tokenizer tokenizer = SmallCheckpoint().load();
  std::string prompt = "a";
  for (int i = 0; i < 1024; ++i) prompt += "\u0301";
  EXPECT_NO_THROW(tokenizer.encode(prompt));
  EXPECT_EQ(caught_text([&] { tokenizer.encode(prompt + "\u0301"); }),
            "prompt: more than 1024 combining marks in a row at byte 2049; leave them out.");
}

TEST(Tokenizer, RefusesToAddATokenItHasAndThenAddsNone) {
  Tokenizer tokenizer = SmallCheckpoint().load();
  tokenizer.add_token("<cat>_1");
  EXPECT_EQ(caught_text([&] { tokenizer.add_token("<cat>", 2); }),
            "\"<cat>_1\": already a token of this tokenizer, id 18; choose another name.");
  EXPECT_EQ(tokenizer.vocab_size(), 19U);
  EXPECT_THAT(caught_text([&] { tokenizer.add_token("bc"); }), HasSubstr("already a token"));
}

TEST(Tokenizer, RefusesToAddATokenThatNoPromptCanHold) {
  Tokenizer tokenizer = SmallCheckpoint().load();
  EXPECT_EQ(caught_text([&] { tokenizer.add_token("<cat>", 7); }),
            "\"<cat>\": 7 vectors, a prompt has room for 1 to 6; choose another embedding file.");
  EXPECT_THAT(caught_text([&] { tokenizer.add_token("<cat>", 0); }), HasSubstr("0 vectors"));
  EXPECT_EQ(caught_text([&] { tokenizer.add_token(" "); }),
            "\" \": token \" \" shows no character; choose another name.");
  EXPECT_THAT(caught_text([&] { tokenizer.add_token(std::string(257, 'x')); }),
              HasSubstr("of 257 bytes, the limit is 256"));
}

TEST(Tokenizer, RefusesAFolderWithoutOneOfItsFiles) {
  const SmallCheckpoint checkpoint;
  for (const char* name :
       {"vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json"}) {
    EXPECT_EQ(
        checkpoint.refusal_without(name),
        checkpoint.path(name) + ": cannot be read (No such file or directory); check the path.");
  }
}

TEST(Tokenizer, SaysWhatIsMissingBesideTokenizerJson) {
  const SmallCheckpoint checkpoint;
  checkpoint.write("tokenizer.json", "{}");
  EXPECT_EQ(checkpoint.refusal_without("vocab.json"),
            checkpoint.folder.path().string() +
                ": holds tokenizer.json without vocab.json and merges.txt; add the other two, "
                "which CLIPTokenizer.save_pretrained writes.");
}

TEST(Tokenizer, RefusesFilesThatAreNoJsonObject) {
  const SmallCheckpoint checkpoint;
  for (const char* name : {"vocab.json", "tokenizer_config.json", "special_tokens_map.json"}) {
    EXPECT_EQ(checkpoint.refusal_of(name, "[1]"),
              checkpoint.path(name) +
                  ": holds a JSON array, expected an object; restore the checkpoint's own file.");
    EXPECT_THAT(checkpoint.refusal_of(name, "{\"a\": "), HasSubstr("not JSON at byte"));
  }
}

TEST(Tokenizer, RefusesFilesOfAbsurdSize) {
  const SmallCheckpoint checkpoint;
  EXPECT_THAT(checkpoint.refusal_of("vocab.json", std::string((16 << 20) + 1, ' ')),
              HasSubstr("larger than the limit of 16777216 bytes"));
}

TEST(Tokenizer, EitherReadsADamagedFileOrRefusesIt) {
  const SmallCheckpoint checkpoint;
  checkpoint.write_all();
  for (const char* name :
       {"vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json"}) {
    const std::string whole = core::read_text_file(checkpoint.folder / name);
    for (std::size_t at = 0; at < whole.size(); ++at) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
      for (const std::string& damaged : {whole.substr(0, at), flipped}) {
        checkpoint.write(name, damaged);
        checkpoint.try_to_load();
      }
    }
    checkpoint.write(name, whole);
  }
}

struct BrokenCheckpoint {
  const char* name;
  std::function<void(SmallCheckpoint&)> damage;
  const char* file;
  const char* problem;
};

void PrintTo(const BrokenCheckpoint& broken, std::ostream* out) { *out << broken.name; }

class TokenizerRefuses : public ::testing::TestWithParam<BrokenCheckpoint> {};

TEST_P(TokenizerRefuses, SayingWhereAndWhat) {
  SmallCheckpoint checkpoint;
  GetParam().damage(checkpoint);
  const core::Error error = checkpoint.refusal();
  EXPECT_EQ(error.where(), checkpoint.path(GetParam().file));
  EXPECT_EQ(error.problem(), GetParam().problem);
  EXPECT_THAT(error.todo(), ::testing::Not(::testing::IsEmpty()));
}

const BrokenCheckpoint kBroken[] = {
    {"SharedId",
     [](auto& c) { c.vocabulary["b"] = 0; },
     "vocab.json",
     R"(tokens "a" and "b" share id 0)"},
    {"NegativeId",
     [](auto& c) { c.vocabulary["b"] = -1; },
     "vocab.json",
     R"(token "b" has id "-1", the ids of 18 tokens are 0 to 17)"},
    {"MissingId",
     [](auto& c) { c.vocabulary["b"] = 18; },
     "vocab.json",
     R"(token "b" has id "18", the ids of 18 tokens are 0 to 17)"},
    {"FractionalId",
     [](auto& c) { c.vocabulary["b"] = 1.5; },
     "vocab.json",
     R"(token "b" has id "1.5", the ids of 18 tokens are 0 to 17)"},
    {"OnePieceMerge",
     [](auto& c) { c.merges[1] = "ab"; },
     "merges.txt",
     R"(line 3 is "ab", expected two pieces)"},
    {"ThreePieceMerge",
     [](auto& c) { c.merges[1] = "a b c"; },
     "merges.txt",
     R"(line 3 is "a b c", expected two pieces)"},
    {"EmptyMerge",
     [](auto& c) { c.merges[1] = ""; },
     "merges.txt",
     R"(line 3 is "", expected two pieces)"},
    {"MergeOfUnknownPiece",
     [](auto& c) { c.merges[1] = "a x"; },
     "merges.txt",
     R"(line 3 needs token "x", which is not in vocab.json)"},
    {"MergeToUnknownToken",
     [](auto& c) { c.merges[1] = "a c"; },
     "merges.txt",
     R"(line 3 needs token "ac", which is not in vocab.json)"},
    {"RepeatedMerge", [](auto& c) { c.merges[3] = "b c"; }, "merges.txt", "line 5 repeats line 2"},
    {"UnknownSpecialToken",
     [](auto& c) { c.special["pad_token"] = "<pad>"; },
     "special_tokens_map.json",
     R"(special token "<pad>" is neither in vocab.json nor among the added tokens)"},
    {"SpecialTokenOfWrongType",
     [](auto& c) { c.special["pad_token"] = 5; },
     "special_tokens_map.json",
     R"(pad_token is "5", expected a token)"},
    {"SingleWordToken",
     [](auto& c) {
       c.special["pad_token"] = {{"content", "a"}, {"single_word", true}};
     },
     "special_tokens_map.json",
     R"(pad_token "a" counts only as a single word)"},
    {"OtherTokenizer",
     [](auto& c) { c.config["tokenizer_class"] = "GPT2Tokenizer"; },
     "tokenizer_config.json",
     R"(tokenizer_class is "GPT2Tokenizer", only CLIPTokenizer is known)"},
    {"Length",
     [](auto& c) { c.config["model_max_length"] = 2; },
     "tokenizer_config.json",
     R"(model_max_length is "2", expected 3 to 4096)"},
    {"AddedTokenBeyondAGap",
     [](auto& c) { c.write("added_tokens.json", R"({"<cat>": 19})"); },
     "added_tokens.json",
     R"(token "<cat>" has id 19, expected 18 after vocab.json)"},
    {"AddedTokenWithoutId",
     [](auto& c) {
       c.config["added_tokens_decoder"] = {{"x", {{"content", "<cat>"}}}};
     },
     "tokenizer_config.json",
     R"(token "<cat>" has no id from 0 to 16777215)"},
};

INSTANTIATE_TEST_SUITE_P(Checkpoints,
                         TokenizerRefuses,
                         ::testing::ValuesIn(kBroken),
                         [](const auto& broken) { return std::string(broken.param.name); });

}  // namespace
}  // namespace patina::diffusion
