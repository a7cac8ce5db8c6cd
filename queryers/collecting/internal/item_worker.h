// SPDX-License-Identifier: Apache-2.0
// One planned image after another, asked of a service: submit, poll, fetch, judge; what was lost of
// a service that charges is looked up instead of asked for again.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "http/client.h"
#include "images/pixels/image_file.h"
#include "queryers/collecting/asking.h"
#include "queryers/plan.h"
#include "queryers/record/collection.h"
#include "queryers/services/service.h"

namespace patina::queryers {

/// What one thread does with one item after another; each thread has its own.
class ItemWorker {
 public:
  ItemWorker(const Service& service, const CollectOptions& options, Record record, Shared& shared)
      : service_(service), asker_(options, std::move(record), shared) {}

  struct Got {
    ItemEnd end;
    std::vector<std::uint8_t> bytes;
    std::optional<images::ImageHeader> header;
    bool open = false;  ///< The run stops and the item has not ended.
    std::string stale;  ///< Why an open item's answers must not be taken for answers again.
  };
  Got run(const PlannedImage& image);

 private:
  Interpretation converse(const PlannedImage& image, bool& open);
  Interpretation submit(const PlannedImage& image, bool& open);
  Interpretation follow(const PlannedImage& image, Interpretation pending, bool& open);
  Interpretation look_up(const PlannedImage& image, const std::string& since, bool& open);
  Interpretation interpret(const PlannedImage& image,
                           const http::HttpExchange& exchange,
                           const nlohmann::json& job,
                           int attempt,
                           bool repeatable) const;
  bool again(const Interpretation& result, const std::string& item, int attempt);
  void take_back(const Interpretation& result, const std::string& item);
  void fetch(FoundImage& found, const std::string& item, Interpretation& result, bool& open);
  void judge(const PlannedImage& image, const Interpretation& result, Got& got);

  const Service& service_;
  Asker asker_;
  std::chrono::steady_clock::time_point began_{};
};

}  // namespace patina::queryers
