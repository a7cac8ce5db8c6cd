// SPDX-License-Identifier: Apache-2.0
#include "diffusion/tokens/internal/tokenizer_config.h"

#include <algorithm>
#include <charconv>
#include <map>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "diffusion/tokens/prompt_text.h"

namespace patina::diffusion::internal {
namespace {

namespace fs = std::filesystem;

using core::Error;
using core::ErrorKind;
using core::in_quotes;
using nlohmann::json;

constexpr std::int64_t kMaxId = (1 << 24) - 1;
constexpr std::int64_t kShortestMaxLength = 3;
constexpr std::int64_t kLongestMaxLength = 4096;
constexpr double kNoMaxLength = 1e9;  // transformers writes 1e30 for "none".

constexpr const char* kAddedTokens = "added_tokens_decoder";
constexpr const char* kOtherSpecial = "additional_special_tokens";

bool has(const json& object, const std::string& key) {
  return object.contains(key) && !object[key].is_null();
}

std::string shown(const json& value) {
  return in_quotes(value.is_string() ? value.get<std::string>() : value.dump());
}

/// Text of a token, which is a string or an object that holds it as "content". White space beside
/// a token never counts, so its "lstrip" and "rstrip" make no difference.
std::string token_text(const json& value, const std::string& key, const fs::path& path) {
  const bool is_object = value.is_object() && value.contains("content");
  const json& content = is_object ? value["content"] : value;
  if (!content.is_string()) {
    refuse_file(path, key + " is " + shown(value) + ", expected a token");
  }
  auto text = content.get<std::string>();
  if (is_object && value.value("single_word", json(false)) == json(true)) {
    throw Error(ErrorKind::kUnsupported,
                path.string(),
                key + " " + in_quotes(text) + " counts only as a single word",
                "set its single_word to false");
  }
  require_added_token(text, path.string());
  return text;
}

void read_special_tokens(const json& object, const fs::path& path, TokenizerConfig& config) {
  const std::map<std::string, NamedToken*> places = {{"bos_token", &config.bos},
                                                     {"eos_token", &config.eos},
                                                     {"unk_token", &config.unk},
                                                     {"pad_token", &config.pad}};
  for (const auto& [key, place] : places) {
    if (has(object, key)) {
      *place = {token_text(object[key], key, path), path};
    }
  }
  for (const char* key : {"sep_token", "cls_token", "mask_token"}) {
    if (has(object, key)) {
      config.other_special.push_back({token_text(object[key], key, path), path});
    }
  }
  if (has(object, kOtherSpecial)) {
    if (!object[kOtherSpecial].is_array()) {
      refuse_file(path, std::string(kOtherSpecial) + " is no array");
    }
    for (const json& token : object[kOtherSpecial]) {
      config.other_special.push_back({token_text(token, kOtherSpecial, path), path});
    }
  }
}

std::size_t read_max_length(const json& object, const fs::path& path) {
  constexpr const char* kKey = "model_max_length";
  const bool is_given = has(object, kKey) && !(object[kKey].is_number_float() &&
                                               object[kKey].get<double>() >= kNoMaxLength);
  if (!is_given) {
    return TokenizerConfig().max_length;
  }
  const json& value = object[kKey];
  const std::int64_t length = value.is_number_integer() ? value.get<std::int64_t>() : 0;
  if (length < kShortestMaxLength || length > kLongestMaxLength) {
    refuse_file(path,
                std::string(kKey) + " is " + shown(value) + ", expected " +
                    std::to_string(kShortestMaxLength) + " to " +
                    std::to_string(kLongestMaxLength));
  }
  return static_cast<std::size_t>(length);
}

void require_clip(const json& object, const fs::path& path) {
  constexpr const char* kKey = "tokenizer_class";
  if (!has(object, kKey) || object[kKey] == "CLIPTokenizer" ||
      object[kKey] == "CLIPTokenizerFast") {
    return;
  }
  throw Error(ErrorKind::kUnsupported,
              path.string(),
              std::string(kKey) + " is " + shown(object[kKey]) + ", only CLIPTokenizer is known",
              "choose a checkpoint with CLIP's tokenizer");
}

std::int64_t checked_id(std::int64_t id, const NamedToken& name) {
  if (id < 0 || id > kMaxId) {
    refuse_file(
        name.file,
        "token " + in_quotes(name.token) + " has no id from 0 to " + std::to_string(kMaxId));
  }
  return id;
}

/// {"token": id}
void read_added_tokens(const json& object, const fs::path& path, TokenizerConfig& config) {
  for (const auto& [token, value] : object.items()) {
    require_added_token(token, path.string());
    const NamedToken name = {token, path};
    const std::int64_t id = value.is_number_integer() ? value.get<std::int64_t>() : -1;
    config.added.push_back({name, checked_id(id, name)});
  }
}

/// {"id": {"content": token, ...}}
void read_added_tokens_decoder(const json& object, const fs::path& path, TokenizerConfig& config) {
  if (!object.is_object()) {
    refuse_file(path, std::string(kAddedTokens) + " is no object");
  }
  for (const auto& [key, value] : object.items()) {
    const NamedToken name = {token_text(value, kAddedTokens, path), path};
    std::int64_t id = -1;
    const char* end = key.data() + key.size();
    const bool is_whole = std::from_chars(key.data(), end, id).ptr == end;
    config.added.push_back({name, checked_id(is_whole ? id : -1, name)});
  }
}

}  // namespace

TokenizerConfig read_tokenizer_config(const fs::path& folder) {
  TokenizerConfig config;
  const fs::path own = folder / "tokenizer_config.json";
  const fs::path special = folder / "special_tokens_map.json";
  const fs::path added = folder / "added_tokens.json";
  const json object = read_json_object(own);
  require_clip(object, own);
  config.max_length = read_max_length(object, own);
  read_special_tokens(object, own, config);
  // Only the files of newer versions, which list the added tokens, do without the second file;
  // where it is lost otherwise, SD2.1 for one would pad with another token.
  if (!has(object, kAddedTokens) || fs::exists(special)) {
    read_special_tokens(read_json_object(special), special, config);
  }
  if (has(object, kAddedTokens)) {
    read_added_tokens_decoder(object[kAddedTokens], own, config);
  }
  if (fs::exists(added)) {
    read_added_tokens(read_json_object(added), added, config);
  }
  std::stable_sort(config.added.begin(), config.added.end(), [](const auto& a, const auto& b) {
    return a.id < b.id;
  });
  return config;
}

void require_added_token(std::string_view token, const std::string& where) {
  if (token.size() > kMaxAddedTokenBytes) {
    throw Error(ErrorKind::kInput,
                where,
                "token " + in_quotes(token) + " of " + std::to_string(token.size()) +
                    " bytes, the limit is " + std::to_string(kMaxAddedTokenBytes),
                "choose a shorter name");
  }
  require_text(token, where);
  if (split_words(token).empty()) {
    throw Error(ErrorKind::kInput,
                where,
                "token " + in_quotes(token) + " shows no character",
                "choose another name");
  }
}

json read_json_object(const fs::path& path) {
  json object = core::parse_json(core::read_text_file(path, kMaxFileBytes), path.string());
  if (!object.is_object()) {
    refuse_file(path, std::string("holds a JSON ") + object.type_name() + ", expected an object");
  }
  return object;
}

void refuse_file(const fs::path& path, const std::string& problem) {
  throw Error(ErrorKind::kInput, path.string(), problem, "restore the checkpoint's own file");
}

}  // namespace patina::diffusion::internal
