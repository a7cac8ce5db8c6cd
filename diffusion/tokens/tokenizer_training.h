// SPDX-License-Identifier: Apache-2.0
// A new CLIP tokenizer for a small model: byte-pair merges [Sennrich 2016] learned from a corpus
// and written as the folder that Tokenizer::load reads. Any text can be encoded with it: what no
// merge covers is spelled in bytes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace patina::diffusion {

struct NewTokenizerOptions {
  std::size_t num_merges = 2000;  ///< At most; fewer where every word is one token already.
  std::size_t max_length = 77;    ///< Ids of a padded prompt, bos and eos included; at least 3.
};

/// Merges the most frequent pair of neighbouring pieces, the first in byte order among equals,
/// until done. Throws Error{kInput} for a corpus without a word, Error{kDisk}.
void write_new_tokenizer(const std::filesystem::path& folder,
                         const std::vector<std::string>& corpus,
                         const NewTokenizerOptions& options = {});

}  // namespace patina::diffusion
