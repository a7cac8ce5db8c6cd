// SPDX-License-Identifier: Apache-2.0
#include "queryers/record/internal/exchange_facts.h"

#include <cmath>

#include "core/hash.h"
#include "http/client.h"
#include "http/retry.h"
#include "queryers/record/warc.h"

namespace patina::queryers {
namespace {

using nlohmann::json;

json chain_to_json(const http::Peer& peer) {
  json chain = json::array();
  for (const http::Certificate& certificate : peer.chain) {
    chain.push_back({{"sha256", certificate.sha256},
                     {"subject", certificate.subject},
                     {"issuer", certificate.issuer},
                     {"not_after", certificate.not_after}});
  }
  return chain;
}

json peer_to_json(const http::Peer& peer, bool with_chain) {
  json object = {{"address", peer.address}, {"port", peer.port}};
  if (peer.tls_version.empty()) return object;
  object["tls_version"] = peer.tls_version;
  object["tls_cipher"] = peer.cipher;
  if (!peer.chain.empty()) object["certificate_sha256"] = peer.chain.front().sha256;
  if (with_chain) object["certificate_chain"] = chain_to_json(peer);
  if (!peer.trust_problem.empty()) object["trust_problem"] = peer.trust_problem;
  return object;
}

http::HttpFailure failure_from_name(const std::string& name) {
  for (int i = 0; i <= static_cast<int>(http::HttpFailure::kStopped); ++i) {
    const auto failure = static_cast<http::HttpFailure>(i);
    if (name == to_string(failure)) return failure;
  }
  return http::HttpFailure::kNone;
}

double round_ms(double seconds) { return std::round(seconds * 1000.0) / 1000.0; }

// By how much the server's clock is ahead of this machine's (negative: behind) at least; a date
// names a whole second, and was written at some moment of the exchange.
std::optional<double> clock_offset_s(const std::string& date, const http::HttpExchange& exchange) {
  const auto server = http::parse_http_date(date);
  const auto began = http::parse_time(exchange.began);
  const auto ended = http::parse_time(exchange.ended);
  if (!server || !began || !ended) return std::nullopt;
  if (*server > *ended) return round_ms(*server - *ended);
  if (*server + 1.0 < *began) return round_ms(*server + 1.0 - *began);
  return 0.0;
}

}  // namespace

json exchange_facts(const http::HttpExchange& exchange, const ExchangeTag& tag, bool with_chain) {
  json line = {{"kind", "exchange"},
               {"item", tag.item},
               {"step", tag.step},
               {"attempt", tag.attempt},
               {"t_start", exchange.began},
               {"t_end", exchange.ended},
               {"seconds", round_ms(exchange.seconds)},
               {"method", exchange.method},
               {"url", exchange.url},
               {"status", exchange.response.status},
               {"request_sha256", core::to_hex(core::sha256(exchange.raw_request))},
               {"response_sha256", core::to_hex(core::sha256(exchange.raw_response))},
               {"response_bytes", exchange.raw_response.size()}};
  if (!exchange.ok()) {
    line["failure"] = to_string(exchange.failure);
    line["problem"] = exchange.problem;
  }
  if (!exchange.truncated.empty()) line["truncated"] = exchange.truncated;
  if (exchange.peer) line["peer"] = peer_to_json(*exchange.peer, with_chain);
  const std::string date = exchange.response.headers.get("Date");
  if (!date.empty()) line["server_date"] = date;
  if (const auto offset = clock_offset_s(date, exchange)) {
    line["clock_offset_s"] = *offset;
  }
  return line;
}

http::HttpExchange exchange_from_records(const std::string& members,
                                         const json& facts,
                                         std::uint64_t max_bytes) {
  std::optional<WarcRecord> response;
  std::optional<WarcRecord> request;
  std::size_t at = 0;
  while (const auto read = read_warc_record(std::string_view(members).substr(at), max_bytes)) {
    at += read->bytes;
    if (read->record.type == "response") response = read->record;
    if (read->record.type == "request") request = read->record;
  }
  http::AnswerLimits limits;
  limits.max_body_bytes = max_bytes;
  http::HttpExchange exchange = request ? exchange_of(*request, response, limits)
                                        : http::HttpExchange();
  exchange.method = facts.value("method", std::string());
  exchange.url = facts.value("url", std::string());
  exchange.failure = failure_from_name(facts.value("failure", std::string("none")));
  exchange.problem = facts.value("problem", std::string());
  exchange.truncated = facts.value("truncated", std::string());
  exchange.began = facts.value("t_start", std::string());
  exchange.ended = facts.value("t_end", std::string());
  exchange.seconds = facts.value("seconds", 0.0);
  if (!exchange.ok()) exchange.response = http::HttpResponse();
  return exchange;
}

}  // namespace patina::queryers
