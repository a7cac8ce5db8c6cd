// SPDX-License-Identifier: Apache-2.0
// From images to a key: training crops, training, and what is kept of it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "coat/coat.h"
#include "coat/frame/frame_coater.h"
#include "coat/siren/pair_torch.h"
#include "coat/siren/train_torch.h"
#include "core/observer.h"
#include "images/image_io.h"
#include "images/image_list.h"
#include "keys/coat_key.h"
#include "transforms/crop_pool_torch.h"

namespace patina::coat {

/// The 48 bits of a message: the first `bits` of SHA-256(text), or of the seed's digest where the
/// text is empty; the rest are 1.
std::string message_hex(const std::string& text, std::uint64_t seed, int bits);

/// Training settings of a run.
siren::TrainOptions train_options(const CoatOptions& options, std::uint64_t seed);

/// Windows of the images at their own resolution, bounded in memory however large the set is.
/// Unreadable images are left out; those of `supplement` come on top. Throws Error{kInput} if none
/// is readable.
transforms::CropPool training_pool(const std::vector<images::ImageEntry>& entries,
                                   std::vector<images::Image> supplement,
                                   std::uint64_t seed);

/// The warm-started pair of the product.
siren::Pair warm_pair(const CoatOptions& options);

/// A key of method "frame", measured on the images of a set.
keys::CoatKey frame_key_on(std::size_t count,
                           const siren::ImageAt& image_at,
                           const CoatOptions& options,
                           std::uint64_t seed);

/// A key of method "warp", its classifier trained on crops of a set.
keys::CoatKey warp_key_on(const transforms::CropPool& pool,
                          const CoatOptions& options,
                          std::uint64_t seed,
                          const core::Observer& observer = {});

/// Trains a key from the warm-started pair on the crops of a pool.
keys::CoatKey key_on(const transforms::CropPool& pool,
                     const CoatOptions& options,
                     std::uint64_t seed,
                     const siren::TrainOptions& train,
                     const core::Observer& observer = {});

/// Makes a key for the images, by the method that the options name.
keys::CoatKey make_key(const std::vector<images::ImageEntry>& entries,
                       const CoatOptions& options,
                       std::uint64_t seed,
                       const std::filesystem::path& checkpoint,
                       const core::Observer& observer);

/// The pair a key holds.
siren::Pair pair_of(const keys::CoatKey& key);

}  // namespace patina::coat
