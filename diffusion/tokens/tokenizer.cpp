// SPDX-License-Identifier: Apache-2.0
#include "diffusion/tokens/tokenizer.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>

#include "core/error.h"
#include "diffusion/tokens/internal/byte_symbols.h"
#include "diffusion/tokens/internal/tokenizer_config.h"
#include "diffusion/tokens/internal/tokenizer_files.h"
#include "diffusion/tokens/prompt_text.h"

namespace patina::diffusion {
namespace {

using core::Error;
using core::ErrorKind;

constexpr std::int64_t kMerged = -1;  // A piece that went into its left neighbour.

std::uint64_t pair_key(std::int64_t left, std::int64_t right) {
  return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint64_t>(right);
}

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

/// Places 0 to end - 1 in a row, of which some are taken out.
struct Links {
  explicit Links(std::size_t size) : end(size), previous(size), next(size) {
    for (std::size_t i = 0; i < size; ++i) {
      previous[i] = i == 0 ? end : i - 1;
      next[i] = i + 1;
    }
  }
  void take_out_next(std::size_t place) {
    next[place] = next[next[place]];
    if (next[place] != end) {
      previous[next[place]] = place;
    }
  }

  std::size_t end;
  std::vector<std::size_t> previous;  // `end` of the first.
  std::vector<std::size_t> next;      // `end` of the last.
};

std::vector<std::string> names_of_vectors(const std::string& token, std::size_t vectors) {
  std::vector<std::string> names = {token};
  for (std::size_t i = 1; i < vectors; ++i) {
    names.push_back(token + "_" + std::to_string(i));
  }
  return names;
}

}  // namespace

Tokenizer Tokenizer::load(const std::filesystem::path& folder) {
  internal::TokenizerFiles files = internal::read_tokenizer_files(folder);
  Tokenizer tokenizer;
  tokenizer.tokens_ = std::move(files.tokens);
  tokenizer.ids_ = std::move(files.ids);
  tokenizer.merges_.reserve(files.merges.size());
  for (const internal::MergedPair& merge : files.merges) {
    const auto rank = static_cast<std::int64_t>(tokenizer.merges_.size());
    tokenizer.merges_[pair_key(merge.left, merge.right)] = {rank, merge.result};
  }
  for (const std::string& token : files.added) {
    tokenizer.added_[token] = tokenizer.ids_.at(token);
  }
  tokenizer.bos_id_ = files.bos_id;
  tokenizer.eos_id_ = files.eos_id;
  tokenizer.unk_id_ = files.unk_id;
  tokenizer.pad_id_ = files.pad_id;
  tokenizer.max_length_ = files.max_length;
  tokenizer.set_byte_ids();
  return tokenizer;
}

void Tokenizer::set_byte_ids() {
  const auto id_or_unk = [this](const std::string& token) {
    const auto found = ids_.find(token);
    return found == ids_.end() ? unk_id_ : found->second;
  };
  for (std::size_t byte = 0; byte < byte_ids_.size(); ++byte) {
    const std::string symbol = internal::byte_symbol(static_cast<unsigned char>(byte));
    byte_ids_[byte] = id_or_unk(symbol);
    last_byte_ids_[byte] = id_or_unk(symbol + std::string(internal::kWordEnd));
  }
}

std::vector<std::int64_t> Tokenizer::encode(std::string_view prompt) const {
  if (prompt.size() > kMaxPromptBytes) {
    throw Error(
        ErrorKind::kInput,
        "prompt",
        std::to_string(prompt.size()) + " bytes, the limit is " + std::to_string(kMaxPromptBytes),
        "shorten it");
  }
  internal::require_text(prompt, "prompt");
  std::vector<std::int64_t> ids = {bos_id_};
  std::size_t text_begin = 0;  // Behind the last added token.
  std::size_t at = 0;
  while (at < prompt.size()) {
    const auto token = added_token_at_start(prompt.substr(at));
    if (token == added_.end()) {
      ++at;
      continue;
    }
    append_text(prompt.substr(text_begin, at - text_begin), ids);
    append_added(token, ids);
    at += token->first.size();
    text_begin = at;
  }
  append_text(prompt.substr(text_begin), ids);
  ids.push_back(eos_id_);
  return ids;
}

PaddedIds Tokenizer::encode_padded(std::string_view prompt) const {
  PaddedIds padded;
  padded.ids = encode(prompt);
  if (padded.ids.size() > max_length_) {
    const auto first_dropped = padded.ids.begin() + static_cast<std::ptrdiff_t>(max_length_) - 1;
    padded.dropped.assign(first_dropped, padded.ids.end() - 1);
    padded.ids.erase(first_dropped, padded.ids.end() - 1);
  }
  padded.length = padded.ids.size();
  padded.ids.resize(max_length_, pad_id_);
  return padded;
}

// The largest token not after `text` in order is the longest beginning of `text`, if it is one at
// all; if not, no token shares more of `text` than it does.
Tokenizer::AddedTokens::const_iterator Tokenizer::added_token_at_start(
    std::string_view text) const {
  text = text.substr(0, internal::kMaxAddedTokenBytes);
  for (;;) {
    auto token = added_.upper_bound(text);
    if (token == added_.begin()) {
      return added_.end();
    }
    --token;
    const std::string_view name = token->first;
    if (starts_with(text, name)) {
      return token;
    }
    const auto differ = std::mismatch(text.begin(), text.end(), name.begin(), name.end()).first;
    text = text.substr(0, static_cast<std::size_t>(differ - text.begin()));
  }
}

// As diffusers does (maybe_convert_prompt), `<token>` stands for as many of `<token>_1`,
// `<token>_2`, ... as exist, be they added here or by the checkpoint.
void Tokenizer::append_added(AddedTokens::const_iterator token,
                             std::vector<std::int64_t>& ids) const {
  const std::string& name = token->first;
  for (std::size_t i = 1; token != added_.end(); ++i) {
    ids.push_back(token->second);
    token = added_.find(name + "_" + std::to_string(i));
  }
}

void Tokenizer::append_text(std::string_view text, std::vector<std::int64_t>& ids) const {
  const std::string normalized = internal::normalize(text);
  for (const std::string_view word : internal::split_words(normalized)) {
    const std::vector<std::int64_t> pieces = word_ids(word);
    ids.insert(ids.end(), pieces.begin(), pieces.end());
  }
}

std::vector<std::int64_t> Tokenizer::word_ids(std::string_view word) const {
  if (word == internal::kStartOfText || word == internal::kEndOfText) {
    const auto marker = ids_.find(std::string(word));
    if (marker != ids_.end()) {
      return {marker->second};
    }
  }
  std::vector<std::int64_t> pieces;
  for (const char byte : word) {
    pieces.push_back(byte_ids_[static_cast<unsigned char>(byte)]);
  }
  pieces.back() = last_byte_ids_[static_cast<unsigned char>(word.back())];
  merge_pairs(pieces);
  return pieces;
}

// Merges the pair of lowest rank, the leftmost of equals, until none is left: O(n log n), with a
// heap of candidates that may have become stale.
void Tokenizer::merge_pairs(std::vector<std::int64_t>& pieces) const {
  using Candidate = std::pair<std::int64_t, std::size_t>;  // Rank, place of the left piece.
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates;
  Links links(pieces.size());
  const auto consider = [&](std::size_t left) {
    if (left == links.end || links.next[left] == links.end) {
      return;
    }
    if (const Merge* merge = find_merge(pieces[left], pieces[links.next[left]])) {
      candidates.emplace(merge->rank, left);
    }
  };
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    consider(i);
  }
  while (!candidates.empty()) {
    const auto [rank, left] = candidates.top();
    candidates.pop();
    const std::size_t right = links.next[left];
    if (pieces[left] == kMerged || right == links.end) {
      continue;
    }
    const Merge* merge = find_merge(pieces[left], pieces[right]);
    if (merge == nullptr || merge->rank != rank) {
      continue;
    }
    pieces[left] = merge->result;
    pieces[right] = kMerged;
    links.take_out_next(left);
    consider(links.previous[left]);
    consider(left);
  }
  pieces.erase(std::remove(pieces.begin(), pieces.end(), kMerged), pieces.end());
}

const Tokenizer::Merge* Tokenizer::find_merge(std::int64_t left, std::int64_t right) const {
  const auto found = merges_.find(pair_key(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

std::int64_t Tokenizer::add_token(const std::string& token, std::size_t vectors) {
  if (vectors == 0 || vectors + 2 > max_length_) {
    throw Error(ErrorKind::kInput,
                core::in_quotes(token),
                std::to_string(vectors) + " vectors, a prompt has room for 1 to " +
                    std::to_string(max_length_ - 2),
                "choose another embedding file");
  }
  const std::vector<std::string> names = names_of_vectors(token, vectors);
  for (const std::string& name : names) {
    internal::require_added_token(name, core::in_quotes(name));
    const auto found = ids_.find(name);
    if (found != ids_.end()) {
      throw Error(ErrorKind::kInput,
                  core::in_quotes(name),
                  "already a token of this tokenizer, id " + std::to_string(found->second),
                  "choose another name");
    }
  }
  const auto first_id = static_cast<std::int64_t>(tokens_.size());
  for (const std::string& name : names) {
    const auto id = static_cast<std::int64_t>(tokens_.size());
    tokens_.push_back(name);
    ids_[name] = id;
    added_[name] = id;
  }
  return first_id;
}

std::string Tokenizer::decode(const std::vector<std::int64_t>& ids) const {
  std::string text;
  for (const std::int64_t id : ids) {
    if (id < 0 || static_cast<std::size_t>(id) >= tokens_.size()) {
      text += internal::kReplacement;
      continue;
    }
    const std::string& token = tokens_[static_cast<std::size_t>(id)];
    text += added_.count(token) != 0 ? token + " " : internal::bytes_of_token(token);
  }
  if (!text.empty() && text.back() == ' ') {
    text.pop_back();
  }
  return internal::replace_malformed(text);
}

}  // namespace patina::diffusion
