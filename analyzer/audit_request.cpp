// SPDX-License-Identifier: Apache-2.0
#include "analyzer/audit_request.h"

#include <optional>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "core/hash.h"
#include "keys/commitment.h"
#include "queryers/directory.h"
#include "queryers/galleries/gallery.h"
#include "queryers/record/collection.h"
#include "queryers/services/services.h"
#include "report/evidence/bundle_layout.h"

namespace patina::analyzer {
namespace {

std::optional<keys::CommitmentRecord> matching_commitment(const AuditRequest& request) {
  if (request.commitment.empty()) return std::nullopt;
  keys::CommitmentRecord record = keys::check_commitment(request.commitment, request.key);
  if (record.key_matches) return record;
  throw core::Error(core::ErrorKind::kInput,
                    request.commitment.string(),
                    "was made for another key than " + request.key.string(),
                    "name the key and the commitment of one patina coat run");
}

AuditKey audit_key(const AuditRequest& request, const keys::CoatKey& key) {
  AuditKey audited;
  audited.record.key_sha256 = core::to_hex(core::sha256_file(request.key));
  audited.record.created = key.created;
  audited.commitment = matching_commitment(request);
  audited.write_extractor = [&key](const std::filesystem::path& path) {
    keys::write_extractor(path, key);
  };
  return audited;
}

// A folder of images; nothing for what came over the network, or is to come.
std::unique_ptr<queryers::Suspect> open_images(const std::filesystem::path& source) {
  if (kind_of_source(source) != SourceKind::kFolder) return nullptr;
  return queryers::open_directory(source);
}

// What came over the network, or does now, as a part of the bundle.
std::unique_ptr<queryers::Suspect> open_collected(const std::filesystem::path& source,
                                                  const std::filesystem::path& place,
                                                  const AuditMeans& means,
                                                  const core::Observer& observer) {
  if (kind_of_source(source) == SourceKind::kCollection) {
    queryers::copy_collection(source, place);
    return queryers::open_collection(place);
  }
  const queryers::CollectResult result = means.collect(source.string(), place);
  if (!result.stopped.empty()) {
    observer.say("Warning: the collection of the " + place.filename().string() +
                 " ended before its plan: " + result.stopped + ".");
  }
  return queryers::open_collection(place);
}

}  // namespace

SourceKind kind_of_source(const std::filesystem::path& source) {
  std::error_code ignored;
  const std::string name = source.string();
  if (!std::filesystem::exists(source, ignored) &&
      (queryers::parse_endpoint(name) || queryers::parse_gallery(name))) {
    return SourceKind::kAddress;
  }
  return queryers::is_collection(source) ? SourceKind::kCollection : SourceKind::kFolder;
}

report::Evidence run_requested_audit(const AuditRequest& request,
                                     const AuditMeans& means,
                                     const core::Observer& observer) {
  AuditSources sources = {open_images(request.suspect), open_images(request.benign)};
  const keys::CoatKey key = keys::read_coat_key(request.key, means.passphrase());
  AuditKey audited = audit_key(request, key);
  const std::unique_ptr<keys::Extractor> extractor = means.make_extractor(key);
  const auto open_sources = [&] {
    const std::filesystem::path place = request.bundle / report::kAcquisitionFolder;
    if (!sources.suspect) {
      sources.suspect = open_collected(request.suspect, place / "suspect", means, observer);
    }
    if (!sources.benign) {
      sources.benign = open_collected(request.benign, place / "benign", means, observer);
    }
    return std::move(sources);
  };
  return run_audit(
      {open_sources, *extractor, std::move(audited), request.bundle}, request.options, observer);
}

}  // namespace patina::analyzer
