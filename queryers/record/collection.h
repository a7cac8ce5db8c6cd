// SPDX-License-Identifier: Apache-2.0
// A folder of evidence that grows while a suspect is asked: every exchange in a WARC file, every
// image under its digest, a chained journal over all of it. Survives a kill at any moment: what was
// answered is not asked again. Format page: docs/formats/collection.md. Entry points: Collection,
// open_collection.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "http/client.h"
#include "images/image_io.h"
#include "queryers/services/service.h"
#include "queryers/suspect.h"

namespace patina::queryers {

inline constexpr const char* kPlanFile = "plan.json";
inline constexpr const char* kJournalFile = "journal.jsonl";
inline constexpr const char* kWarcFile = "transcript.warc.gz";
inline constexpr const char* kSummaryFile = "collection.json";
inline constexpr const char* kCollectedFolder = "samples";

/// An image that was received and kept.
struct CollectedSample {
  std::string sha256;
  std::string file;  ///< Relative to the folder.
  std::string format;
  int width_px = 0;
  int height_px = 0;
  std::uint64_t bytes = 0;
  std::string source;              ///< URL, where it was fetched from one.
  std::vector<std::string> flags;  ///< See excluded_flag().
  nlohmann::json metadata;         ///< What the file says about itself; null = nothing.
};

/// How an item of the plan ended.
struct ItemEnd {
  std::string item;
  Outcome outcome = Outcome::kImage;
  std::string detail;
  nlohmann::json reported = nlohmann::json::object();
  std::optional<CollectedSample> sample;
};

/// Which part of the plan an exchange belongs to.
struct ExchangeTag {
  std::string item;  ///< Id in the plan; "" = none.
  std::string step;  ///< "submit", "poll", "lookup", "image", "cancel", "inventory/options",
                     ///< "robots", "page".
  int attempt = 1;
};

/// Thread-safe.
class Collection {
 public:
  /// Opens or creates. `plan` is what will be asked, written before the first request. Throws
  /// Error{kInput} for a folder that holds something else or another plan, or whose journal was
  /// changed; Error{kDisk}.
  Collection(const std::filesystem::path& folder, const nlohmann::json& plan);
  ~Collection();
  Collection(const Collection&) = delete;
  Collection& operator=(const Collection&) = delete;

  /// The item ended in an earlier run or in this one.
  bool ended(const std::string& item) const;
  /// The next exchange of an item that was recorded before the run was interrupted, if it is this
  /// one; each is given once, in the order recorded.
  std::optional<http::HttpExchange> replay(const ExchangeTag& tag,
                                           const http::HttpRequest& request);
  /// Whether replay() still has something for the item.
  bool can_replay(const std::string& item) const;

  void record(const http::HttpExchange& exchange, const ExchangeTag& tag);
  /// A request that must not be sent twice is about to be sent.
  void announce(const ExchangeTag& tag);
  /// When an earlier run announced a request of the item whose answer it did not live to record;
  /// RFC 3339.
  std::optional<std::string> unanswered_since(const std::string& item) const;
  /// Keeps the bytes under their digest and returns their place; the rest of the sample is the
  /// caller's to fill.
  CollectedSample keep(const std::vector<std::uint8_t>& bytes, const images::ImageHeader& header);
  void end_item(const ItemEnd& end);
  /// What an item was answered so far counts no longer: the next run asks anew.
  void forget(const std::string& item, const std::string& reason);
  void note(const std::string& about, const nlohmann::json& facts);
  /// To the disk.
  void sync();
  /// Writes collection.json; the collection may go on afterwards.
  void summarize(const nlohmann::json& facts);

  const std::filesystem::path& folder() const;
  std::uint64_t requests() const;  ///< Sent, in all runs.
  std::uint64_t count(Outcome outcome) const;
  std::uint64_t ended_items() const;
  std::string head() const;  ///< Digest of the journal's last line.

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// True for a flag that keeps a sample out of the test: "control", "other-model",
/// "lora-not-confirmed", "released-copy", "near-duplicate", "preview".
bool excluded_flag(const std::string& flag);

/// Calls `on_end` for every item of a collection, in the order of the plan. Checks the journal's
/// chain and returns its head. Throws Error{kInput}, Error{kDisk}.
std::string read_collection(const std::filesystem::path& folder,
                            const std::function<void(const ItemEnd&)>& on_end);

/// A folder that holds a collection.
bool is_collection(const std::filesystem::path& folder);

/// Copies a collection, unless it is there already. Throws Error{kInput} if another one is there,
/// Error{kDisk}.
void copy_collection(const std::filesystem::path& from, const std::filesystem::path& to);

/// The images of a collection as a suspect: each one that ended as an image and has no excluding
/// flag; the others are refusals with their outcome.
std::unique_ptr<Suspect> open_collection(const std::filesystem::path& folder);

nlohmann::json to_json(const CollectedSample& sample);
nlohmann::json to_json(const ItemEnd& end);

}  // namespace patina::queryers
