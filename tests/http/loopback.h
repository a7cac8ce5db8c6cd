// SPDX-License-Identifier: Apache-2.0
// A server on 127.0.0.1 that answers with whatever bytes a test wants, well-formed or not, and
// remembers what it was asked.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace patina::http {

struct Asked {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  ///< Names in lower case.
  std::string body;
};

/// core::Bytes to send, and how.
struct Scripted {
  std::string bytes;
  int delay_ms = 0;    ///< Before the first byte.
  int drip_ms = 0;     ///< Between single bytes; 0 sends all at once.
  bool close = false;  ///< Close the connection afterwards.
};

/// A well-formed answer.
Scripted reply(int status,
               const std::string& body,
               const std::string& content_type = "application/json",
               const std::string& more_headers = {});

class Loopback {
 public:
  using Handler = std::function<Scripted(const Asked&)>;
  explicit Loopback(Handler handler);
  /// Over TLS with the test certificate of localhost.
  Loopback(Handler handler, const std::string& certificate, const std::string& key);
  ~Loopback();

  int port() const { return port_; }
  std::string url(const std::string& target = "/") const {
    return (tls_ ? "https://localhost:" : "http://127.0.0.1:") + std::to_string(port_) + target;
  }
  std::vector<Asked> asked() const;
  std::size_t count(const std::string& target) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  int port_ = 0;
  bool tls_ = false;
};

}  // namespace patina::http
