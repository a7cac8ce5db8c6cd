// SPDX-License-Identifier: Apache-2.0
// The table of methods of coating: one row names how a key is made, how an image is coated, how a
// file is read, what a score means, and what users and reports are told. A method is a folder below
// coat/, its reader's folder below extractors/ where it has one, and its row in methods.cpp.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "coat/frame/frame_method.h"
#include "coat/method/coating.h"
#include "coat/method/key_request.h"
#include "coat/method/method_words.h"
#include "coat/siren/siren_method.h"
#include "coat/warp/warp_method.h"
#include "core/options.h"
#include "extractors/scorer_options.h"
#include "keys/coat_key.h"
#include "keys/extractor.h"

namespace patina::coat {

/// The method and what it can be told; of the structs below only the chosen method's is read.
struct MethodOptions {
  std::string name = "frame";  ///< One of method_names().
  frame::FrameOptions frame;   ///< Read where `name` is "frame".
  siren::SirenOptions siren;   ///< Read where `name` is "siren".
  warp::WarpOptions warp;      ///< Read where `name` is "warp".
};

struct Method {
  const char* name;
  /// As keys::MethodRecord::reader: raised whenever the same image and key would get another score.
  int reader;
  MethodWords (*words)();
  /// A key's radius in score units.
  double (*radius_score)(double radius);
  /// The method's own options as flags; empty for a method without.
  std::vector<core::OptionField> (*describe)(MethodOptions&);
  /// A key's own parts and radius; make_key() fills the rest.
  keys::CoatKey (*make_key)(const KeyRequest&, const MethodOptions&);
  /// What training takes here, seconds; null for methods that make a key at once.
  double (*estimate_training_seconds)(const KeyRequest&, const MethodOptions&);
  Coating (*make_coating)(const keys::CoatKey&, const extractors::ScorerOptions&);
  std::unique_ptr<keys::Extractor> (*make_scorer)(const keys::CoatKey&,
                                                  const keys::MethodRecord&,
                                                  const extractors::ScorerOptions&);
};

/// All rows, the default first.
const std::vector<Method>& methods();
std::vector<std::string> method_names();
/// Throws Error{kUsage} listing the names.
const Method& find_method(const std::string& name);
/// The row of a key. Throws Error{kUnsupported} naming `where` for an unknown method, or a key made
/// for another reader than this build's.
const Method& method_of_key(const keys::CoatKey& key, const std::string& where = "key");

/// A new key, made by the method that the options name.
keys::CoatKey make_key(const KeyRequest& request, const MethodOptions& options);

/// Reads a key, or the part of it that scores, whose method this build knows. Throws as
/// keys::read_coat_key and method_of_key do.
keys::CoatKey open_key(const std::filesystem::path& path, const std::string& passphrase = {});
keys::CoatKey open_extractor(const std::filesystem::path& path);

/// What evidence says of a key's method.
keys::MethodRecord describe_method(const keys::CoatKey& key);
/// Throws Error{kInput} for unusable tensors, Error{kUnsupported} for a device.
Coating make_coating(const keys::CoatKey& key, const extractors::ScorerOptions& options = {});
std::unique_ptr<keys::Extractor> make_scorer(const keys::CoatKey& key,
                                             const extractors::ScorerOptions& options = {});

}  // namespace patina::coat
