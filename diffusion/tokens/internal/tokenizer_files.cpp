// SPDX-License-Identifier: Apache-2.0
#include "diffusion/tokens/internal/tokenizer_files.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "diffusion/tokens/internal/tokenizer_config.h"

namespace patina::diffusion::internal {
namespace {

namespace fs = std::filesystem;

using core::Error;
using core::ErrorKind;
using core::in_quotes;
using nlohmann::json;

// CLIP's own count; transformers reads no more.
constexpr std::size_t kMaxMerges = 49152 - 256 - 2;
constexpr std::string_view kBlanks = " \t\r\v\f";

void require_vocabulary_files(const fs::path& folder) {
  if (fs::exists(folder / "tokenizer.json") && !fs::exists(folder / "vocab.json")) {
    throw Error(ErrorKind::kUnsupported,
                folder.string(),
                "holds tokenizer.json without vocab.json and merges.txt",
                "add the other two, which CLIPTokenizer.save_pretrained writes");
  }
}

/// Integer in [0, count); nullopt for anything else.
std::optional<std::int64_t> as_id(const json& value, std::size_t count) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() >= count) {
    return std::nullopt;
  }
  return value.get<std::int64_t>();
}

void read_vocabulary(const fs::path& path, TokenizerFiles& files) {
  const json vocabulary = read_json_object(path);
  const std::size_t count = vocabulary.size();
  std::vector<bool> taken(count, false);
  files.tokens.resize(count);
  for (const auto& [token, value] : vocabulary.items()) {
    const std::optional<std::int64_t> id = as_id(value, count);
    if (!id) {
      refuse_file(path,
                  "token " + in_quotes(token) + " has id " + in_quotes(value.dump()) +
                      ", the ids of " + std::to_string(count) + " tokens are 0 to " +
                      std::to_string(count - 1));
    }
    const auto place = static_cast<std::size_t>(*id);
    if (taken[place]) {
      refuse_file(path,
                  "tokens " + in_quotes(files.tokens[place]) + " and " + in_quotes(token) +
                      " share id " + std::to_string(*id));
    }
    taken[place] = true;
    files.tokens[place] = token;
    files.ids[token] = *id;
  }
}

std::vector<std::string> split_at_blanks(std::string_view line) {
  std::vector<std::string> pieces;
  std::size_t begin = line.find_first_not_of(kBlanks);
  while (begin != std::string_view::npos) {
    const std::size_t end = std::min(line.find_first_of(kBlanks, begin), line.size());
    pieces.emplace_back(line.substr(begin, end - begin));
    begin = line.find_first_not_of(kBlanks, end);
  }
  return pieces;
}

struct MergeLine {
  const fs::path& path;
  std::size_t number;  // From 1.
  std::string_view text;
};

MergedPair parse_merge(const MergeLine& line, const TokenizerFiles& files) {
  const std::string place = "line " + std::to_string(line.number);
  const std::vector<std::string> pieces = split_at_blanks(line.text);
  if (pieces.size() != 2) {
    refuse_file(line.path, place + " is " + in_quotes(line.text) + ", expected two pieces");
  }
  const auto id_of = [&](const std::string& token) {
    const auto found = files.ids.find(token);
    if (found == files.ids.end()) {
      refuse_file(line.path,
                  place + " needs token " + in_quotes(token) + ", which is not in vocab.json");
    }
    return found->second;
  };
  return {id_of(pieces[0]), id_of(pieces[1]), id_of(pieces[0] + pieces[1])};
}

// The first line is a heading, whatever it says, and blanks at the end of the file do not count.
void read_merges(const fs::path& path, TokenizerFiles& files) {
  const std::string text = core::read_text_file(path, kMaxFileBytes);
  const std::size_t end = text.find_last_not_of(" \t\r\n\v\f") + 1;  // 0 if all is blank.
  std::map<std::pair<std::int64_t, std::int64_t>, std::size_t> seen;
  std::size_t number = 1;
  std::size_t newline = text.find('\n');
  while (newline < end && files.merges.size() < kMaxMerges) {
    const std::size_t next = std::min(text.find('\n', newline + 1), end);
    const std::string_view line(text.data() + newline + 1, next - newline - 1);
    const MergedPair merge = parse_merge({path, ++number, line}, files);
    const auto [first, is_new] = seen.emplace(std::pair(merge.left, merge.right), number);
    if (!is_new) {
      refuse_file(
          path,
          "line " + std::to_string(number) + " repeats line " + std::to_string(first->second));
    }
    files.merges.push_back(merge);
    newline = next;
  }
}

void add_declared(const DeclaredToken& declared, TokenizerFiles& files) {
  const auto& [name, id] = declared;
  const auto next_id = static_cast<std::int64_t>(files.tokens.size());
  const auto found = files.ids.find(name.token);
  const std::int64_t expected = found == files.ids.end() ? next_id : found->second;
  if (id != expected) {
    refuse_file(name.file,
                "token " + in_quotes(name.token) + " has id " + std::to_string(id) + ", expected " +
                    std::to_string(expected) + " after vocab.json");
  }
  if (found == files.ids.end()) {
    files.tokens.push_back(name.token);
    files.ids[name.token] = id;
  }
  files.added.insert(name.token);
}

std::int64_t add_special(const NamedToken& name, const fs::path& folder, TokenizerFiles& files) {
  const auto found = files.ids.find(name.token);
  if (found == files.ids.end()) {
    refuse_file(name.file.empty() ? folder : name.file,
                "special token " + in_quotes(name.token) +
                    " is neither in vocab.json nor among the added tokens");
  }
  files.added.insert(name.token);
  return found->second;
}

}  // namespace

TokenizerFiles read_tokenizer_files(const fs::path& folder) {
  require_vocabulary_files(folder);
  TokenizerFiles files;
  read_vocabulary(folder / "vocab.json", files);
  read_merges(folder / "merges.txt", files);
  const TokenizerConfig config = read_tokenizer_config(folder);
  for (const DeclaredToken& declared : config.added) {
    add_declared(declared, files);
  }
  files.bos_id = add_special(config.bos, folder, files);
  files.eos_id = add_special(config.eos, folder, files);
  files.unk_id = add_special(config.unk, folder, files);
  files.pad_id = add_special(config.pad, folder, files);
  for (const NamedToken& name : config.other_special) {
    add_special(name, folder, files);
  }
  files.max_length = config.max_length;
  return files;
}

}  // namespace patina::diffusion::internal
