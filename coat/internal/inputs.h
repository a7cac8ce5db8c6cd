// SPDX-License-Identifier: Apache-2.0
// What is to be coated, and whether it may go where the user wants it.
#pragma once

#include <filesystem>
#include <vector>

#include "coat/coat.h"
#include "images/image_list.h"
#include "images/pixels/image_file.h"

namespace patina::coat {

/// The images below the inputs. Throws Error{kInput} if there is none, or if two would be released
/// under one name.
std::vector<images::ImageEntry> find_images(const CoatOptions& options);

/// Throws Error{kUsage} where output or key are not given, Error{kInput} where inputs, output and
/// key lie inside each other or the key would be overwritten.
void check_places(const CoatOptions& options);

/// Throws Error{kInput} for an image under 64 pixels a side, and as images::read_image does.
images::ImageFile read_for_coating(const std::filesystem::path& path);

/// Writes the caption of an image, a text file of its name, beside its coated copy.
void copy_caption(const images::ImageEntry& entry, const CoatOptions& options);

}  // namespace patina::coat
