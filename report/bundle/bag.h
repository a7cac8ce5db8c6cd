// SPDX-License-Identifier: Apache-2.0
// BagIt 1.0 [RFC 8493] as far as a bundle needs it: SHA-256 manifests of payload and tag files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace patina::report {

inline constexpr const char* kPayloadFolder = "data";
inline constexpr const char* kBagDeclarationFile = "bagit.txt";
inline constexpr const char* kBagInfoFile = "bag-info.txt";
inline constexpr const char* kManifestFile = "manifest-sha256.txt";
inline constexpr const char* kTagManifestFile = "tagmanifest-sha256.txt";

struct ManifestEntry {
  std::string sha256;  ///< 64 lower-case hexadecimal digits.
  std::string path;    ///< Below the bag, '/' between the parts.
};

/// A line that is no entry, or names a path that a manifest may not name.
struct ManifestProblem {
  std::string line;  ///< "manifest-sha256.txt line 3".
  std::string text;  ///< The line, safe to print.
  std::string rule;  ///< What it should have been.
};

struct Manifest {
  std::vector<ManifestEntry> entries;
  std::vector<ManifestProblem> problems;
};

/// Lines "<digest>  <path>", sorted by path; %, LF and CR in paths are percent-encoded
/// (Sec. 2.1.3).
std::string manifest_text(std::vector<ManifestEntry> entries);
Manifest parse_manifest(std::string_view text, const std::string& name);

/// True for a relative path without ".", "..", empty parts and backslashes.
bool is_safe_path(std::string_view path);

/// What a bag holds, sorted; symbolic links are never followed.
struct BagFiles {
  std::vector<std::string> payload;  ///< Plain files below data/.
  std::vector<std::string> tags;     ///< Other plain files, without the tag manifest.
  std::vector<std::string> strange;  ///< Symbolic links, sockets, devices.
};
/// Throws Error{kDisk} if a folder cannot be read.
BagFiles list_bag(const std::filesystem::path& bag);

std::string bag_declaration();

/// True if the path leads to a plain file without passing a symbolic link below `bag`.
bool is_plain_file(const std::filesystem::path& bag, const std::string& path);

/// "<octets>.<files>" (Sec. 2.2.2).
std::string payload_oxum(const std::filesystem::path& bag, const std::vector<std::string>& payload);

}  // namespace patina::report
