// SPDX-License-Identifier: Apache-2.0
#include "diffusion/tokens/tokenizer_training.h"

#include <cctype>
#include <map>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "diffusion/tokens/internal/byte_symbols.h"

namespace patina::diffusion {
namespace {

using nlohmann::json;
using Pieces = std::vector<std::string>;
using Pair = std::pair<std::string, std::string>;

constexpr const char* kStart = "<|startoftext|>";
constexpr const char* kEnd = "<|endoftext|>";

/// Words in lower case as CLIP cuts them: letters together, every digit alone, the rest between
/// blanks together. Beyond ASCII every byte counts as a letter.
std::vector<std::string> words_of(const std::string& text) {
  enum class Kind { kNone, kLetters, kDigit, kOther };
  std::vector<std::string> words;
  Kind before = Kind::kNone;
  for (const char raw : text) {
    const auto byte = static_cast<unsigned char>(raw);
    Kind kind = Kind::kOther;
    if (std::isspace(byte) != 0) kind = Kind::kNone;
    if (std::isalpha(byte) != 0 || byte >= 0x80) kind = Kind::kLetters;
    if (std::isdigit(byte) != 0) kind = Kind::kDigit;
    if (kind != Kind::kNone) {
      if (kind != before || kind == Kind::kDigit) words.emplace_back();
      words.back() += static_cast<char>(byte < 0x80 ? std::tolower(byte) : byte);
    }
    before = kind;
  }
  return words;
}

struct CountedWord {
  Pieces pieces;
  std::size_t count = 0;
};

std::vector<CountedWord> counted_words(const std::vector<std::string>& corpus) {
  std::map<std::string, std::size_t> counts;
  for (const std::string& text : corpus) {
    for (const std::string& word : words_of(text)) ++counts[word];
  }
  std::vector<CountedWord> words;
  for (const auto& [word, count] : counts) {
    CountedWord counted;
    counted.count = count;
    for (const char c : word) {
      counted.pieces.push_back(internal::byte_symbol(static_cast<unsigned char>(c)));
    }
    counted.pieces.back() += internal::kWordEnd;
    words.push_back(std::move(counted));
  }
  return words;
}

Pair most_frequent_pair(const std::vector<CountedWord>& words) {
  std::map<Pair, std::size_t> counts;
  for (const CountedWord& word : words) {
    for (std::size_t i = 0; i + 1 < word.pieces.size(); ++i) {
      counts[{word.pieces[i], word.pieces[i + 1]}] += word.count;
    }
  }
  Pair best;
  std::size_t most = 0;
  for (const auto& [pair, count] : counts) {
    if (count > most) {
      best = pair;
      most = count;
    }
  }
  return best;
}

void merge(const Pair& pair, Pieces& pieces) {
  for (std::size_t i = 0; i + 1 < pieces.size(); ++i) {
    if (pieces[i] != pair.first || pieces[i + 1] != pair.second) continue;
    pieces[i] += pieces[i + 1];
    pieces.erase(pieces.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  }
}

std::vector<Pair> learn_merges(std::vector<CountedWord> words, std::size_t num_merges) {
  std::vector<Pair> merges;
  while (merges.size() < num_merges) {
    const Pair pair = most_frequent_pair(words);
    if (pair.first.empty()) break;
    merges.push_back(pair);
    for (CountedWord& word : words) merge(pair, word.pieces);
  }
  return merges;
}

json vocabulary(const std::vector<Pair>& merges) {
  constexpr int kBytes = 256;
  json ids = json::object();
  const auto add = [&ids](const std::string& token) {
    if (!ids.contains(token)) ids[token] = ids.size();  // two pairs may spell one token
  };
  for (const std::string_view end : {std::string_view(), internal::kWordEnd}) {
    for (int byte = 0; byte < kBytes; ++byte) {
      add(internal::byte_symbol(static_cast<unsigned char>(byte)) + std::string(end));
    }
  }
  for (const Pair& pair : merges) add(pair.first + pair.second);
  add(kStart);
  add(kEnd);
  return ids;
}

std::string merges_text(const std::vector<Pair>& merges) {
  std::string text = "#version: 0.2\n";
  for (const Pair& pair : merges) text += pair.first + " " + pair.second + "\n";
  return text;
}

}  // namespace

void write_new_tokenizer(const std::filesystem::path& folder,
                         const std::vector<std::string>& corpus,
                         const NewTokenizerOptions& options) {
  const std::vector<CountedWord> words = counted_words(corpus);
  if (words.empty()) {
    throw core::Error(core::ErrorKind::kInput,
                      folder.string(),
                      "the corpus of the new tokenizer has no word",
                      "give captions");
  }
  const std::vector<Pair> merges = learn_merges(words, options.num_merges);
  core::make_folder(folder);
  core::write_file_atomic(folder / "vocab.json", core::dump_json(vocabulary(merges)));
  core::write_file_atomic(folder / "merges.txt", merges_text(merges));
  const json config = {{"tokenizer_class", "CLIPTokenizer"},
                       {"model_max_length", options.max_length},
                       {"bos_token", kStart},
                       {"eos_token", kEnd},
                       {"unk_token", kEnd},
                       {"pad_token", kEnd}};
  core::write_file_atomic(folder / "tokenizer_config.json", core::dump_json(config));
  const json special = {
      {"bos_token", kStart}, {"eos_token", kEnd}, {"unk_token", kEnd}, {"pad_token", kEnd}};
  core::write_file_atomic(folder / "special_tokens_map.json", core::dump_json(special));
}

}  // namespace patina::diffusion
