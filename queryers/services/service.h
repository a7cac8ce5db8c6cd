// SPDX-License-Identifier: Apache-2.0
// How one kind of service is asked for an image and what its answers mean. A service is data: a few
// functions that know neither sockets nor files, so that each contract reads as one page. Sending,
// retrying, recording and hashing are the collector's (queryers/collecting/collect.h).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/outcome.h"
#include "http/client.h"
#include "queryers/plan.h"

namespace patina::queryers {

using core::Outcome;

/// A picture in an answer: its bytes, or where to get them.
struct FoundImage {
  std::string bytes;
  std::string url;                 ///< Fetched where `bytes` is empty.
  std::vector<std::string> flags;  ///< "nsfw".
};

/// What an answer means.
struct Interpretation {
  enum class Next {
    kDone,   ///< Final: `outcome`, and `images` if it is kImage or kFiltered.
    kPoll,   ///< Ask `poll` after `wait_s`.
    kRetry,  ///< Ask again after `wait_s`, or for longer and longer where it is 0.
    kAbort,  ///< Nobody will get an image here until a person mends it: credentials, credit, model.
  };
  Next next = Next::kDone;
  Outcome outcome = Outcome::kImage;
  std::string detail;  ///< For people.
  std::vector<FoundImage> images;
  http::HttpRequest poll;
  std::optional<http::HttpRequest> cancel;  ///< Stops the job; kept as long as it runs.
  double wait_s = 0.0;
  nlohmann::json job;  ///< What the next reading has to know after kPoll.
  /// What the service says it did: "seed", "prompt", "model", "model_hash", "width_px", ...
  nlohmann::json reported = nlohmann::json::object();
};

/// How sure it is which model answered.
enum class IdentityGrade {
  kDigest,   ///< A: a digest of the weights, told by the server or of an own file.
  kStable,   ///< B: an identifier that does not change.
  kName,     ///< C: a name.
  kUnknown,  ///< D.
};
const char* to_string(IdentityGrade grade);  ///< "A" to "D".

/// What a service tells about itself.
struct ServiceFacts {
  std::string server;        ///< Product and version.
  std::string model;         ///< In use.
  std::string model_digest;  ///< As the server states it.
  std::vector<std::string> models;
  std::vector<std::string> samplers;
  std::vector<std::string> loras;
  IdentityGrade grade = IdentityGrade::kUnknown;
  std::vector<std::string> remarks;  ///< Sentences for the report.
};

/// A question about the service itself, asked before the first image and after the last.
struct InventoryCall {
  std::string name;  ///< "options".
  http::HttpRequest request;
};
using InventoryAnswers = std::map<std::string, http::HttpResponse>;  ///< Those with status 200.

/// How a service that charges tells which jobs it has, so that one whose answer was lost is found
/// again instead of paid for twice.
struct JobLookup {
  http::HttpRequest request;
  /// The job of this image, begun at `since` (RFC 3339) or later, in an answer of status 200, read
  /// as Service::read reads it; kRetry if none is listed.
  std::function<Interpretation(
      const PlannedImage&, const http::HttpResponse&, const std::string& since)>
      find;
};

struct Service {
  std::string kind;               ///< "a1111".
  std::string location;           ///< As the user wrote it.
  std::string origin;             ///< Url::origin() of the service.
  std::string named_host;         ///< Host that the user named; empty for a hosted service.
  std::string model;              ///< Asked for; empty = whatever is loaded.
  std::string credential_header;  ///< "Authorization"; empty = it has none.
  std::string credential_prefix;  ///< "Bearer ".
  /// Asking twice costs nothing but time: whoever runs the server pays for it.
  bool repeatable = false;
  double poll_s = 0.5;  ///< First pause between polls; it grows to ten times as long.
  std::function<http::HttpRequest(const PlannedImage&)> submit;
  /// Reads the answer to submit() or to a poll; `job` is what the reading before put into
  /// Interpretation::job, null at first.
  std::function<Interpretation(
      const PlannedImage&, const http::HttpResponse&, const nlohmann::json& job)>
      read;
  std::optional<JobLookup> lookup;
  std::vector<InventoryCall> inventory;
  std::function<ServiceFacts(const InventoryAnswers&)> describe;
};

}  // namespace patina::queryers
