// SPDX-License-Identifier: Apache-2.0
#include "http/tls.h"

#include <memory>
#include <utility>
#include <vector>

#include <Poco/Net/IPAddress.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "core/clock.h"
#include "core/error.h"
#include "core/hash.h"

namespace patina::http {
namespace {

constexpr std::size_t kMaxChain = 20;

std::string name_text(const X509_NAME* name) {
  const std::unique_ptr<BIO, int (*)(BIO*)> out(BIO_new(BIO_s_mem()), BIO_free);
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(length));
}

std::string time_text(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return core::utc_text(parts);
}

Certificate describe(X509* certificate) {
  Certificate described;
  unsigned char* der = nullptr;
  const int length = i2d_X509(certificate, &der);
  if (length > 0) {
    described.sha256 = core::to_hex(core::sha256(
        std::string_view(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length))));
  }
  OPENSSL_free(der);
  described.subject = name_text(X509_get_subject_name(certificate));
  described.issuer = name_text(X509_get_issuer_name(certificate));
  described.not_after = time_text(X509_get0_notAfter(certificate));
  return described;
}

bool expect_host(X509_STORE_CTX* store, const std::string& host) {
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(store);
  Poco::Net::IPAddress address;
  if (Poco::Net::IPAddress::tryParse(host, address)) {
    return X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str()) == 1;
  }
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return X509_VERIFY_PARAM_set1_host(parameters, host.c_str(), host.size()) == 1;
}

// Called by OpenSSL in the handshake. The answer is always yes: the caller decides by what is
// found.
int verify_chain(X509_STORE_CTX* store, void* argument) {
  auto& state = *static_cast<TrustCheck::State*>(argument);
  state.asked = true;
  STACK_OF(X509)* sent = X509_STORE_CTX_get0_untrusted(store);
  for (int i = 0; sent != nullptr && i < sk_X509_num(sent) && state.peer->chain.size() < kMaxChain;
       ++i) {
    state.peer->chain.push_back(describe(sk_X509_value(sent, i)));
  }
  if (!expect_host(store, state.host)) {
    state.peer->trust_problem = "the host name cannot be checked";
  } else if (X509_verify_cert(store) != 1) {
    state.peer->trust_problem = X509_verify_cert_error_string(X509_STORE_CTX_get_error(store));
  }
  X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

void note_session(const SSL* ssl, int where, int) {
  if ((where & SSL_CB_HANDSHAKE_DONE) == 0) return;
  SSL_CTX* context = SSL_get_SSL_CTX(ssl);
  auto* state = static_cast<TrustCheck::State*>(SSL_CTX_get_app_data(context));
  if (state == nullptr || state->peer == nullptr) return;
  state->peer->tls_version = SSL_get_version(ssl);
  state->peer->cipher = SSL_get_cipher(ssl);
}

}  // namespace

Poco::Net::Context::Ptr make_client_context(const std::filesystem::path& ca_file) {
  try {
    Poco::Net::Context::Params parameters;
    parameters.verificationMode = Poco::Net::Context::VERIFY_NONE;
    parameters.loadDefaultCAs = true;
    parameters.caLocation = ca_file.string();
    Poco::Net::Context::Ptr context(
        new Poco::Net::Context(Poco::Net::Context::TLS_CLIENT_USE, parameters));
    context->requireMinimumProtocol(Poco::Net::Context::PROTO_TLSV1_2);
    context->enableSessionCache(false);
    return context;
  } catch (const Poco::Exception& error) {
    throw core::Error(core::ErrorKind::kInput,
                      ca_file.empty() ? "TLS" : ca_file.string(),
                      "gives no certificates to trust (" + error.displayText() + ")",
                      "name a PEM file of certificates");
  }
}

TrustCheck::TrustCheck(Poco::Net::Context& context, std::string host, Peer& peer)
    : context_(context), state_{std::move(host), &peer, false} {
  SSL_CTX* const raw = context_.sslContext();
  SSL_CTX_set_cert_verify_callback(raw, verify_chain, &state_);
  SSL_CTX_set_app_data(raw, &state_);
  SSL_CTX_set_info_callback(raw, note_session);
}

TrustCheck::~TrustCheck() {
  if (!state_.asked && state_.peer->trust_problem.empty()) {
    state_.peer->trust_problem = "the server showed no certificate";
  }
  SSL_CTX* const raw = context_.sslContext();
  SSL_CTX_set_cert_verify_callback(raw, nullptr, nullptr);
  SSL_CTX_set_app_data(raw, nullptr);
}

}  // namespace patina::http
