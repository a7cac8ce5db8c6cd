// SPDX-License-Identifier: Apache-2.0
// Asks a service for the images of a plan, politely, and keeps everything that was said. Entry
// point: collect_images. Run it again on the same folder and it goes on where it stopped.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "core/observer.h"
#include "http/client.h"
#include "http/retry.h"
#include "images/image_io.h"
#include "queryers/plan.h"
#include "queryers/record/collection.h"
#include "queryers/services/service.h"

namespace patina::queryers {

/// What may be spent, over all runs of a collection.
struct Budget {
  std::uint64_t max_requests = 1'000'000;
  std::uint64_t max_images = 1'000'000;
  double price_per_image = 0.0;  ///< In any currency; counted for every image asked for.
  double max_cost = std::numeric_limits<double>::infinity();
  /// Longest time of this run, minutes.
  double max_minutes = std::numeric_limits<double>::infinity();
};

/// Options of collect_images() and collect_gallery().
struct CollectOptions {
  http::HttpOptions http;  ///< Time-outs, proxy, credential and certificates.
  int concurrency = 1;     ///< Requests at a time, [1, 64].
  double pause_s = 0.0;  ///< Least time between the starts of two requests, with up to half as much
                         ///< again at random.
  int max_attempts = 5;  ///< Tries of one request that may be repeated, [1, 100].
  double item_timeout_s = 900;  ///< Longest time from asking for an image to having it.
  double longest_wait_s = 600;  ///< A server that asks for more patience ends the run.
  http::Backoff backoff;        ///< How long to wait before a request is repeated.
  Budget budget;                ///< What ends the run early.
  images::ImageLimits limits;   ///< Images beyond them are refused, not decoded.
  int max_redirects = 5;        ///< Redirects followed for one request, at least 0.
  std::uint64_t seed = 1;       ///< Seed of the random share of pauses.
};
/// Throws Error{kInput} naming the field, its value and its limits.
void validate(const CollectOptions& options);

struct CollectResult {
  ServiceFacts before;
  ServiceFacts after;
  bool model_changed = false;  ///< The service named another model, or its digest, at the end.
  std::uint64_t planned = 0;
  std::uint64_t images = 0;  ///< Items that ended as an image, in all runs.
  std::string stopped;       ///< Why the run ended before the plan did; empty = it did not.
};

/// Collects into `folder`. What the service says and refuses is data; Throws Error{kInput} for
/// options and for a folder with another plan, Error{kDisk}, Error{kCancelled} from the observer (a
/// job that runs is cancelled first, and the next run goes on).
CollectResult collect_images(const Service& service,
                             const std::vector<PlannedImage>& plan,
                             const std::filesystem::path& folder,
                             const CollectOptions& options,
                             const core::Observer& observer = {});

/// What a service says about itself and how long one image takes, without a folder: `patina probe`.
struct ProbeResult {
  ServiceFacts facts;
  std::vector<std::string> answers;  ///< "options: 200", "loras: no-connection ...".
  bool reachable = false;
  Outcome outcome = Outcome::kCancelled;  ///< Outcome of the one image, where it was asked for.
  std::string detail;
  double seconds = 0.0;
  std::optional<images::ImageHeader> image;
};
ProbeResult probe_service(const Service& service,
                          const std::optional<PlannedImage>& image,
                          const CollectOptions& options,
                          const core::Observer& observer = {});

}  // namespace patina::queryers
