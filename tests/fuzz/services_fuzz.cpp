// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as the answer of every service: a reading, never an exception; nothing to poll
// but the service's own origin.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "queryers/services/services.h"

namespace {

namespace queryers = patina::queryers;

const std::vector<queryers::Service>& services() {
  static const std::vector<queryers::Service> kServices = [] {
    std::vector<queryers::Service> made;
    queryers::EndpointOptions options;
    options.model = "m";
    options.loras = {"l"};
    for (const char* text : {"a1111+http://h",
                             "comfyui+http://h",
                             "openai+http://h",
                             "fal+http://h",
                             "huggingface+http://h"}) {
      made.push_back(queryers::make_service(*queryers::parse_endpoint(text), options));
    }
    made.push_back(queryers::make_service(*queryers::parse_endpoint("replicate:a/b"), {}));
    made.push_back(queryers::make_service(*queryers::parse_endpoint("stability:core"), {}));
    return made;
  }();
  return kServices;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr int kStatuses[] = {200, 201, 202, 400, 403, 422, 429, 503};
  if (size < 2) return 0;
  queryers::HttpResponse response;
  response.status = kStatuses[data[0] % 8];
  response.body.assign(reinterpret_cast<const char*>(data) + 1, size - 1);
  const queryers::PlannedImage image;
  const nlohmann::json job = {{"id", "x"},
                              {"status_url", "http://h/s"},
                              {"response_url", "http://h/r"},
                              {"cancel_url", "http://h/c"}};
  for (const queryers::Service& service : services()) {
    for (const nlohmann::json& before : {nlohmann::json(), job}) {
      const auto result = service.read(image, response, before);
      if (result.next != queryers::Interpretation::Next::kPoll) continue;
      const auto url = queryers::parse_url(result.poll.url);
      if (!url || url->origin() != service.origin) std::abort();
    }
    queryers::InventoryAnswers answers;
    for (const auto& call : service.inventory) answers[call.name] = response;
    service.describe(answers);
  }
  return 0;
}
