// SPDX-License-Identifier: Apache-2.0
#include "core/journal.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <unistd.h>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/growing_file.h"
#include "core/hash.h"
#include "core/json.h"

namespace patina::core {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxLineBytes = 16 << 20;
const std::string kNoLine(64, '0');

struct Chain {
  std::string head = kNoLine;
  std::uint64_t lines = 0;
  std::uint64_t size = 0;  ///< Bytes of whole lines.
  bool cut = false;        ///< Something follows the last whole line.
};

[[noreturn]] void fail_chain(const std::filesystem::path& path, std::uint64_t line) {
  throw Error(ErrorKind::kInput,
              path.string(),
              "breaks its chain at line " + std::to_string(line + 1),
              "the collection was changed afterwards; start a new one");
}

void take_line(const std::string& text,
               const std::filesystem::path& path,
               Chain& chain,
               const std::function<void(const json&)>& on_line) {
  json line;
  try {
    line = parse_json(text, path.string());
  } catch (const Error&) {
    fail_chain(path, chain.lines);
  }
  const bool sound = line.is_object() && line.value("n", json()) == json(chain.lines) &&
                     line.value("prev", json()) == json(chain.head);
  if (!sound) fail_chain(path, chain.lines);
  on_line(line);
  chain.head = to_hex(sha256(text));
  ++chain.lines;
  chain.size += text.size() + 1;
}

Chain follow(const std::filesystem::path& path, const std::function<void(const json&)>& on_line) {
  Chain chain;
  std::ifstream file(path, std::ios::binary);
  if (!file) return chain;
  std::string text;
  while (std::getline(file, text)) {
    if (file.eof()) {  // no line end: it was cut short
      chain.cut = !text.empty();
      break;
    }
    if (text.size() > kMaxLineBytes) fail_chain(path, chain.lines);
    take_line(text, path, chain, on_line);
  }
  return chain;
}

}  // namespace

Journal::Journal(std::filesystem::path path, const std::function<void(const json&)>& on_line)
    : path_(std::move(path)) {
  const Chain chain = follow(path_, on_line);
  lines_ = chain.lines;
  head_ = chain.head;
  file_ = std::make_unique<GrowingFile>(path_, chain.size);
}

Journal::~Journal() = default;

void Journal::append(json line) {
  line["n"] = lines_;
  line["prev"] = head_;
  const std::string text = line.dump(-1, ' ', false, json::error_handler_t::replace);
  file_->append(text + "\n");
  head_ = to_hex(sha256(text));
  ++lines_;
}

void Journal::sync() { file_->sync(); }

std::string read_chain(const std::filesystem::path& path,
                       const std::function<void(const json&)>& on_line) {
  const Chain chain = follow(path, on_line);
  if (chain.cut) fail_chain(path, chain.lines);
  return chain.head;
}

}  // namespace patina::core
