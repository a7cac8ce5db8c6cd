// SPDX-License-Identifier: Apache-2.0
#include "tests/http/loopback.h"

#include <algorithm>
#include <chrono>

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/SecureServerSocket.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/StreamSocket.h>

#include "core/text.h"
#include "http/message.h"

namespace patina::http {
namespace {

void sleep_ms(int count) { std::this_thread::sleep_for(std::chrono::milliseconds(count)); }

Poco::Net::ServerSocket listen_on(const Poco::Net::ServerSocket& socket) {
  Poco::Net::ServerSocket listening(socket);
  listening.bind(Poco::Net::SocketAddress("127.0.0.1", 0));
  listening.listen(64);
  return listening;
}

}  // namespace

struct Loopback::Impl {
  Impl(Handler given, const Poco::Net::ServerSocket& socket)
      : handler(std::move(given)), listening(listen_on(socket)) {
    acceptor = std::thread([this] { accept(); });
  }
  ~Impl() {
    stop = true;
    acceptor.join();
    for (std::thread& thread : threads) thread.join();
  }

  void accept() {
    while (!stop) {
      if (!listening.poll(Poco::Timespan(20'000), Poco::Net::Socket::SELECT_READ)) continue;
      try {
        // One owner: who watches threads does not see Poco's counting of references.
        auto client = std::make_unique<Poco::Net::StreamSocket>(listening.acceptConnection());
        threads.emplace_back([this, client = std::move(client)] { serve(*client); });
      } catch (const Poco::Exception&) {
      }
    }
  }

  bool more(Poco::Net::StreamSocket& client, std::string& buffer) {
    char block[4096];
    while (!stop) {
      if (!client.poll(Poco::Timespan(20'000), Poco::Net::Socket::SELECT_READ)) continue;
      const int count = client.receiveBytes(block, sizeof block);
      if (count <= 0) return false;
      buffer.append(block, static_cast<std::size_t>(count));
      return true;
    }
    return false;
  }

  bool read(Poco::Net::StreamSocket& client, std::string& buffer, Asked& asked) {
    std::size_t end = 0;
    while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
      if (!more(client, buffer)) return false;
    }
    const std::string head = buffer.substr(0, end + 2);
    buffer.erase(0, end + 4);
    const std::size_t first = head.find(' ');
    asked.method = head.substr(0, first);
    asked.target = head.substr(first + 1, head.find(' ', first + 1) - first - 1);
    for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
      const std::size_t stop_at = head.find("\r\n", at);
      const std::string line = head.substr(at, stop_at - at);
      const std::size_t colon = line.find(':');
      asked.headers[core::lower_ascii(line.substr(0, colon))] = std::string(
          core::trim_blank(std::string_view(line).substr(colon + 1)));
      at = stop_at + 2;
    }
    const auto length = asked.headers.find("content-length");
    const std::size_t size = length == asked.headers.end() ? 0 : std::stoul(length->second);
    while (buffer.size() < size) {
      if (!more(client, buffer)) return false;
    }
    asked.body = buffer.substr(0, size);
    buffer.erase(0, size);
    return true;
  }

  void send(Poco::Net::StreamSocket& client, const Scripted& scripted) {
    sleep_ms(scripted.delay_ms);
    const std::size_t step = scripted.drip_ms > 0 ? 1
                                                  : std::max<std::size_t>(1, scripted.bytes.size());
    for (std::size_t at = 0; at < scripted.bytes.size() && !stop; at += step) {
      const std::string part = scripted.bytes.substr(at, step);
      std::size_t sent = 0;
      while (sent < part.size()) {
        sent += static_cast<std::size_t>(
            client.sendBytes(part.data() + sent, static_cast<int>(part.size() - sent)));
      }
      sleep_ms(scripted.drip_ms);
    }
  }

  void serve(Poco::Net::StreamSocket& client) {
    try {
      std::string buffer;
      while (!stop) {
        Asked asked;
        if (!read(client, buffer, asked)) return;
        {
          const std::lock_guard<std::mutex> lock(mutex);
          log.push_back(asked);
        }
        const Scripted scripted = handler(asked);
        send(client, scripted);
        if (scripted.close) return;
      }
    } catch (const Poco::Exception&) {
    }
  }

  Handler handler;
  Poco::Net::ServerSocket listening;
  std::atomic<bool> stop{false};
  std::thread acceptor;
  std::vector<std::thread> threads;
  mutable std::mutex mutex;
  std::vector<Asked> log;
};

Scripted reply(int status,
               const std::string& body,
               const std::string& content_type,
               const std::string& more_headers) {
  Scripted scripted;
  scripted.bytes = "HTTP/1.1 " + std::to_string(status) + " Text\r\nContent-Type: " + content_type +
                   "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + more_headers +
                   "\r\n" + body;
  return scripted;
}

Loopback::Loopback(Handler handler)
    : impl_(std::make_unique<Impl>(std::move(handler), Poco::Net::ServerSocket())),
      port_(impl_->listening.address().port()) {}

Loopback::Loopback(Handler handler, const std::string& certificate, const std::string& key)
    : tls_(true) {
  Poco::Net::Context::Ptr context(new Poco::Net::Context(
      Poco::Net::Context::TLS_SERVER_USE, key, certificate, "", Poco::Net::Context::VERIFY_NONE));
  impl_ = std::make_unique<Impl>(std::move(handler), Poco::Net::SecureServerSocket(context));
  port_ = impl_->listening.address().port();
}

Loopback::~Loopback() = default;

std::vector<Asked> Loopback::asked() const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  return impl_->log;
}

std::size_t Loopback::count(const std::string& target) const {
  const std::vector<Asked> all = asked();
  return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [&target](const Asked& one) { return one.target == target; }));
}

}  // namespace patina::http
