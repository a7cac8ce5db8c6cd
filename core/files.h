// SPDX-License-Identifier: Apache-2.0
// Files that appear whole or not at all. Everything durable goes through write_file_atomic:
// temporary file in the same folder, fsync, rename, fsync of the folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace patina::core {

namespace fs = std::filesystem;

/// Whole file. Throws Error{kDisk} if it cannot be read, Error{kInput} if it exceeds `max_bytes`.
std::vector<std::uint8_t> read_file(const fs::path& path, std::uint64_t max_bytes = 1ULL << 32);
std::string read_text_file(const fs::path& path, std::uint64_t max_bytes = 64ULL << 20);

/// The same of text that a person saved, as decode_saved_text() reads it. Throws Error{kInput} naming
/// the file for other encodings.
std::string read_saved_text(const fs::path& path, std::uint64_t max_bytes = 64ULL << 20);

enum class FileAccess { kPublic, kSecret };  ///< kSecret: mode 0600 from the first byte on.

/// Writes bytes under the final name atomically and durably, replacing what was there. Throws
/// Error{kDisk} naming the path and the reason (no space, no permission, ...) and leaves no
/// temporary file behind.
void write_file_atomic(const fs::path& path,
                       const void* data,
                       std::size_t size,
                       FileAccess access = FileAccess::kPublic);
void write_file_atomic(const fs::path& path,
                       std::string_view text,
                       FileAccess access = FileAccess::kPublic);
void write_file_atomic(const fs::path& path,
                       const std::vector<std::uint8_t>& bytes,
                       FileAccess access = FileAccess::kPublic);

/// The same for a file made of pieces in a row, so that large ones need not be joined in memory
/// first.
void write_pieces_atomic(const fs::path& path,
                         const std::vector<std::string_view>& pieces,
                         FileAccess access = FileAccess::kPublic);

/// Creates the folder and its parents. Throws Error{kDisk}.
void make_folder(const fs::path& path);

/// Whether a file's name is that of a temporary of write_file_atomic.
bool is_temporary(const std::string& name);

/// Removes temporary files that an interrupted write_file_atomic left in a folder (recursively),
/// but not those of another process that still runs. Call it before this process writes there.
void remove_stale_temporaries(const fs::path& folder);

/// True if `inner` is `outer` or lies below it, symbolic links resolved; neither need exist.
bool is_inside(const fs::path& inner, const fs::path& outer);

/// Folder of data shipped with the product (fixtures/ in the source tree, <prefix>/share/patina
/// when installed). Where $PATINA_DATA_DIR is set, that folder alone counts; otherwise the first of
/// source tree, ../share/patina beside the program and configured prefix that holds `relative`.
/// Throws Error{kInput} if `relative` does not exist there or leads out of the folder.
fs::path data_file(const std::string& relative);

}  // namespace patina::core
