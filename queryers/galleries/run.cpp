// SPDX-License-Identifier: Apache-2.0
#include "queryers/galleries/run.h"

#include <algorithm>

#include "core/error.h"
#include "core/numbers.h"
#include "core/text.h"
#include "http/client.h"
#include "http/url.h"
#include "images/check.h"
#include "images/image_io.h"
#include "images/image_list.h"
#include "images/metadata.h"
#include "queryers/services/answers.h"

namespace patina::queryers {
namespace {

using Next = Interpretation::Next;
using nlohmann::json;

constexpr const char* kToken = "Patina";
constexpr int kMaxRobotsRedirects = 5;
constexpr int kStrikes = 3;
constexpr double kFirstBackoff = 30.0;  // of a site that says "too many requests" without a number
constexpr std::size_t kMaxCandidates = 3;
constexpr std::size_t kMaxRemarks = 100;
const char* const kPictureTypes = "image/png,image/jpeg,image/webp;q=0.9,*/*;q=0.5";

}  // namespace

bool is_challenge(const http::HttpResponse& response) {
  if (response.headers.get("cf-mitigated") == "challenge") return true;
  const bool refusing = response.status == 403 || response.status == 503;
  const std::string body = core::lower_ascii(std::string_view(response.body).substr(0, 8192));
  return refusing && (body.find("just a moment") != std::string::npos ||
                      body.find("captcha") != std::string::npos ||
                      body.find("cf-challenge") != std::string::npos);
}

GalleryRun::GalleryRun(Collection& collection,
                       const CollectOptions& options,
                       const GalleryOptions& gallery,
                       const core::Observer& observer)
    : collection_(collection),
      options_(options),
      gallery_(gallery),
      observer_(observer),
      paced_(options),
      shared_(paced_, &observer),
      asker_(paced_, record_into(collection), shared_) {
  load_released();
  load_earlier();
}

void GalleryRun::load_earlier() {
  if (collection_.ended_items() == 0) return;
  read_collection(collection_.folder(), [this](const ItemEnd& end) {
    const bool scored = end.sample && end.outcome == Outcome::kImage &&
                        std::none_of(end.sample->flags.begin(),
                                     end.sample->flags.end(),
                                     [](const std::string& flag) { return excluded_flag(flag); });
    if (scored) earlier_[end.item] = end.sample->file;
  });
}

// A picture of an earlier run still counts when its like turns up.
void GalleryRun::remember(const std::string& item) {
  const auto found = earlier_.find(item);
  if (found == earlier_.end()) return;
  try {
    seen_.add(
        images::perceptual_hash(images::read_image(collection_.folder() / found->second).image),
        item);
  } catch (const core::Error&) {  // the audit says what is wrong with the file
  }
}

void GalleryRun::load_released() {
  for (const images::ImageEntry& entry : images::list_images(gallery_.released)) {
    released_.add(images::perceptual_hash(images::read_image(entry.path).image),
                  entry.relative.generic_string());
  }
}

void GalleryRun::remark(const std::string& sentence) {
  if (std::find(remarks_.begin(), remarks_.end(), sentence) != remarks_.end()) return;
  if (remarks_.size() >= kMaxRemarks) return;
  remarks_.push_back(sentence);
  collection_.note("remark", {{"text", sentence}});
}

bool GalleryRun::over() {
  observer_.report({"collecting",
                    static_cast<std::int64_t>(collection_.ended_items()),
                    0,
                    std::to_string(collection_.count(Outcome::kImage)) + " images"});
  if (shared_.stopping()) return true;
  if (collection_.requests() >= options_.budget.max_requests)
    stop("the budget of requests is used up");
  if (collection_.count(Outcome::kImage) >= options_.budget.max_images) {
    stop("the budget of images is used up");
  }
  if (std::chrono::steady_clock::now() - began_ >
      std::chrono::duration<double>(options_.budget.max_minutes * 60.0)) {
    stop("the budget of time is used up");
  }
  if (found_ >= static_cast<std::uint64_t>(gallery_.max_images)) {
    remark("The gallery may hold more than the " + std::to_string(gallery_.max_images) +
           " pictures that were fetched.");
    return true;
  }
  return shared_.stopping();
}

// robots.txt may lead elsewhere, and its own rules do not apply to it.
std::optional<http::HttpExchange> GalleryRun::request_robots(const std::string& url) {
  http::HttpRequest request;
  request.url = url;
  request.headers.add("Accept", "text/plain,*/*;q=0.5");
  http::HttpExchange exchange;
  for (int hop = 0; hop <= kMaxRobotsRedirects; ++hop) {
    exchange = asker_.ask(request, {"robots", "robots", 1});
    const int status = exchange.response.status;
    if (!exchange.ok() || status < 300 || status >= 400) return exchange;
    const auto from = http::parse_url(exchange.url);
    const auto next = from ? http::resolve_url(*from, exchange.response.headers.get("Location"))
                           : std::nullopt;
    if (!next) return exchange;
    request.url = next->to_string();
  }
  return std::nullopt;  // more hops: counts as absent
}

const Robots& GalleryRun::robots(const http::Url& url) {
  const auto known = robots_.find(url.origin());
  if (known != robots_.end()) return known->second;
  Robots robots;
  const auto exchange = request_robots(url.scheme + "://" + url.authority() + "/robots.txt");
  if (exchange) {
    const int status = exchange->response.status;
    if (!exchange->ok() || status >= 500 || status == 429) {
      robots.all_disallowed = true;
      remark("robots.txt of " + url.host + " could not be had, so nothing was read there.");
    } else if (status >= 200 && status < 300) {
      robots = parse_robots(exchange->response.body, kToken);
    }
  }
  for (const std::string& signal : robots.signals) {
    remark("robots.txt of " + url.host + " states \"" + core::cut_utf8(core::to_utf8(signal), 200) +
           "\".");
  }
  return robots_.emplace(url.origin(), std::move(robots)).first->second;
}

bool GalleryRun::may_read(const http::Url& url) {
  if (gallery_.ignore_robots) return true;
  const Robots& rules = robots(url);
  if (rules.allows(url.target())) return true;
  const std::string rule = rules.deciding_rule(url.target());
  collection_.note(
      "not read",
      {{"url", url.to_string()}, {"rule", rule.empty() ? "robots.txt unreachable" : rule}});
  return false;
}

void GalleryRun::slow_down(const http::Url& url) {
  const auto known = robots_.find(url.origin());
  const double delay = known == robots_.end() ? 0.0 : known->second.crawl_delay_s;
  paced_.pause_s = std::max(options_.pause_s, gallery_.ignore_robots ? 0.0 : delay);
}

// One request with its retries; three refusals in a row end the run for a site.
std::optional<http::HttpExchange> GalleryRun::request(const http::HttpRequest& request,
                                                      const ExchangeTag& tag) {
  const auto url = http::parse_url(request.url);
  if (!url) return std::nullopt;
  slow_down(*url);
  for (int attempt = 1;; ++attempt) {
    http::HttpExchange exchange = asker_.ask_through(request, {tag.item, tag.step, attempt});
    if (exchange.failure == http::HttpFailure::kStopped) return std::nullopt;
    if (exchange.ok() && is_challenge(exchange.response)) {
      stop(url->host + " asks whether a person is there; its owner does not want programs");
      return std::nullopt;
    }
    const int status = exchange.response.status;
    const bool throttled = exchange.ok() && (status == 429 || status == 503);
    const Interpretation meaning = exchange.ok() ? read_status(exchange.response)
                                                 : read_failure(exchange, true);
    if (meaning.next != Next::kRetry || attempt >= options_.max_attempts) {
      if (!throttled) strikes_[url->host] = 0;
      return exchange;
    }
    if (throttled && ++strikes_[url->host] >= kStrikes) {
      stop(url->host + " said " + std::to_string(status) + " three times in a row");
      return exchange;
    }
    const double usual = throttled ? std::min(kFirstBackoff, options_.backoff.longest_s) : 0.0;
    const double wait = meaning.wait_s > 0.0 ? meaning.wait_s
                                             : std::max(usual, shared_.jittered_backoff(attempt));
    if (wait > options_.longest_wait_s) {
      stop(url->host + " asks to wait " + std::to_string(static_cast<long>(wait)) + " s");
      return exchange;
    }
    if (!asker_.pause(wait, tag.item)) return std::nullopt;
  }
}

std::optional<http::HttpExchange> GalleryRun::read(const std::string& url,
                                                   const std::string& accept) {
  const auto parsed = http::parse_url(url);
  if (!parsed || !may_read(*parsed)) return std::nullopt;
  http::HttpRequest asked;
  asked.url = url;
  asked.headers.add("Accept", accept);
  auto exchange = request(asked, {"pages", "page", 1});
  if (!exchange) return std::nullopt;
  if (exchange->ok() && exchange->response.status == 200) return exchange;
  collection_.note("not read",
                   {{"url", url},
                    {"reason",
                     exchange->ok() ? "status " + std::to_string(exchange->response.status)
                                    : exchange->problem}});
  return std::nullopt;
}

ItemEnd GalleryRun::try_url(const std::string& url,
                            const std::string& item,
                            std::vector<std::uint8_t>& bytes) {
  ItemEnd end;
  end.item = item;
  end.outcome = Outcome::kFailed;
  const auto parsed = http::parse_url(url);
  if (!parsed || !may_read(*parsed)) {
    end.outcome = Outcome::kRefused;
    end.detail = parsed ? "robots.txt disallows " + url : "no http or https URL";
    return end;
  }
  http::HttpRequest asked;
  asked.url = url;
  asked.headers.add("Accept", kPictureTypes);
  const auto exchange = request(asked, {item, "image", 1});
  if (!exchange) {
    end.outcome = Outcome::kCancelled;
    end.detail = "the run stopped";
    return end;
  }
  const int status = exchange->response.status;
  if (!exchange->ok()) {
    end.detail = exchange->problem;
    end.outcome = read_failure(*exchange, true).outcome;
  } else if (status == 200) {
    const std::string& body = exchange->response.body;
    bytes.assign(body.begin(), body.end());
    end.outcome = Outcome::kImage;
    const std::string tag = core::lower_ascii(exchange->response.headers.get("X-Robots-Tag"));
    if (!tag.empty())
      remark("The site sends \"X-Robots-Tag: " + core::cut_utf8(core::to_utf8(tag), 200) + "\".");
  } else {
    end.detail = "status " + std::to_string(status);
    end.outcome = status == 404 || status == 410 ? Outcome::kExpired
                                                 : read_status(exchange->response).outcome;
  }
  return end;
}

void GalleryRun::judge(ItemEnd& end, const std::vector<std::uint8_t>& bytes) {
  const images::ImageCheck check = images::check_image(bytes, options_.limits);
  if (!check.problem.empty()) {
    end.outcome = Outcome::kProtocolError;
    end.detail = "the picture " + check.problem;
    return;
  }
  const int side = std::min(check.header->width_px, check.header->height_px);
  if (side < gallery_.min_side_px) {
    end.outcome = Outcome::kFiltered;
    end.detail = "has " + std::to_string(check.header->width_px) + "x" +
                 std::to_string(check.header->height_px) + " pixels, an icon";
    return;
  }
  CollectedSample sample = collection_.keep(bytes, *check.header);
  sample.flags = check.flags;
  sample.metadata = images::read_image_metadata(bytes, *check.header);
  try {
    const std::uint64_t hash = images::perceptual_hash(
        images::decode_image(bytes, "the picture").image);
    if (const auto copy = released_.find(hash)) {
      sample.flags.emplace_back("released-copy");
      end.reported["shows_released"] = *copy;
    } else if (const auto other = seen_.find(hash)) {
      sample.flags.emplace_back("near-duplicate");
      end.reported["shows_item"] = *other;
    } else {
      seen_.add(hash, end.item);
    }
  } catch (const core::Error& error) {
    end.outcome = Outcome::kProtocolError;
    end.detail = "the picture " + error.problem();
  }
  end.sample = std::move(sample);
}

void GalleryRun::fetch(const Posted& posted) {
  if (posted.urls.empty() || !known_.insert(posted.urls.front()).second || over()) return;
  const std::string item = core::zero_padded_text(++found_, 6);
  if (collection_.ended(item)) return remember(item);
  std::vector<std::uint8_t> bytes;
  ItemEnd end;
  std::string source;
  for (std::size_t i = 0; i < posted.urls.size() && i < kMaxCandidates; ++i) {
    source = posted.urls[i];
    end = try_url(source, item, bytes);
    if (end.outcome != Outcome::kExpired) break;
  }
  if (shared_.stopping() && end.outcome == Outcome::kCancelled) return;
  end.reported.update(posted.reported);
  if (!bytes.empty()) judge(end, bytes);
  if (end.sample) end.sample->source = source;
  if (!end.sample) end.reported["url"] = source;
  collection_.end_item(end);
}

}  // namespace patina::queryers
