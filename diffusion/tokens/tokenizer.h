// SPDX-License-Identifier: Apache-2.0
// CLIP's byte-level BPE tokenizer: prompt -> token ids, from a checkpoint's `tokenizer/` folder in
// the diffusers layout (vocab.json, merges.txt, tokenizer_config.json, special_tokens_map.json).
// Gives the ids of transformers' CLIPTokenizerFast: special and added tokens are cut out of the raw
// prompt; the rest is brought to NFC and lower case, split into words, and each word's bytes are
// merged in pairs, lowest rank first. Not for other tokenizers, such as T5's. Entry point: load.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace patina::diffusion {

/// Token ids of one prompt in the fixed length that the text encoder takes.
struct PaddedIds {
  std::vector<std::int64_t> ids;      ///< bos, the prompt's ids, eos, padding: max_length() in all.
  std::size_t length = 0;             ///< Ids up to eos inclusive, the ones of an attention mask.
  std::vector<std::int64_t> dropped;  ///< Ids at the prompt's end that did not fit; decode() them.
};

/// Const functions may run in several threads at once.
class Tokenizer {
 public:
  /// Longest prompt that encode() takes.
  static constexpr std::size_t kMaxPromptBytes = std::size_t{1} << 20;

  /// Throws Error{kDisk} for a file that cannot be read, Error{kInput} for one that contradicts
  /// itself or another, Error{kUnsupported} for another kind of tokenizer.
  static Tokenizer load(const std::filesystem::path& folder);

  /// bos, the prompt's ids and eos, however many. A token of several vectors gives all its ids.
  /// Throws Error{kInput} for a prompt beyond kMaxPromptBytes or not in UTF-8.
  std::vector<std::int64_t> encode(std::string_view prompt) const;

  /// The same, cut or padded to max_length() with bos and eos kept.
  PaddedIds encode_padded(std::string_view prompt) const;

  /// Adds a token of textual inversion, matched literally in prompts, and returns its id, the next
  /// free one. Beyond one vector, `<token>_1`, `<token>_2`, ... follow with the next ids, and
  /// prompts need only name the first. Throws Error{kInput} if one of them exists already.
  std::int64_t add_token(const std::string& token, std::size_t vectors = 1);

  /// Text of the ids, for messages: special and added tokens as they are, words with single spaces.
  /// U+FFFD stands for an id that does not exist and for bytes that are not UTF-8.
  std::string decode(const std::vector<std::int64_t>& ids) const;

  std::size_t vocab_size() const { return tokens_.size(); }  ///< With added tokens.
  std::size_t max_length() const { return max_length_; }     ///< 77 in SD1.5 and SD2.1.
  std::int64_t bos_id() const { return bos_id_; }
  std::int64_t eos_id() const { return eos_id_; }
  std::int64_t pad_id() const { return pad_id_; }

 private:
  struct Merge {
    std::int64_t rank;  // Lower merges first.
    std::int64_t result;
  };
  // Ordered, so that the longest token at a place in a prompt is found by bisection.
  using AddedTokens = std::map<std::string, std::int64_t, std::less<>>;

  Tokenizer() = default;
  void set_byte_ids();
  const Merge* find_merge(std::int64_t left, std::int64_t right) const;
  AddedTokens::const_iterator added_token_at_start(std::string_view text) const;
  void append_added(AddedTokens::const_iterator token, std::vector<std::int64_t>& ids) const;
  void append_text(std::string_view text, std::vector<std::int64_t>& ids) const;
  std::vector<std::int64_t> word_ids(std::string_view word) const;
  void merge_pairs(std::vector<std::int64_t>& pieces) const;

  std::vector<std::string> tokens_;                    // By id.
  std::unordered_map<std::string, std::int64_t> ids_;  // The inverse of tokens_.
  std::unordered_map<std::uint64_t, Merge> merges_;    // By both ids, left one first.
  std::array<std::int64_t, 256> byte_ids_ = {};        // The id of a byte inside a word.
  std::array<std::int64_t, 256> last_byte_ids_ = {};   // The id of a byte at the end of a word.
  AddedTokens added_;
  std::int64_t bos_id_ = 0;
  std::int64_t eos_id_ = 0;
  std::int64_t unk_id_ = 0;
  std::int64_t pad_id_ = 0;
  std::size_t max_length_ = 0;
};

}  // namespace patina::diffusion
