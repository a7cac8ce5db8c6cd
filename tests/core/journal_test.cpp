// SPDX-License-Identifier: Apache-2.0
#include "core/journal.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "tests/core/scratch_folder.h"

namespace patina::core {
namespace {

using nlohmann::json;

// The "x" of every line that is there.
std::vector<int> read_values(const std::filesystem::path& path) {
  std::vector<int> values;
  read_chain(path, [&values](const json& line) { values.push_back(line.at("x")); });
  return values;
}

void write_three(const std::filesystem::path& path) {
  Journal journal(path, [](const json&) {});
  for (const int x : {1, 2, 3}) journal.append({{"x", x}});
}

TEST(Journal, EachLineNamesTheDigestOfTheOneBefore) {
  const ScratchFolder folder;
  const auto path = folder.path() / "journal.jsonl";
  write_three(path);
  const std::string text = read_text_file(path);
  const std::string first = text.substr(0, text.find('\n'));
  const std::string rest = text.substr(first.size() + 1);
  const std::string second = rest.substr(0, rest.find('\n'));
  EXPECT_EQ(first, R"({"n":0,"prev":")" + std::string(64, '0') + R"(","x":1})");
  EXPECT_EQ(json::parse(second).at("prev"), to_hex(sha256(first)));
}

TEST(Journal, GoesOnWhereItStopped) {
  const ScratchFolder folder;
  const auto path = folder.path() / "journal.jsonl";
  write_three(path);
  std::vector<int> seen;
  {
    Journal journal(path, [&seen](const json& line) { seen.push_back(line.at("x")); });
    journal.append({{"x", 4}});
  }
  EXPECT_EQ(seen, (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(read_values(path), (std::vector<int>{1, 2, 3, 4}));
}

TEST(Journal, DropsALastLineThatWasCutShort) {
  const ScratchFolder folder;
  const auto path = folder.path() / "journal.jsonl";
  write_three(path);
  const std::string text = read_text_file(path);
  for (std::size_t cut = text.rfind('\n', text.size() - 2) + 2; cut < text.size(); ++cut) {
    write_file_atomic(path, text.substr(0, cut));
    EXPECT_THROW(read_values(path), Error) << "a reader sees that something is missing";
    Journal(path, [](const json&) {});
    EXPECT_EQ(read_values(path), (std::vector<int>{1, 2}));
  }
}

TEST(Journal, NoticesChangedBytes) {
  const ScratchFolder folder;
  const auto path = folder.path() / "journal.jsonl";
  write_three(path);
  const std::string text = read_text_file(path);
  const std::string head = read_chain(path, [](const json&) {});
  for (std::size_t i = 0; i < text.size(); i += 5) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    write_file_atomic(path, changed);
    std::string found;
    try {
      found = read_chain(path, [](const json&) {});
    } catch (const Error&) {
      continue;
    }
    EXPECT_NE(found, head) << "byte " << i;  // in the last line: the head tells
  }
}

TEST(Journal, NoticesALineTakenOutPutInOrMoved) {
  const ScratchFolder folder;
  const auto path = folder.path() / "journal.jsonl";
  write_three(path);
  const std::string text = read_text_file(path);
  const std::size_t first = text.find('\n') + 1;
  const std::size_t second = text.find('\n', first) + 1;
  const std::string a = text.substr(0, first);
  const std::string b = text.substr(first, second - first);
  const std::string c = text.substr(second);
  for (const std::string& changed : {a + c, b + a + c, a + b + b + c, b + c}) {
    write_file_atomic(path, changed);
    EXPECT_THROW(read_values(path), Error);
  }
}

}  // namespace
}  // namespace patina::core
