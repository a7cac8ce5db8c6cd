// SPDX-License-Identifier: Apache-2.0
// One request and its answer over a socket: raw bytes as sent and received, who answered, under
// which certificate, when. A failure is part of the exchange, not an exception: it is evidence too.
// Entry point: HttpClient::exchange.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/address.h"
#include "http/message.h"

namespace patina::http {

struct HttpRequest {
  std::string method = "GET";   ///< "GET", "HEAD", "POST" or "PUT".
  std::string url;              ///< Absolute, "http://" or "https://".
  HttpHeaders headers;          ///< Host, User-Agent, Accept-Encoding and lengths are added.
  std::string body;             ///< Bytes to send; empty = none.
  bool with_credential = true;  ///< Where the credential's origin is the URL's.
};

/// A secret that goes to one origin only.
struct Credential {
  std::string origin;                ///< Url::origin(); empty = there is none.
  std::string header;                ///< "Authorization".
  std::string value;                 ///< "Bearer ...".
  std::vector<std::string> secrets;  ///< Texts that no record may hold.
};

struct HttpOptions {
  /// Longest time to connect, TLS handshake included, name look-up excluded.
  int connect_timeout_ms = 10'000;
  /// Longest time without a byte. A model that computes sends none.
  int idle_timeout_ms = 120'000;
  int total_timeout_ms = 600'000;  ///< Longest time of one exchange, however slowly bytes drip.
  AnswerLimits limits;             ///< Largest answer that is taken.
  NamedHosts named;                ///< Hosts whose addresses may be private.
  Credential credential;           ///< Sent to its own origin and to no other.
  std::string user_agent;          ///< Product, version and contact.
  std::string proxy;               ///< "http://host:port"; empty = none.
  std::filesystem::path ca_file;   ///< Certificates trusted besides the system's, PEM.
  bool insecure = false;           ///< Accepts any certificate; the evidence says so.
  std::function<bool()> stop;      ///< Returning true ends an exchange that waits.
};

struct Certificate {
  std::string sha256;  ///< Digest of the DER form, hexadecimal.
  std::string subject;
  std::string issuer;
  std::string not_after;
};

/// The other end.
struct Peer {
  std::string address;  ///< IP address that the name was resolved to, or the proxy's.
  int port = 0;
  std::string tls_version;  ///< "TLSv1.3"; empty without TLS.
  std::string cipher;
  std::vector<Certificate> chain;  ///< As sent, leaf first.
  std::string trust_problem;       ///< Why the chain is not trusted; empty if it is.
};

enum class HttpFailure {
  kNone,
  kAddress,   ///< The URL or the address it leads to is refused; nothing was sent.
  kConnect,   ///< No name, no route, refused, proxy; nothing was sent.
  kTrust,     ///< TLS failed or the certificate does not hold; nothing was sent.
  kNoAnswer,  ///< Sent, and the connection ended before the first byte came.
  kTimeout,
  kTruncated,  ///< Ended in the middle.
  kMalformed,  ///< Not an answer that two readers understand alike.
  kTooLarge,
  kStopped,  ///< HttpOptions::stop said so.
};
const char* to_string(HttpFailure failure);

struct HttpExchange {
  std::string method;
  std::string url;
  std::string raw_request;   ///< As sent, secrets replaced by asterisks.
  std::string raw_response;  ///< As received from the final status line on, secrets replaced.
  HttpResponse response;     ///< Status 0 if there is none.
  std::optional<Peer> peer;  ///< Once connected.
  std::string began;         ///< UTC, RFC 3339 with milliseconds.
  std::string ended;
  double seconds = 0.0;
  HttpFailure failure = HttpFailure::kNone;
  std::string problem;    ///< For people, when there is a failure.
  std::string truncated;  ///< Value of WARC-Truncated.

  bool ok() const { return failure == HttpFailure::kNone; }
};

/// Not for use by several threads at once; each worker has its own. Keeps one connection open.
class HttpClient {
 public:
  /// Throws Error{kInput} for a proxy or a certificate file that cannot be used.
  explicit HttpClient(const HttpOptions& options);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  /// One request, one answer; redirects are answers. Throws nothing but std::bad_alloc.
  HttpExchange exchange(const HttpRequest& request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace patina::http
