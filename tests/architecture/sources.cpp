// SPDX-License-Identifier: Apache-2.0
#include "tests/architecture/sources.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/architecture/layers.h"

namespace patina::architecture {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNone = std::string_view::npos;

/// End of the string or character literal that opens at `at`, one past its closing quote.
std::size_t end_of_literal(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == quote || text[i] == '\n') {
      return i + 1;
    }
  }
  return text.size();
}

/// End of the raw string whose opening quote stands at `at`.
std::size_t end_of_raw_string(std::string_view text, std::size_t at) {
  const std::size_t open = text.find('(', at);
  if (open == kNone) return text.size();
  const std::string close = ")" + std::string(text.substr(at + 1, open - at - 1)) + "\"";
  const std::size_t end = text.find(close, open);
  return end == kNone ? text.size() : end + close.size();
}

bool is_word_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// End of the token that starts at `at`: a comment, a literal or one character.
std::size_t end_of_token(std::string_view text, std::size_t at) {
  const std::string_view two = text.substr(at, 2);
  if (two == "//") return std::min(text.find('\n', at), text.size());
  if (two == "/*") {
    const std::size_t end = text.find("*/", at + 2);
    return end == kNone ? text.size() : end + 2;
  }
  const bool after_word = at > 0 && is_word_character(text[at - 1]);
  if (text[at] == '"' && after_word && text[at - 1] == 'R') return end_of_raw_string(text, at);
  const bool digit_separator = text[at] == '\'' && after_word;
  if (text[at] == '"' || (text[at] == '\'' && !digit_separator)) return end_of_literal(text, at);
  return at + 1;
}

bool is_read(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".cpp" || extension == ".h" || extension == ".cmake" ||
         path.filename() == "CMakeLists.txt";
}

std::string read_text(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

}  // namespace

std::string without_comments(std::string_view text) {
  std::string result(text);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = end_of_token(text, at);
    const std::string_view two = text.substr(at, 2);
    if (two == "//" || two == "/*") {
      std::replace_if(
          result.begin() + static_cast<std::ptrdiff_t>(at),
          result.begin() + static_cast<std::ptrdiff_t>(end),
          [](char c) { return c != '\n'; },
          ' ');
    }
    at = end;
  }
  return result;
}

std::vector<Include> includes_of(std::string_view text) {
  const std::string code = without_comments(text);
  std::vector<Include> includes;
  int number = 0;
  for (std::string_view line : lines_of(code)) {
    ++number;
    const std::size_t hash = line.find_first_not_of(" \t");
    if (hash == kNone || line[hash] != '#') continue;
    const std::size_t word = line.find_first_not_of(" \t", hash + 1);
    if (word == kNone || !starts_with(line.substr(word), "include")) continue;
    const std::size_t open = line.find_first_of("<\"", word);
    if (open == kNone) continue;
    const bool quoted = line[open] == '"';
    const std::size_t close = line.find(quoted ? '"' : '>', open + 1);
    includes.push_back({number, std::string(line.substr(open + 1, close - open - 1)), quoted});
  }
  return includes;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<std::string> words_of(std::string_view line) {
  std::istringstream stream{std::string(line)};
  return {std::istream_iterator<std::string>(stream), std::istream_iterator<std::string>()};
}

std::string first_folder(std::string_view path) {
  const std::size_t slash = path.find('/');
  return slash == kNone ? std::string() : std::string(path.substr(0, slash));
}

std::vector<SourceFile> read_tree(const fs::path& root, const std::vector<std::string>& skipped) {
  std::vector<SourceFile> files;
  for (auto it = fs::recursive_directory_iterator(root); it != fs::end(it); ++it) {
    const std::string name = it->path().filename().string();
    const bool is_skipped = std::find(skipped.begin(), skipped.end(), name) != skipped.end();
    if (it->is_directory() && (name.front() == '.' || is_skipped)) {
      it.disable_recursion_pending();
    } else if (it->is_regular_file()) {
      files.push_back({it->path().lexically_relative(root).generic_string(),
                       is_read(it->path()) ? read_text(it->path()) : std::string()});
    }
  }
  std::sort(files.begin(), files.end(), [](const SourceFile& a, const SourceFile& b) {
    return a.path < b.path;
  });
  return files;
}

}  // namespace patina::architecture
