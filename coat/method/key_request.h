// SPDX-License-Identifier: Apache-2.0
// What a key is made from, whichever method makes it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "core/observer.h"
#include "core/options.h"
#include "images/pixels/image.h"
#include "tensors/compute.h"

namespace patina::coat {

/// What limits the strength of an image's coating.
enum class Fidelity {
  kStandard,  ///< FidelityOptions::strength and min_psnr_db. Shows on flat colour.
  kHigh,      ///< What the eye hardly finds at any place, too; models learn less of it.
};
const char* to_string(Fidelity fidelity);  ///< "standard", "high".

/// How visible a coating may be.
struct FidelityOptions {
  /// Coating strength in normalised space [Siren 2025, App. C], (0, 4]; larger is more visible and
  /// easier to read.
  double strength = 1.5;
  /// Each image's strength is raised up to this PSNR, at most 2.5 times `strength`, then lowered to
  /// what brings its feature to the key's centre; dB, [20, 60], smaller is more visible; 0 =
  /// `strength` for all images.
  double min_psnr_db = 38.2;
  /// Methods that know what each place of an image hides (Coating::unseen_pattern) keep to it at
  /// kHigh; the others to a PSNR of at least kHighPsnrDb;
  /// those that make the coated image in one piece (Coating::replaced) refuse it.
  Fidelity level = Fidelity::kStandard;
};
inline constexpr double kHighPsnrDb = 44.0;
/// The least PSNR that the options come to for a method without an unseen pattern.
double least_psnr_db(const FidelityOptions& options);

std::vector<core::OptionField> describe(FidelityOptions& options);

/// Image `i` of a set; throws core::Error for one that cannot be read, which is then left out.
using ImageAt = std::function<images::Image(std::size_t i)>;

struct KeyRequest {
  std::size_t count = 0;  ///< Images in the set.
  ImageAt image_at;       ///< Decodes an image of the set; called with indices below `count`.
  /// The same images as files, for methods that train a model on them; empty in a preview.
  std::vector<std::filesystem::path> files;
  std::uint64_t seed = 0;           ///< Everything drawn comes from it.
  FidelityOptions fidelity;         ///< How visible the coating may be while the key is made.
  tensors::ComputeOptions compute;  ///< Device, number format and threads.
  /// File that a training writes now and then and resumes from; empty = none. Secret.
  std::filesystem::path checkpoint;
  /// False for a preview: a method that trains for minutes takes its warm start as it is.
  bool train = true;
  core::Observer observer;  ///< Hears of the progress and may cancel.
};

}  // namespace patina::coat
