// SPDX-License-Identifier: Apache-2.0
#include "cli/asking.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>

#include <nlohmann/json.hpp>

#include "cli/table.h"
#include "core/base64.h"
#include "core/error.h"
#include "core/files.h"
#include "core/secret_box.h"
#include "core/version.h"
#include "http/client.h"

namespace patina::cli {
namespace {

using nlohmann::json;

constexpr double kGalleryPause = 2.0;

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  std::istringstream stream(list);
  std::string part;
  while (std::getline(stream, part, ',')) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

}  // namespace

void bind_plan(CommandLine& line, AskingOptions& options) {
  line.whole({"--count", "N", "Endpoint: images to ask for, 1 to 100000 (default: 100)."},
             {1, 100'000},
             options.plan.count);
  line.text({"--prompt",
             "TEXT",
             "Endpoint: the one prompt of all images; {trigger} stands for the trigger (default: "
             "the bank of 60)."},
            options.prompt);
  line.path({"--prompts", "FILE", "Endpoint: file of prompts in place of the bank, one a line."},
            options.prompts_file);
  line.exclude("--prompts", "--prompt");
  line.text(
      {"--trigger", "TEXT", "Endpoint: word or style that the suspect advertises (default: none)."},
      options.plan.trigger);
  line.real(
      {"--control-share",
       "X",
       "Endpoint: share of images asked for without the trigger, 0 to 0.9; they are kept and not "
       "tested (default: 0)."},
      {0.0, 0.9},
      options.plan.control_share);
  line.text(
      {"--size", "LIST", "Endpoint: pixels as WxH, with commas for several (default: 512x512)."},
      options.sizes);
  line.text(
      {"--negative-prompt", "TEXT", "Endpoint: what images shall not show (default: nothing)."},
      options.plan.negative_prompt);
  line.whole({"--steps", "N", "Endpoint: sampling steps, 1 to 150 (default: 20)."},
             {1, 150},
             options.plan.steps);
  line.real({"--guidance", "X", "Endpoint: guidance scale, 0 to 30 (default: 7)."},
            {0.0, 30.0},
            options.plan.guidance_scale);
  line.text({"--sampler", "NAME", "Endpoint: sampler in the service's words (default: its own)."},
            options.plan.sampler);
  line.whole({"--plan-seed",
              "N",
              "Endpoint: number that fixes prompts, seeds and order, from 0 (default: 1)."},
             {0, UINT64_MAX},
             [&options](std::uint64_t seed) { options.plan.seed = seed; });
  line.text({"--model", "NAME", "Endpoint: model to ask for (default: the one that is loaded)."},
            options.endpoint.model);
  line.text({"--lora", "LIST", "Endpoint: LoRAs to ask for, with commas (default: none)."},
            options.loras);
  line.real({"--lora-scale", "X", "Endpoint: strength of the LoRAs, -10 to 10 (default: 1)."},
            {-10.0, 10.0},
            options.endpoint.lora_scale);
  line.path({"--workflow", "FILE", "ComfyUI: file with a workflow in the API format."},
            options.endpoint.workflow);
}

void bind_gallery(CommandLine& line, AskingOptions& options) {
  queryers::GalleryOptions& gallery = options.gallery;
  line.whole({"--max-pages", "N", "Gallery: pages to read, 1 to 100000 (default: 100)."},
             {1, 100'000},
             gallery.max_pages);
  line.whole(
      {"--depth", "N", "Gallery: links to follow from the first page, 0 to 100 (default: 3)."},
      {0, 100},
      gallery.max_depth);
  line.whole({"--max-images", "N", "Gallery: pictures to fetch, 1 to 100000 (default: 1000)."},
             {1, 100'000},
             gallery.max_images);
  line.whole(
      {"--min-side",
       "PX",
       "Gallery: least side of a picture in pixels, 1 to 4096; smaller ones are taken for icons "
       "(default: 200)."},
      {1, 4096},
      gallery.min_side_px);
  line.paths({"--released",
              "DIR",
              "Gallery: your released images; copies of them are kept and not scored."},
             gallery.released);
  line.toggle(
      {"--ignore-robots", "", "Gallery: read what robots.txt disallows; the evidence says so."},
      gallery.ignore_robots);
}

void bind_manners(CommandLine& line, AskingOptions& options) {
  queryers::CollectOptions& collect = options.collect;
  line.text({"--key-env",
             "NAME",
             "Environment variable that holds the API key (default: PATINA_API_KEY)."},
            options.key_variable);
  line.path({"--key-file", "FILE", "File, mode 0600, that holds the API key."}, options.key_file);
  line.whole({"--concurrency", "N", "Requests at a time, 1 to 64 (default: 1)."},
             {1, 64},
             collect.concurrency);
  line.real({"--pause",
             "S",
             "Least seconds between two requests, 0 to 3600 (default: 0 for endpoints, 2 for "
             "galleries)."},
            {0.0, 3600.0},
            options.pause_s);
  line.whole({"--attempts", "N", "Tries of one request, 1 to 100 (default: 5)."},
             {1, 100},
             collect.max_attempts);
  line.real({"--timeout", "S", "Longest wait for one answer in seconds, 1 to 3600 (default: 600)."},
            {1.0, 3600.0},
            options.timeout_s);
  line.whole({"--max-requests", "N", "Budget of requests, 1 to 1000000000 (default: 1000000)."},
             {1, 1'000'000'000},
             [&collect](std::uint64_t count) { collect.budget.max_requests = count; });
  line.real({"--price", "X", "Price of one image, for --max-cost, 0 to 1000000 (default: 0)."},
            {0.0, 1e6},
            collect.budget.price_per_image);
  line.real({"--max-cost",
             "X",
             "Budget of money in the currency of --price, 0 to 1000000000 (default: none)."},
            {0.0, 1e9},
            collect.budget.max_cost);
  line.real(
      {"--max-minutes", "X", "Budget of time of this run, 0 to 1000000 minutes (default: none)."},
      {0.0, 1e6},
      collect.budget.max_minutes);
  line.text({"--contact", "TEXT", "URL or mail address in the User-Agent (default: none)."},
            options.contact);
  line.text({"--proxy", "URL", "HTTP proxy, http://host:port (default: none)."},
            collect.http.proxy);
  line.path({"--ca-file", "FILE", "PEM file of certificates to trust besides the system's."},
            collect.http.ca_file);
  line.toggle({"--insecure", "", "Accept any certificate; the evidence says so."},
              collect.http.insecure);
  line.text({"--allow-host",
             "LIST",
             "Hosts, with commas, that may have private addresses, besides the endpoint's own."},
            options.allowed_hosts);
}

void settle(AskingOptions& options) {
  options.plan.sizes.clear();
  for (const std::string& size : split(options.sizes)) {
    options.plan.sizes.push_back(queryers::parse_size(size));
  }
  if (!options.prompt.empty()) options.plan.prompts = {options.prompt};
  if (!options.prompts_file.empty()) {
    options.plan.prompts = queryers::read_prompts(options.prompts_file);
  }
  options.endpoint.loras = split(options.loras);
  http::HttpOptions& http = options.collect.http;
  http.user_agent = std::string("Patina/") + core::kVersion +
                    (options.contact.empty() ? "" : " (+" + options.contact + ")");
  http.idle_timeout_ms = static_cast<int>(options.timeout_s * 1000.0);
  http.total_timeout_ms = http.idle_timeout_ms;
  options.collect.item_timeout_s = std::max(900.0, 2.0 * options.timeout_s);
  http.named.hosts = split(options.allowed_hosts);
  options.collect.pause_s = std::max(0.0, options.pause_s);
}

http::Credential credential_for(const queryers::Service& service, const AskingOptions& options) {
  std::string key;
  if (!options.key_file.empty()) {
    key = core::read_secret(options.key_file);
  } else if (const char* held = std::getenv(options.key_variable.c_str())) {
    key = held;
  }
  if (key.empty() || service.credential_header.empty()) return {};
  if (key.find_first_of("\r\n") != std::string::npos) {
    throw core::Error(
        core::ErrorKind::kInput, "the API key", "holds a line end", "give it on one line");
  }
  http::Credential credential;
  credential.origin = service.origin;
  credential.header = service.credential_header;
  // Basic takes "user:password", everything else the key as it is.
  const bool basic = service.credential_prefix == "Basic ";
  const std::string shown = basic ? core::encode_base64(key) : key;
  credential.value = service.credential_prefix + shown;
  credential.secrets = {shown, key};
  const std::size_t colon = key.find(':');
  if (basic && colon != std::string::npos) credential.secrets.push_back(key.substr(colon + 1));
  return credential;
}

queryers::CollectResult collect_from(const std::string& source,
                                     const AskingOptions& options,
                                     const std::filesystem::path& folder,
                                     const core::Observer& observer) {
  if (const auto gallery = queryers::parse_gallery(source)) {
    queryers::CollectOptions collect = options.collect;
    if (options.pause_s < 0.0) collect.pause_s = kGalleryPause;
    const std::string host = queryers::named_host(*gallery);
    if (!host.empty()) collect.http.named.hosts.push_back(host);
    return queryers::collect_gallery(*gallery, folder, collect, options.gallery, observer);
  }
  const auto endpoint = queryers::parse_endpoint(source);
  if (!endpoint) {
    throw core::Error(core::ErrorKind::kInput,
                      printable(source),
                      "names no endpoint and no gallery",
                      "write a1111+http://host:7860 or see patina help collect");
  }
  const queryers::Service service = queryers::make_service(*endpoint, options.endpoint);
  queryers::CollectOptions collect = options.collect;
  if (!service.named_host.empty()) collect.http.named.hosts.push_back(service.named_host);
  collect.http.credential = credential_for(service, options);
  return queryers::collect_images(
      service, queryers::make_plan(options.plan), folder, collect, observer);
}

json to_json(const AskingOptions& options) {
  const queryers::Budget& budget = options.collect.budget;
  const auto number = [](double value) { return std::isfinite(value) ? json(value) : json(); };
  return {{"count", options.plan.count},
          {"prompt", options.prompt},
          {"prompts", printable(options.prompts_file.string())},
          {"trigger", options.plan.trigger},
          {"control_share", options.plan.control_share},
          {"sizes", options.sizes},
          {"negative_prompt", options.plan.negative_prompt},
          {"steps", options.plan.steps},
          {"guidance_scale", options.plan.guidance_scale},
          {"sampler", options.plan.sampler},
          {"plan_seed", options.plan.seed},
          {"model", options.endpoint.model},
          {"loras", options.endpoint.loras},
          {"lora_scale", options.endpoint.lora_scale},
          {"workflow", printable(options.endpoint.workflow.string())},
          {"concurrency", options.collect.concurrency},
          {"pause_s", options.pause_s < 0.0 ? json() : json(options.pause_s)},
          {"max_pages", options.gallery.max_pages},
          {"depth", options.gallery.max_depth},
          {"max_images", options.gallery.max_images},
          {"min_side_px", options.gallery.min_side_px},
          {"ignore_robots", options.gallery.ignore_robots},
          {"attempts", options.collect.max_attempts},
          {"timeout_s", options.timeout_s},
          {"max_requests", budget.max_requests},
          {"price", budget.price_per_image},
          {"max_cost", number(budget.max_cost)},
          {"max_minutes", number(budget.max_minutes)},
          {"proxy", options.collect.http.proxy},
          {"insecure", options.collect.http.insecure},
          {"allowed_hosts", options.allowed_hosts}};
}

}  // namespace patina::cli
