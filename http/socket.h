// SPDX-License-Identifier: Apache-2.0
// A connection over Poco's sockets, plain or TLS, that never waits longer than it is told to.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include <Poco/Net/Context.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>

#include "http/client.h"

namespace patina::http {

using Clock = std::chrono::steady_clock;

/// What an operation of a socket came to.
enum class IoEnd { kDone, kClosed, kTimeout, kStopped, kError };

/// When to give up waiting.
struct Patience {
  Clock::time_point deadline;  ///< Moment at which the whole exchange must have ended.
  int idle_ms = 0;             ///< Without progress.
  std::function<bool()> stop;
};

/// Not for use by several threads at once.
class Connection {
 public:
  /// Connects to an address. Throws Poco::Exception.
  static Connection open(const Poco::Net::SocketAddress& address, int timeout_ms);
  /// TLS over the connection; fills the TLS part of `peer`. kError leaves the reason in problem().
  IoEnd start_tls(Poco::Net::Context& context,
                  const std::string& host,
                  const Patience& patience,
                  Peer& peer);
  IoEnd send(std::string_view bytes, const Patience& patience);
  /// Appends what has arrived to `into`, waiting for the first byte.
  IoEnd receive(std::string& into, const Patience& patience);
  /// Something can be read, which on an idle connection means that it ended.
  bool readable() const;
  const std::string& problem() const { return problem_; }

 private:
  IoEnd wait(int mode, Clock::time_point since, const Patience& patience);
  Poco::Net::StreamSocket socket_;
  Poco::Net::StreamSocket secure_;  ///< A SecureStreamSocket once TLS is on.
  bool tls_ = false;
  std::string problem_;
};

}  // namespace patina::http
