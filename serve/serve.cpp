// SPDX-License-Identifier: Apache-2.0
// Poco's HTTP server in front of the APIs.
#include "serve/serve.h"

#include <atomic>
#include <chrono>
#include <istream>
#include <ostream>
#include <utility>

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/ThreadPool.h>

#include "core/clock.h"
#include "core/error.h"
#include "core/numbers.h"
#include "serve/internal/api.h"

namespace patina::serve {
namespace {

using core::Error;
using core::ErrorKind;

constexpr std::size_t kMaxBody = 1 << 20;
constexpr std::size_t kMostBytesRead = 32 << 20;
constexpr int kKeepAliveSeconds = 10;
constexpr int kReadSeconds = 30;
constexpr int kThreadIdleMicroseconds = 200'000;

// Keeps at most kMaxBody bytes; false if there are more. Those are read as well, up to a bound: a
// connection that is closed while its client still sends is reset, and the answer is lost
// [RFC 9112, Sec. 9.6].
bool read_body(std::istream& in, std::string& body) {
  char block[8192];
  std::size_t size = 0;
  while (size <= kMostBytesRead && (in.read(block, sizeof block) || in.gcount() > 0)) {
    const auto count = static_cast<std::size_t>(in.gcount());
    size += count;
    if (size <= kMaxBody) body.append(block, count);
  }
  return size <= kMaxBody;
}

ApiRequest to_api(Poco::Net::HTTPServerRequest& http) {
  ApiRequest request;
  request.method = http.getMethod();
  const std::string& target = http.getURI();
  request.path = target.substr(0, target.find('?'));
  request.authorization = http.get("Authorization", "");
  request.host = http.get("Host", http.serverAddress().toString());
  return request;
}

// A request that gives no length has no body, whatever its method [RFC 9112, Sec. 6.3].
bool has_body(const Poco::Net::HTTPServerRequest& http) {
  return http.getChunkedTransferEncoding() || http.hasContentLength();
}

// HTTP/1.1 needs a Host, HTTP/1.0 does not [RFC 9112, Sec. 3.2].
bool lacks_host(const Poco::Net::HTTPServerRequest& http) {
  return !http.has("Host") && http.getVersion() != Poco::Net::HTTPMessage::HTTP_1_0;
}

void send(const ApiReply& reply, double seconds, Poco::Net::HTTPServerResponse& response) {
  response.setStatus(static_cast<Poco::Net::HTTPResponse::HTTPStatus>(reply.status));
  response.setReason(Poco::Net::HTTPResponse::getReasonForStatus(response.getStatus()));
  response.setContentType(reply.content_type);
  response.setContentLength64(static_cast<Poco::Int64>(reply.body.size()));
  response.set("X-Process-Time", core::fixed_text(seconds, 4));
  for (const auto& [name, value] : reply.headers) response.set(name, value);
  response.sendBuffer(reply.body.data(), reply.body.size());
}

class Handler : public Poco::Net::HTTPRequestHandler {
 public:
  Handler(ApiContext& context, std::atomic<std::uint64_t>& answered)
      : context_(context), answered_(answered) {}

  void handleRequest(Poco::Net::HTTPServerRequest& http,
                     Poco::Net::HTTPServerResponse& response) override {
    const auto began = std::chrono::steady_clock::now();
    ApiReply reply;
    try {
      ApiRequest request = to_api(http);
      if (lacks_host(http)) {
        reply = json_reply(400, {{"detail", "Bad Request"}});
        response.setKeepAlive(false);
      } else if (!has_body(http) || read_body(http.stream(), request.body)) {
        reply = answer(request, context_);
      } else {
        reply = json_reply(413, {{"detail", "Request Entity Too Large"}});
        response.setKeepAlive(false);
      }
    } catch (const Poco::Exception&) {
      return;  // the client went away
    } catch (const std::exception& error) {
      reply = json_reply(500, {{"error", "InternalError"}, {"detail", error.what()}});
    }
    ++answered_;
    const double took = core::seconds_since(began);
    try {
      send(reply, took, response);
    } catch (const Poco::Exception&) {  // so did this one
    }
  }

 private:
  ApiContext& context_;
  std::atomic<std::uint64_t>& answered_;
};

class Factory : public Poco::Net::HTTPRequestHandlerFactory {
 public:
  Factory(ApiContext& context, std::atomic<std::uint64_t>& answered)
      : context_(context), answered_(answered) {}
  Poco::Net::HTTPRequestHandler* createRequestHandler(
      const Poco::Net::HTTPServerRequest&) override {
    return std::make_unique<Handler>(context_, answered_).release();  // Poco deletes it
  }

 private:
  ApiContext& context_;
  std::atomic<std::uint64_t>& answered_;
};

void require_between(const char* field, int value, int low, int high) {
  if (value >= low && value <= high) return;
  throw Error(ErrorKind::kInput,
              field,
              "is " + std::to_string(value) + ", " + std::to_string(low) + " to " +
                  std::to_string(high) + " are allowed",
              "change it");
}

void validate(const ServeOptions& options) {
  require_between("port", options.port, 0, 65535);
  require_between("max_queue", options.max_queue, 1, 10'000);
  require_between("max_clients", options.max_clients, 1, 1000);
  require_between("max_images", options.max_images, 1, 64);
}

Poco::Net::ServerSocket listen(const ServeOptions& options) {
  try {
    Poco::Net::ServerSocket socket;
    socket.bind(Poco::Net::SocketAddress(options.host, static_cast<Poco::UInt16>(options.port)),
                true,
                false);
    socket.listen(256);
    return socket;
  } catch (const Poco::Exception& error) {
    throw Error(ErrorKind::kNetwork,
                options.host + ":" + std::to_string(options.port),
                "cannot be listened on (" + error.displayText() + ")",
                "choose another --host or --port");
  }
}

Poco::Net::HTTPServerParams::Ptr server_params(const ServeOptions& options) {
  Poco::Net::HTTPServerParams::Ptr params(new Poco::Net::HTTPServerParams);
  params->setMaxThreads(options.max_clients);
  params->setMaxQueued(options.max_clients * 4);
  params->setTimeout(Poco::Timespan(kReadSeconds, 0));
  // A thread that ends its connection just as the server stops misses that and waits so long.
  params->setThreadIdleTime(Poco::Timespan(0, kThreadIdleMicroseconds));
  params->setKeepAlive(true);
  params->setKeepAliveTimeout(Poco::Timespan(kKeepAliveSeconds, 0));
  params->setSoftwareVersion("Patina");
  return params;
}

}  // namespace

struct Server::Impl {
  Impl(ModelCard given, MakeImages maker, const ServeOptions& wanted)
      : card(std::move(given)),
        make(std::move(maker)),
        options(wanted),
        jobs(wanted.max_queue),
        socket(listen(options)),
        pool(2, options.max_clients + 2),
        server(new Factory(context, answered), pool, socket, server_params(options)) {
    server.start();
  }
  ~Impl() {
    jobs.close();
    server.stopAll(true);
    pool.joinAll();
  }

  ModelCard card;
  MakeImages make;
  ServeOptions options;
  JobQueue jobs;
  PictureShelf shelf;
  ApiContext context{card, options, jobs, shelf};
  std::atomic<std::uint64_t> answered{0};
  Poco::Net::ServerSocket socket;
  Poco::ThreadPool pool;
  Poco::Net::HTTPServer server;
};

Server::Server(ModelCard card, MakeImages make, const ServeOptions& options) {
  validate(options);
  impl_ = std::make_unique<Impl>(std::move(card), std::move(make), options);
}
Server::~Server() = default;

int Server::port() const { return impl_->socket.address().port(); }

std::uint64_t Server::answered() const { return impl_->answered; }

void Server::run(const std::function<bool()>& stop) {
  while (!stop()) impl_->jobs.run_next(impl_->make, stop);
}

}  // namespace patina::serve
