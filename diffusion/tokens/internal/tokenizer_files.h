// SPDX-License-Identifier: Apache-2.0
// The files of a diffusers `tokenizer/` folder, read and checked against each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace patina::diffusion::internal {

/// Ids of a line of merges.txt and of the token that the two pieces make.
struct MergedPair {
  std::int64_t left = 0;
  std::int64_t right = 0;
  std::int64_t result = 0;
};

struct TokenizerFiles {
  std::vector<std::string> tokens;                    ///< By id, added tokens included.
  std::unordered_map<std::string, std::int64_t> ids;  ///< The inverse of `tokens`.
  std::vector<MergedPair> merges;                     ///< By rank.
  std::set<std::string> added;  ///< Special and added tokens, matched literally in prompts.
  std::int64_t bos_id = 0;
  std::int64_t eos_id = 0;
  std::int64_t unk_id = 0;
  std::int64_t pad_id = 0;
  std::size_t max_length = 0;  ///< Tokens of a padded prompt, bos and eos included.
};

/// Throws as Tokenizer::load does.
TokenizerFiles read_tokenizer_files(const std::filesystem::path& folder);

}  // namespace patina::diffusion::internal
