// SPDX-License-Identifier: Apache-2.0
// Who is at the other end: checks the certificate chain against a host name and keeps what was
// sent.
#pragma once

#include <filesystem>
#include <string>

#include <Poco/Net/Context.h>

#include "http/client.h"

namespace patina::http {

/// A client context of TLS 1.2 or later whose own checks are off; TrustCheck makes them. Throws
/// Error{kInput} naming `ca_file` if it cannot be read.
Poco::Net::Context::Ptr make_client_context(const std::filesystem::path& ca_file);

/// While it lives, handshakes under `context` record the chain in `peer` and check it for `host`.
class TrustCheck {
 public:
  TrustCheck(Poco::Net::Context& context, std::string host, Peer& peer);
  ~TrustCheck();
  TrustCheck(const TrustCheck&) = delete;
  TrustCheck& operator=(const TrustCheck&) = delete;

  struct State {
    std::string host;
    Peer* peer = nullptr;
    bool asked = false;
  };

 private:
  Poco::Net::Context& context_;
  State state_;
};

}  // namespace patina::http
