// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as the answer of every service: a reading, never an exception; nothing to poll
// but the service's own origin.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

#include "http/message.h"
#include "http/url.h"
#include "queryers/services/services.h"

namespace {

namespace http = patina::http;
namespace queryers = patina::queryers;

// A described service that answers with jobs.
queryers::Service generic() {
  const std::filesystem::path file = std::filesystem::temp_directory_path() /
                                     ("patina-fuzz-" + std::to_string(::getpid()));
  std::ofstream(file) << R"({"url":"http://h/make","body":{"p":"{prompt}"},"image":"/a/0/b",
    "refused":["policy"],"poll":{"url":"/u","status":"/s","done":["d"],"failed":["f"]}})";
  queryers::Service service = queryers::make_service(
      *queryers::parse_endpoint("generic:" + file.string()), {});
  std::filesystem::remove(file);
  return service;
}

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
    made.push_back(generic());
    return made;
  }();
  return kServices;
}

void require_own(const queryers::Service& service, const queryers::Interpretation& result) {
  if (result.next != queryers::Interpretation::Next::kPoll) return;
  const auto url = http::parse_url(result.poll.url);
  if (!url || url->origin() != service.origin) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr int kStatuses[] = {200, 201, 202, 400, 403, 422, 429, 503};
  if (size < 2) return 0;
  http::HttpResponse response;
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
      require_own(service, result);
    }
    if (service.lookup) {
      require_own(service, service.lookup->find(image, response, "2026-01-31T09:30:00Z"));
    }
    queryers::InventoryAnswers answers;
    for (const auto& call : service.inventory) answers[call.name] = response;
    service.describe(answers);
  }
  return 0;
}
