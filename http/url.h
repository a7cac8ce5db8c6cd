// SPDX-License-Identifier: Apache-2.0
// http and https URLs (RFC 3986) as they stand, without decoding and encoding them again: what is
// asked must be what was written. Entry points: parse_url, resolve_url.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace patina::http {

struct Url {
  std::string scheme;  ///< "http" or "https".
  std::string host;    ///< Lower case; an IPv6 address without its brackets.
  int port = 0;        ///< 1 to 65535; the scheme's own where none was written.
  std::string path;    ///< Starts with '/'; percent-encoded.
  std::string query;   ///< Without '?'.
  bool has_query = false;

  /// "/path?query".
  std::string target() const;
  /// "host" or "host:port", as the Host header wants it.
  std::string authority() const;
  /// "https://host:443": scheme, host and port, always with the port.
  std::string origin() const;
  std::string to_string() const;
};

/// Parses an absolute http or https URL; a fragment is cut off, a byte that no URL may hold is
/// percent-encoded. Nothing for another scheme, a user name in it, an empty or malformed host, a
/// port out of range or a control character.
std::optional<Url> parse_url(std::string_view text);
/// As parse_url. Throws Error{kInput} saying what is expected.
Url require_url(std::string_view text);

/// A reference found in a document at `base` (RFC 3986, Sec. 5.2). Nothing for what parse_url
/// refuses.
std::optional<Url> resolve_url(const Url& base, std::string_view reference);

/// Percent-encodes all but unreserved characters.
std::string percent_encode(std::string_view text);

/// Whether the path ends as the names of image files do.
bool names_image_file(const Url& url);

}  // namespace patina::http
