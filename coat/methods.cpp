// SPDX-License-Identifier: Apache-2.0
#include "coat/methods.h"

#include <algorithm>
#include <cmath>

#include "coat/fingerprint/fingerprint_method.h"
#include "coat/svd/svd_method.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/files.h"
#include "core/text.h"
#include "core/version.h"
#include "extractors/frame/frame_key.h"
#include "extractors/siren/scorer_torch.h"
#include "extractors/strided/strided_network_torch.h"
#include "extractors/svd/dct_dwt_svd.h"

namespace patina::coat {

using core::Error;
using core::ErrorKind;
using extractors::ScorerOptions;
using keys::CoatKey;

namespace {

/// Score of an image at distance d from the centre [Siren 2025, Sec. 4.4].
double distance_score(double d) { return std::sqrt(d * d + 1.0) - 1.0; }

/// A share, or a probability, is its own score.
double share_score(double share) { return share; }

std::vector<core::OptionField> no_options(MethodOptions&) { return {}; }

std::vector<Method> make_table() {
  return {
      {"frame",
       2,
       frame::words,
       distance_score,
       [](MethodOptions& options) { return frame::describe(options.frame); },
       [](const KeyRequest& request, const MethodOptions& options) {
         return frame::make_key(request, options.frame);
       },
       nullptr,
       [](const CoatKey& key, const ScorerOptions&) { return frame::make_coating(key); },
       extractors::make_frame_scorer},
      {"siren",
       1,
       siren::words,
       distance_score,
       [](MethodOptions& options) { return siren::describe(options.siren); },
       [](const KeyRequest& request, const MethodOptions& options) {
         return siren::make_key(request, options.siren);
       },
       [](const KeyRequest& request, const MethodOptions& options) {
         return siren::estimate_training_seconds(request, options.siren);
       },
       siren::make_coating,
       extractors::make_hypersphere_scorer},
      {"dct-dwt-svd",
       1,
       svd::words,
       share_score,
       no_options,
       [](const KeyRequest& request, const MethodOptions&) { return svd::make_key(request); },
       nullptr,
       [](const CoatKey& key, const ScorerOptions&) { return svd::make_coating(key); },
       extractors::make_svd_scorer},
      {"fingerprint",
       1,
       fingerprint::words,
       share_score,
       no_options,
       [](const KeyRequest& request, const MethodOptions&) {
         return fingerprint::make_key(request);
       },
       nullptr,
       [](const CoatKey& key, const ScorerOptions&) { return fingerprint::make_coating(key); },
       extractors::make_fingerprint_scorer},
      {"warp",
       1,
       warp::words,
       share_score,
       no_options,
       [](const KeyRequest& request, const MethodOptions& options) {
         return warp::make_key(request, options.warp);
       },
       nullptr,
       [](const CoatKey& key, const ScorerOptions&) { return warp::make_coating(key); },
       extractors::make_warp_scorer},
  };
}

const Method* find(const std::string& name) {
  const auto found = std::find_if(methods().begin(),
                                  methods().end(),
                                  [&name](const Method& method) { return name == method.name; });
  return found == methods().end() ? nullptr : &*found;
}

}  // namespace

const std::vector<Method>& methods() {
  static const std::vector<Method> kMethods = make_table();
  return kMethods;
}

std::vector<std::string> method_names() {
  std::vector<std::string> names;
  for (const Method& method : methods()) names.emplace_back(method.name);
  return names;
}

const Method& find_method(const std::string& name) {
  if (const Method* method = find(name)) return *method;
  throw Error(ErrorKind::kUsage,
              core::in_quotes(name),
              "is no method of coating",
              "use one of " + core::join(method_names()));
}

const Method& method_of_key(const CoatKey& key, const std::string& where) {
  const Method* method = find(key.method);
  if (method == nullptr) {
    throw Error(ErrorKind::kUnsupported,
                where,
                "method " + core::in_quotes(key.method) + " is unknown",
                "update Patina");
  }
  if (key.reader == method->reader) return *method;
  throw Error(ErrorKind::kUnsupported,
              where,
              "made for reader " + std::to_string(key.reader) + " of method " + key.method +
                  " (Patina " + key.tool_version + "), this build has reader " +
                  std::to_string(method->reader) + ", which gives other scores",
              "use the Patina that made it, or a later one");
}

CoatKey make_key(const KeyRequest& request, const MethodOptions& options) {
  const Method& method = find_method(options.name);
  CoatKey key = method.make_key(request, options);
  key.method = method.name;
  key.reader = method.reader;
  key.created = core::utc_now();
  key.tool_version = core::kVersion;
  key.seed = request.seed;
  key.strength = request.fidelity.strength;
  return key;
}

CoatKey open_key(const std::filesystem::path& path, const std::string& passphrase) {
  CoatKey key = keys::read_coat_key(path, passphrase);
  method_of_key(key, path.string());
  return key;
}

CoatKey open_extractor(const std::filesystem::path& path) {
  CoatKey key = keys::read_extractor(path);
  method_of_key(key, path.string());
  return key;
}

keys::MethodRecord describe_method(const CoatKey& key) {
  const Method& method = method_of_key(key);
  const MethodWords words = method.words();
  return {method.name,
          method.reader,
          words.title,
          words.score,
          words.inside,
          method.radius_score(key.radius)};
}

Coating make_coating(const CoatKey& key, const ScorerOptions& options) {
  return method_of_key(key).make_coating(key, options);
}

std::unique_ptr<keys::Extractor> make_scorer(const CoatKey& key, const ScorerOptions& options) {
  return method_of_key(key).make_scorer(key, describe_method(key), options);
}

}  // namespace patina::coat
