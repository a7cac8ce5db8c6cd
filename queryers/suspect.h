// SPDX-License-Identifier: Apache-2.0
// The seam in front of whatever gives images: a folder today, endpoints and galleries later. No
// third-party type crosses it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace patina::queryers {

/// One image obtained from a suspect, as bytes; decoding is the caller's.
struct Sample {
  std::string source;               ///< Where it came from: path relative to the folder, or URL.
  std::vector<std::uint8_t> bytes;  ///< The encoded image exactly as received.
  std::string sha256;               ///< Digest of `bytes`, lower-case hexadecimal.
};

/// Something that should have been a sample and is not; refusals are data.
struct Refusal {
  std::string source;
  std::string reason;
};

/// How a suspect's images were got over the network, for the evidence.
struct Acquisition {
  std::string service;         ///< Product that answered.
  std::string model;           ///< As the service names it.
  std::string model_digest;    ///< As the service states it; empty = not told.
  std::string identity_grade;  ///< "A" (digest) to "D" (unknown), see IdentityGrade.
  std::string began;           ///< RFC 3339.
  std::string ended;
  std::string journal_sha256;  ///< Digest of the last line of the journal.
  std::uint64_t planned = 0;   ///< Images that were to be asked for.
  std::uint64_t requests = 0;
  std::map<std::string, std::uint64_t> outcomes;  ///< By name, see Outcome.
  std::vector<std::string> remarks;               ///< Sentences that qualify the evidence.
};

/// What a suspect is, for the evidence.
struct SuspectInfo {
  std::string kind;                        ///< "directory", "files", "a1111", ...
  std::string location;                    ///< Path or URL as the user gave it.
  std::int64_t expected_samples = 0;       ///< 0 = unknown.
  std::optional<Acquisition> acquisition;  ///< How the images were collected; none for a folder.
};

/// A source of a suspect's images. Not for use by several threads at once; the callbacks of
/// collect() run on the caller's thread.
class Suspect {
 public:
  virtual ~Suspect() = default;
  virtual SuspectInfo info() const = 0;
  /// Calls `on_sample` or `on_refusal` once per item, in a fixed order. Throws Error only for what
  /// stops the whole collection.
  virtual void collect(const std::function<void(Sample&&)>& on_sample,
                       const std::function<void(Refusal&&)>& on_refusal) = 0;
};

}  // namespace patina::queryers
