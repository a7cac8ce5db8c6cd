// SPDX-License-Identifier: Apache-2.0
// What tokenizer_config.json, special_tokens_map.json and added_tokens.json say; not yet compared
// with the vocabulary. As in transformers up to 4.33, special_tokens_map.json has the last word.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace patina::diffusion::internal {

/// No file of a tokenizer is larger; CLIP's own are of 1 MB.
constexpr std::uint64_t kMaxFileBytes = 16ULL << 20;
/// No added token is longer.
constexpr std::size_t kMaxAddedTokenBytes = 256;

/// A token with the file that names it, for messages.
struct NamedToken {
  std::string token;
  std::filesystem::path file;
};

struct DeclaredToken {
  NamedToken name;
  std::int64_t id = 0;
};

struct TokenizerConfig {
  // Defaults are CLIPTokenizer's.
  NamedToken bos = {"<|startoftext|>", {}};  ///< Begins every prompt.
  NamedToken eos = {"<|endoftext|>", {}};    ///< Ends every prompt.
  NamedToken unk = {"<|endoftext|>", {}};    ///< Stands for what the vocabulary does not have.
  NamedToken pad = {"<|endoftext|>", {}};    ///< Fills a prompt up to `max_length`.
  std::vector<NamedToken> other_special;  ///< Further tokens that are taken whole out of a prompt.
  std::vector<DeclaredToken> added;       ///< By id.
  std::size_t max_length = 77;            ///< Tokens of a padded prompt, bos and eos included.
};

/// Throws as Tokenizer::load does.
TokenizerConfig read_tokenizer_config(const std::filesystem::path& folder);

/// Throws Error{kInput} naming `where` for a token that cannot be matched in prompts: blank, longer
/// than kMaxAddedTokenBytes or not UTF-8.
void require_added_token(std::string_view token, const std::string& where);

/// The object in a file of at most kMaxFileBytes.
nlohmann::json read_json_object(const std::filesystem::path& path);

/// Throws Error{kInput}: the file, the problem, and that the file should be restored.
[[noreturn]] void refuse_file(const std::filesystem::path& path, const std::string& problem);

}  // namespace patina::diffusion::internal
