// SPDX-License-Identifier: Apache-2.0
// Which addresses a stranger's URL may lead to: a hostile page must not make the auditor's machine
// read its own network.
#pragma once

#include <string>
#include <vector>

namespace patina::http {

/// True for an IPv4 or IPv6 address that is reachable from everywhere (IANA special-purpose address
/// registries, RFC 6890): not loopback, link-local, private, shared, multicast, reserved, nor an
/// IPv6 form that carries an IPv4 address which is one of them. False for text that is no address.
bool is_public_address(const std::string& address);

/// Hosts that the user named: their addresses may be private. Names compare in lower case.
struct NamedHosts {
  std::vector<std::string> hosts;
  bool has(const std::string& host) const;
};

}  // namespace patina::http
