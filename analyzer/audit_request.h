// SPDX-License-Identifier: Apache-2.0
// An audit as it is asked for: by the names of its key, sources and bundle. Whatever asks (command
// line, page) hands in what this module may not know: passphrase, extractor, network. Entry point:
// run_requested_audit.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "analyzer/audit.h"
#include "core/observer.h"
#include "keys/coat_key.h"
#include "keys/extractor.h"
#include "queryers/collecting/collect.h"
#include "report/evidence/evidence.h"

namespace patina::analyzer {

/// Where a source's images come from.
enum class SourceKind {
  kFolder,      ///< A folder of images.
  kCollection,  ///< A folder that a collection over the network left.
  kAddress,     ///< An endpoint or a gallery, yet to be asked.
};
/// By the name alone; what exists on disk is no address.
SourceKind kind_of_source(const std::filesystem::path& source);

struct AuditRequest {
  std::filesystem::path key;         ///< File that patina coat made.
  std::filesystem::path suspect;     ///< Folder, collection or, as text, an address.
  std::filesystem::path benign;      ///< Folder of images by models that never saw the coating.
  std::filesystem::path bundle;      ///< Folder to write; new, empty or an unfinished audit.
  std::filesystem::path commitment;  ///< Empty = none was published.
  AuditOptions options;  ///< How the scores are compared and how sure the result must be.
};

/// All three are needed.
struct AuditMeans {
  /// Gives the key file's passphrase; called once the folders are known to hold images.
  std::function<std::string()> passphrase;
  std::function<std::unique_ptr<keys::Extractor>(const keys::CoatKey& key)> make_extractor;
  /// Collects from an address into a folder of the bundle.
  std::function<queryers::CollectResult(const std::string& address,
                                        const std::filesystem::path& folder)>
      collect;
};

/// Opens key, commitment and sources, collects over the network what is yet to be collected, audits
/// and writes the bundle. Nothing is asked over the network before key, commitment, folders and the
/// place of the bundle are known to be usable. Throws what run_audit() throws, what the parts of
/// `means` throw, and Error{kInput} for a source, key or commitment that cannot be used or a
/// commitment of another key.
report::Evidence run_requested_audit(const AuditRequest& request,
                                     const AuditMeans& means,
                                     const core::Observer& observer = {});

}  // namespace patina::analyzer
