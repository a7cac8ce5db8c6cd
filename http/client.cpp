// SPDX-License-Identifier: Apache-2.0
#include "http/client.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include <Poco/Exception.h>
#include <Poco/Net/DNS.h>
#include <Poco/Net/HostEntry.h>
#include <Poco/Net/IPAddress.h>

#include "core/clock.h"
#include "core/error.h"
#include "core/names.h"
#include "http/socket.h"
#include "http/tls.h"
#include "http/url.h"

namespace patina::http {
namespace {

constexpr core::Named<HttpFailure> kFailures[] = {{HttpFailure::kNone, "none"},
                                                  {HttpFailure::kAddress, "refused-address"},
                                                  {HttpFailure::kConnect, "no-connection"},
                                                  {HttpFailure::kTrust, "not-trusted"},
                                                  {HttpFailure::kNoAnswer, "no-answer"},
                                                  {HttpFailure::kTimeout, "timeout"},
                                                  {HttpFailure::kTruncated, "truncated"},
                                                  {HttpFailure::kMalformed, "malformed"},
                                                  {HttpFailure::kTooLarge, "too-large"},
                                                  {HttpFailure::kStopped, "stopped"}};

constexpr std::size_t kMaxPeerAnswer = 64 << 10;

bool is_safe_header(std::string_view text) {
  return std::none_of(
      text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

// The same number of asterisks in place of each secret, so that lengths stay true.
void mask(std::string& text, const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) {
    if (secret.size() < 4) continue;
    for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos;) {
      text.replace(at, secret.size(), secret.size(), '*');
    }
  }
}

std::string build_request(const HttpRequest& request,
                          const Url& url,
                          const HttpOptions& options,
                          bool through_proxy) {
  std::string text = request.method + " " + (through_proxy ? url.to_string() : url.target()) +
                     " HTTP/1.1\r\nHost: " + url.authority() + "\r\n";
  const auto add = [&text](const std::string& name, const std::string& value) {
    text += name + ": " + value + "\r\n";
  };
  if (!request.headers.has("User-Agent")) add("User-Agent", options.user_agent);
  if (!request.headers.has("Accept")) add("Accept", "*/*");
  add("Accept-Encoding", "identity");
  for (const auto& [name, value] : request.headers.fields()) add(name, value);
  const Credential& credential = options.credential;
  if (request.with_credential && !credential.origin.empty() && credential.origin == url.origin()) {
    add(credential.header, credential.value);
  }
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    add("Content-Length", std::to_string(request.body.size()));
  }
  add("Connection", "keep-alive");
  return text + "\r\n" + request.body;
}

HttpFailure failure_of(const AnswerFault& fault) {
  if (fault.truncated == "disconnect") return HttpFailure::kTruncated;
  return fault.truncated == "length" ? HttpFailure::kTooLarge : HttpFailure::kMalformed;
}

}  // namespace

const char* to_string(HttpFailure failure) { return core::name_of(kFailures, failure); }

struct HttpClient::Impl {
  explicit Impl(HttpOptions given) : options(std::move(given)) {
    if (!options.proxy.empty()) proxy = require_url(options.proxy);
    if (!options.ca_file.empty()) context = make_client_context(options.ca_file);
  }

  HttpExchange run(const HttpRequest& request);
  bool connect(const Url& url, HttpExchange& exchange);
  bool dial(const std::string& address, int port, HttpExchange& exchange);
  std::optional<std::string> resolve(const std::string& host, bool named, HttpExchange& exchange);
  bool open_tunnel(const Url& url, HttpExchange& exchange);
  bool start_tls(const Url& url, HttpExchange& exchange);
  bool send(const std::string& bytes, HttpExchange& exchange);
  void receive(AnswerReader& reader, HttpExchange& exchange);
  bool fail(HttpExchange& exchange, HttpFailure failure, std::string problem);
  bool fail_io(HttpExchange& exchange, IoEnd end, HttpFailure failure, const std::string& doing);

  HttpOptions options;
  std::optional<Url> proxy;
  Poco::Net::Context::Ptr context;
  std::optional<Connection> connection;
  std::string connected_to;
  std::optional<Peer> peer;
  Patience patience;
  std::map<std::string, std::string> pinned;  ///< Host to the address it had first.
};

bool HttpClient::Impl::fail(HttpExchange& exchange, HttpFailure failure, std::string problem) {
  exchange.failure = failure;
  exchange.problem = std::move(problem);
  connection.reset();
  return false;
}

bool HttpClient::Impl::fail_io(HttpExchange& exchange,
                               IoEnd end,
                               HttpFailure failure,
                               const std::string& doing) {
  if (end == IoEnd::kStopped) return fail(exchange, HttpFailure::kStopped, "was interrupted");
  if (end == IoEnd::kTimeout) {
    // The wait ends up to a millisecond early.
    const bool over = Clock::now() + std::chrono::milliseconds(2) >= patience.deadline;
    const int ms = over ? options.total_timeout_ms : patience.idle_ms;
    return fail(exchange,
                failure == HttpFailure::kNone ? HttpFailure::kTimeout : failure,
                doing + " took more than " + std::to_string((ms + 999) / 1000) + " s" +
                    (over ? " in all" : " without a byte"));
  }
  const std::string why = connection ? connection->problem() : std::string();
  return fail(exchange,
              failure == HttpFailure::kNone ? HttpFailure::kNoAnswer : failure,
              doing + " failed" + (why.empty() ? "" : " (" + why + ")"));
}

// All addresses of a name must be allowed, and the first look-up counts as long as the client
// lives: a name that answers differently the second time cannot lead elsewhere.
std::optional<std::string> HttpClient::Impl::resolve(const std::string& host,
                                                     bool named,
                                                     HttpExchange& exchange) {
  const auto known = pinned.find(host);
  if (known != pinned.end()) return known->second;
  std::vector<std::string> addresses;
  Poco::Net::IPAddress literal;
  try {
    if (Poco::Net::IPAddress::tryParse(host, literal)) {
      addresses.push_back(literal.toString());
    } else {
      const Poco::Net::HostEntry entry = Poco::Net::DNS::hostByName(host);
      for (const auto& address : entry.addresses()) {
        addresses.push_back(address.toString());
      }
    }
  } catch (const Poco::Exception&) {
  }
  if (addresses.empty()) {
    fail(exchange, HttpFailure::kConnect, "the name " + host + " leads to no address");
    return std::nullopt;
  }
  for (const std::string& address : addresses) {
    if (named || is_public_address(address)) continue;
    fail(exchange,
         HttpFailure::kAddress,
         host + " leads to " + address + ", which is not a public address and was not named");
    return std::nullopt;
  }
  // IPv4 first: a machine without IPv6 still gets IPv6 answers.
  const auto ipv4 = std::find_if(addresses.begin(), addresses.end(), [](const std::string& text) {
    return text.find(':') == std::string::npos;
  });
  pinned[host] = ipv4 != addresses.end() ? *ipv4 : addresses.front();
  return pinned[host];
}

bool HttpClient::Impl::dial(const std::string& address, int port, HttpExchange& exchange) {
  exchange.peer = Peer();
  exchange.peer->address = address;
  exchange.peer->port = port;
  try {
    const Poco::Net::SocketAddress target(Poco::Net::IPAddress(address),
                                          static_cast<Poco::UInt16>(port));
    connection = Connection::open(target, options.connect_timeout_ms);
    return true;
  } catch (const Poco::Exception& error) {
    exchange.peer.reset();
    return fail(exchange,
                HttpFailure::kConnect,
                address + " port " + std::to_string(port) + " does not answer (" +
                    error.displayText() + ")");
  }
}

bool HttpClient::Impl::open_tunnel(const Url& url, HttpExchange& exchange) {
  const std::string where = url.host + ":" + std::to_string(url.port);
  const std::string target = url.host.find(':') == std::string::npos
                                 ? where
                                 : "[" + url.host + "]:" + std::to_string(url.port);
  if (!send("CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n\r\n", exchange)) {
    return false;
  }
  std::string answer;
  while (answer.find("\r\n\r\n") == std::string::npos) {
    const IoEnd end = connection->receive(answer, patience);
    if (end != IoEnd::kDone || answer.size() > kMaxPeerAnswer) {
      return fail_io(exchange, end, HttpFailure::kConnect, "the proxy's tunnel");
    }
  }
  if (answer.substr(0, 7) == "HTTP/1." && answer.substr(8, 4) == " 200") return true;
  return fail(exchange,
              HttpFailure::kConnect,
              "the proxy refuses: " + core::in_quotes(answer.substr(0, answer.find("\r\n"))));
}

bool HttpClient::Impl::start_tls(const Url& url, HttpExchange& exchange) {
  if (!context) context = make_client_context({});
  Patience handshake = patience;
  handshake.idle_ms = options.connect_timeout_ms;
  const IoEnd end = connection->start_tls(*context, url.host, handshake, *exchange.peer);
  if (end != IoEnd::kDone) return fail_io(exchange, end, HttpFailure::kTrust, "the TLS handshake");
  if (exchange.peer->trust_problem.empty() || options.insecure) return true;
  return fail(
      exchange,
      HttpFailure::kTrust,
      "the certificate of " + url.host + " does not hold (" + exchange.peer->trust_problem + ")");
}

bool HttpClient::Impl::connect(const Url& url, HttpExchange& exchange) {
  if (connection && connected_to == url.origin() && !connection->readable()) {
    exchange.peer = peer;
    return true;
  }
  connection.reset();
  const bool named = options.named.has(url.host);
  if (proxy) {
    // The proxy looks the name up; what can be refused here is an address written out.
    Poco::Net::IPAddress literal;
    if (!named && Poco::Net::IPAddress::tryParse(url.host, literal) &&
        !is_public_address(url.host)) {
      return fail(exchange, HttpFailure::kAddress, url.host + " is not a public address");
    }
  }
  const Url& next = proxy ? *proxy : url;
  const auto address = resolve(next.host, proxy.has_value() || named, exchange);
  if (!address || !dial(*address, next.port, exchange)) return false;
  if (proxy && url.scheme == "https" && !open_tunnel(url, exchange)) return false;
  if (url.scheme == "https" && !start_tls(url, exchange)) return false;
  connected_to = url.origin();
  peer = exchange.peer;
  return true;
}

bool HttpClient::Impl::send(const std::string& bytes, HttpExchange& exchange) {
  const IoEnd end = connection->send(bytes, patience);
  return end == IoEnd::kDone ? true
                             : fail_io(exchange, end, HttpFailure::kNone, "sending the request");
}

void HttpClient::Impl::receive(AnswerReader& reader, HttpExchange& exchange) {
  std::string block;
  bool over = false;
  while (!over) {
    block.clear();
    const IoEnd end = connection->receive(block, patience);
    if (end == IoEnd::kDone) {
      over = reader.feed(block);
      continue;
    }
    if (end == IoEnd::kClosed) {
      reader.end_of_stream();
      break;
    }
    exchange.truncated = !reader.started() ? "" : end == IoEnd::kTimeout ? "time" : "disconnect";
    const HttpFailure failure = end == IoEnd::kError && reader.started() ? HttpFailure::kTruncated
                                                                         : HttpFailure::kNone;
    fail_io(exchange, end, failure, "the answer");
    return;
  }
  if (reader.complete() && !reader.fault()) exchange.response = reader.response();
  if (!reader.fault()) return;
  exchange.truncated = reader.fault()->truncated;
  const bool nothing = reader.raw().size() == reader.interim_bytes();
  fail(exchange,
       nothing ? HttpFailure::kNoAnswer : failure_of(*reader.fault()),
       "the answer " + reader.fault()->reason);
}

HttpExchange HttpClient::Impl::run(const HttpRequest& request) {
  HttpExchange exchange;
  exchange.method = request.method;
  exchange.url = request.url;
  patience = {Clock::now() + std::chrono::milliseconds(options.total_timeout_ms),
              options.idle_timeout_ms,
              options.stop};
  const auto url = parse_url(request.url);
  if (!url) {
    fail(exchange, HttpFailure::kAddress, "is no http or https URL that may be asked");
    return exchange;
  }
  exchange.url = url->to_string();
  for (const auto& [name, value] : request.headers.fields()) {
    if (is_safe_header(name) && is_safe_header(value)) continue;
    fail(exchange, HttpFailure::kAddress, "a request header holds a line end");
    return exchange;
  }
  if (!connect(*url, exchange)) return exchange;
  exchange.raw_request = build_request(
      request, *url, options, proxy.has_value() && url->scheme == "http");
  if (!send(exchange.raw_request, exchange)) return exchange;
  AnswerReader reader(options.limits, request.method == "HEAD");
  receive(reader, exchange);
  exchange.raw_response = reader.raw().substr(reader.interim_bytes());
  if (!exchange.ok() || !reader.reusable()) connection.reset();
  return exchange;
}

HttpClient::HttpClient(const HttpOptions& options) : impl_(std::make_unique<Impl>(options)) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

HttpExchange HttpClient::exchange(const HttpRequest& request) {
  const std::string began = core::utc_now_ms();
  const auto start = Clock::now();
  HttpExchange exchange = impl_->run(request);
  exchange.began = began;
  exchange.ended = core::utc_now_ms();
  exchange.seconds = core::seconds_since(start);
  const std::vector<std::string>& secrets = impl_->options.credential.secrets;
  mask(exchange.raw_request, secrets);
  mask(exchange.raw_response, secrets);
  mask(exchange.problem, secrets);
  mask(exchange.url, secrets);
  return exchange;
}

}  // namespace patina::http
