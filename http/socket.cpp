// SPDX-License-Identifier: Apache-2.0
#include "http/socket.h"

#include <algorithm>
#include <array>

#include <Poco/Exception.h>
#include <Poco/Net/NetException.h>

#include "http/tls.h"

namespace patina::http {
namespace {

constexpr int kSliceMs = 200;  // How late a stop is noticed.
constexpr std::size_t kBlock = 1 << 16;

Poco::Timespan milliseconds(int count) {
  return Poco::Timespan(static_cast<Poco::Timespan::TimeDiff>(count) * 1000);
}

}  // namespace

Connection Connection::open(const Poco::Net::SocketAddress& address, int timeout_ms) {
  Connection connection;
  connection.socket_.connect(address, milliseconds(timeout_ms));
  connection.socket_.setNoDelay(true);
  connection.socket_.setBlocking(false);
  return connection;
}

IoEnd Connection::wait(int mode, Clock::time_point since, const Patience& patience) {
  const auto limit = std::min(patience.deadline,
                              since + std::chrono::milliseconds(patience.idle_ms));
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(limit - Clock::now()).count();
    if (left <= 0) return IoEnd::kTimeout;
    if (patience.stop && patience.stop()) return IoEnd::kStopped;
    const int slice = static_cast<int>(std::min<long long>(left, kSliceMs));
    if (socket_.poll(milliseconds(slice), mode)) return IoEnd::kDone;
  }
}

IoEnd Connection::start_tls(Poco::Net::Context& context,
                            const std::string& host,
                            const Patience& patience,
                            Peer& peer) {
  const TrustCheck check(context, host, peer);
  const auto since = Clock::now();
  try {
    Poco::Net::Context::Ptr shared(&context, true);
    auto secure = Poco::Net::SecureStreamSocket::attach(socket_, host, shared);
    while (true) {
      const int result = secure.completeHandshake();
      if (result > 0) break;
      const int mode = result == Poco::Net::SecureStreamSocket::ERR_SSL_WANT_WRITE
                           ? Poco::Net::Socket::SELECT_WRITE
                           : Poco::Net::Socket::SELECT_READ;
      const IoEnd end = wait(mode, since, patience);
      if (end != IoEnd::kDone) return end;
    }
    secure_ = secure;
    tls_ = true;
    return IoEnd::kDone;
  } catch (const Poco::Exception& error) {
    problem_ = error.displayText();
    return IoEnd::kError;
  }
}

IoEnd Connection::send(std::string_view bytes, const Patience& patience) {
  Poco::Net::StreamSocket& socket = tls_ ? secure_ : socket_;
  auto since = Clock::now();
  try {
    while (!bytes.empty()) {
      // Sending into a full buffer is an error to Poco, if the socket is a plain one.
      if (!tls_) {
        const IoEnd ready = wait(Poco::Net::Socket::SELECT_WRITE, since, patience);
        if (ready != IoEnd::kDone) return ready;
      }
      const int count = static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 20));
      const int sent = socket.sendBytes(bytes.data(), count);
      if (sent > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
        since = Clock::now();
        continue;
      }
      const bool reads = tls_ && sent == Poco::Net::SecureStreamSocket::ERR_SSL_WANT_READ;
      const IoEnd end = wait(
          reads ? Poco::Net::Socket::SELECT_READ : Poco::Net::Socket::SELECT_WRITE,
          since,
          patience);
      if (end != IoEnd::kDone) return end;
    }
    return IoEnd::kDone;
  } catch (const Poco::Exception& error) {
    problem_ = error.displayText();
    return IoEnd::kError;
  }
}

IoEnd Connection::receive(std::string& into, const Patience& patience) {
  Poco::Net::StreamSocket& socket = tls_ ? secure_ : socket_;
  std::array<char, kBlock> block{};
  const auto since = Clock::now();
  try {
    while (true) {
      if (Clock::now() >= patience.deadline) return IoEnd::kTimeout;
      const int count = socket.receiveBytes(block.data(), static_cast<int>(block.size()));
      if (count > 0) {
        into.append(block.data(), static_cast<std::size_t>(count));
        return IoEnd::kDone;
      }
      if (count == 0) return IoEnd::kClosed;
      const bool writes = tls_ && count == Poco::Net::SecureStreamSocket::ERR_SSL_WANT_WRITE;
      const IoEnd end = wait(
          writes ? Poco::Net::Socket::SELECT_WRITE : Poco::Net::Socket::SELECT_READ,
          since,
          patience);
      if (end != IoEnd::kDone) return end;
    }
  } catch (const Poco::Net::ConnectionResetException&) {
    return IoEnd::kClosed;
  } catch (const Poco::Exception& error) {
    problem_ = error.displayText();
    return IoEnd::kError;
  }
}

bool Connection::readable() const {
  return socket_.poll(Poco::Timespan(0), Poco::Net::Socket::SELECT_READ);
}

}  // namespace patina::http
