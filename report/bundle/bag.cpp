// SPDX-License-Identifier: Apache-2.0
#include "report/bundle/bag.h"

#include <algorithm>
#include <system_error>

#include "core/error.h"
#include "core/text.h"

namespace patina::report {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDigestDigits = 64;

std::string encode_path(const std::string& path) {
  std::string encoded;
  for (const char c : path) {
    if (c == '%') {
      encoded += "%25";
    } else if (c == '\n') {
      encoded += "%0A";
    } else if (c == '\r') {
      encoded += "%0D";
    } else {
      encoded += c;
    }
  }
  return encoded;
}

/// Inverse; other uses of % stand for themselves.
std::string decode_path(std::string_view encoded) {
  std::string path;
  for (std::size_t at = 0; at < encoded.size(); ++at) {
    const std::string_view three = encoded.substr(at, 3);
    const char plain = three == "%25"                       ? '%'
                       : (three == "%0A" || three == "%0a") ? '\n'
                       : (three == "%0D" || three == "%0d") ? '\r'
                                                            : '\0';
    path += plain == '\0' ? encoded[at] : plain;
    if (plain != '\0') at += 2;
  }
  return path;
}

bool is_digest(std::string_view text) {
  return text.size() == kDigestDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string shortened(std::string_view line) {
  constexpr std::size_t kLongest = 200;
  return core::printable(line.substr(0, kLongest)) + (line.size() > kLongest ? "…" : "");
}

void read_line(std::string_view line, const std::string& where, Manifest& manifest) {
  const std::size_t gap = line.find_first_of(" \t");
  const std::size_t path_at = line.find_first_not_of(" \t", gap);
  const bool shaped = gap != std::string_view::npos && path_at != std::string_view::npos;
  if (!shaped || !is_digest(line.substr(0, gap))) {
    manifest.problems.push_back({where, shortened(line), "a SHA-256 digest and a path"});
    return;
  }
  const std::string path = decode_path(line.substr(path_at));
  if (!is_safe_path(path)) {
    manifest.problems.push_back({where, shortened(line), "a path inside the bundle"});
    return;
  }
  manifest.entries.push_back({std::string(line.substr(0, gap)), path});
}

[[noreturn]] void unreadable(const fs::path& path, const std::error_code& error) {
  throw core::Error(core::ErrorKind::kDisk,
                    path.string(),
                    "cannot be read: " + error.message(),
                    "check the folder and its permissions");
}

void sort_into(BagFiles& files, const fs::directory_entry& entry, const std::string& path) {
  std::error_code error;
  const fs::file_status status = entry.symlink_status(error);
  if (error) unreadable(entry.path(), error);
  if (fs::is_directory(status)) return;
  if (!fs::is_regular_file(status)) {
    files.strange.push_back(path);
  } else if (path.rfind(std::string(kPayloadFolder) + "/", 0) == 0) {
    files.payload.push_back(path);
  } else if (path != kTagManifestFile) {
    files.tags.push_back(path);
  }
}

}  // namespace

std::string manifest_text(std::vector<ManifestEntry> entries) {
  std::sort(entries.begin(), entries.end(), [](const ManifestEntry& a, const ManifestEntry& b) {
    return a.path < b.path;
  });
  std::string text;
  for (const ManifestEntry& entry : entries) {
    text += entry.sha256 + "  " + encode_path(entry.path) + "\n";
  }
  return text;
}

Manifest parse_manifest(std::string_view text, const std::string& name) {
  Manifest manifest;
  int number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    ++number;
    if (!line.empty()) read_line(line, name + " line " + std::to_string(number), manifest);
  }
  return manifest;
}

bool is_safe_path(std::string_view path) {
  if (path.empty() || path.find_first_of(std::string_view("\\\0", 2)) != std::string_view::npos) {
    return false;
  }
  while (true) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    if (part.empty() || part == "." || part == "..") return false;
    if (end == path.size()) return true;
    path.remove_prefix(end + 1);
  }
}

BagFiles list_bag(const fs::path& bag) {
  std::error_code error;
  fs::recursive_directory_iterator entry(bag, error);
  if (error) unreadable(bag, error);
  BagFiles files;
  while (entry != fs::recursive_directory_iterator()) {
    sort_into(files, *entry, entry->path().lexically_relative(bag).generic_string());
    entry.increment(error);
    if (error) unreadable(bag, error);
  }
  for (auto* list : {&files.payload, &files.tags, &files.strange})
    std::sort(list->begin(), list->end());
  return files;
}

std::string bag_declaration() { return "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"; }

bool is_plain_file(const fs::path& bag, const std::string& path) {
  if (!is_safe_path(path)) return false;
  fs::path current = bag;
  std::error_code error;
  for (const fs::path& part : fs::path(path)) {
    current /= part;
    if (fs::is_symlink(fs::symlink_status(current, error))) return false;
  }
  return fs::is_regular_file(fs::symlink_status(current, error));
}

std::string payload_oxum(const fs::path& bag, const std::vector<std::string>& payload) {
  std::uintmax_t octets = 0;
  for (const std::string& path : payload) {
    std::error_code error;
    octets += fs::file_size(bag / path, error);
    if (error) unreadable(bag / path, error);
  }
  return std::to_string(octets) + "." + std::to_string(payload.size());
}

}  // namespace patina::report
