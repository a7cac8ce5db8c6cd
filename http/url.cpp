// SPDX-License-Identifier: Apache-2.0
#include "http/url.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/text.h"
#include "http/message.h"

namespace patina::http {
namespace {

constexpr std::size_t kMaxUrlBytes = 16384;
constexpr std::string_view kHex = "0123456789ABCDEF";

bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_unreserved(char c) {
  return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

void append_percent(std::string& text, char c) {
  const auto byte = static_cast<unsigned char>(c);
  text += {'%', kHex[byte >> 4], kHex[byte & 15U]};
}

// Bytes that a URL cannot hold become %XX; the rest stays as written.
std::string escape_forbidden(std::string_view text) {
  static constexpr std::string_view kForbidden = " \"<>\\^`{|}";
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x7E || kForbidden.find(c) != std::string_view::npos) {
      append_percent(escaped, c);
    } else {
      escaped += c;
    }
  }
  return escaped;
}

bool is_host_name(std::string_view host) {
  return !host.empty() && host.size() <= 253 && host.front() != '-' &&
         std::all_of(host.begin(), host.end(), [](char c) {
           return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
         });
}

bool is_ipv6_text(std::string_view host) {
  return std::count(host.begin(), host.end(), ':') >= 2 && host.size() <= 45 &&
         std::all_of(
             host.begin(), host.end(), [](char c) { return is_hex(c) || c == ':' || c == '.'; });
}

bool take_port(std::string_view text, Url& url) {
  if (text.empty()) return true;
  int port = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failure != std::errc() || end != text.data() + text.size()) return false;
  url.port = port;
  return port >= 1 && port <= 65535;
}

bool take_authority(std::string_view authority, Url& url) {
  if (authority.find('@') != std::string_view::npos) return false;
  if (!authority.empty() && authority.front() == '[') {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return false;
    url.host = core::lower_ascii(authority.substr(1, close - 1));
    const std::string_view rest = authority.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return false;
    return is_ipv6_text(url.host) && take_port(rest.empty() ? rest : rest.substr(1), url);
  }
  const std::size_t colon = authority.rfind(':');
  const std::string_view port = colon == std::string_view::npos ? std::string_view()
                                                                : authority.substr(colon + 1);
  url.host = core::lower_ascii(authority.substr(0, colon));
  while (!url.host.empty() && url.host.back() == '.') url.host.pop_back();
  return is_host_name(url.host) && take_port(port, url);
}

// RFC 3986, Sec. 5.2.4.
std::string remove_dot_segments(std::string_view path) {
  std::vector<std::string_view> segments;
  bool ends_open = false;
  std::size_t from = 1;
  while (from <= path.size()) {
    const std::size_t slash = std::min(path.find('/', from), path.size());
    const std::string_view segment = path.substr(from, slash - from);
    ends_open = segment == "." || segment == "..";
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (segment != ".") {
      segments.push_back(segment);
    }
    from = slash + 1;
  }
  std::string clean;
  for (const std::string_view segment : segments) clean += "/" + std::string(segment);
  if (ends_open || clean.empty()) clean += '/';
  return clean;
}

void take_target(std::string_view target, Url& url) {
  const std::size_t question = target.find('?');
  url.has_query = question != std::string_view::npos;
  if (url.has_query) url.query = escape_forbidden(target.substr(question + 1));
  std::string path = escape_forbidden(target.substr(0, question));
  if (path.empty() || path.front() != '/') path.insert(0, "/");
  url.path = remove_dot_segments(path);
}

std::string_view without_fragment(std::string_view text) { return text.substr(0, text.find('#')); }

// White space at the ends goes, as browsers do; elsewhere inside, tabs and line ends are refused.
std::optional<std::string_view> cleaned(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= 0x20) text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= 0x20) text.remove_suffix(1);
  const bool control = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
  if (control || text.size() > kMaxUrlBytes) return std::nullopt;
  return text;
}

// "scheme:" at the start, lower case; empty if there is none.
std::string scheme_of(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_alpha(text.front())) return {};
  const std::string_view scheme = text.substr(0, colon);
  const bool valid = std::all_of(scheme.begin(), scheme.end(), [](char c) {
    return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
  return valid ? core::lower_ascii(scheme) : std::string();
}

// Escapes make a URL longer than it was written.
std::optional<Url> bounded(Url url) {
  if (url.to_string().size() > kMaxUrlBytes) return std::nullopt;
  return url;
}

}  // namespace

std::string Url::target() const { return has_query ? path + "?" + query : path; }

std::string Url::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  const bool own_port = port == (scheme == "https" ? 443 : 80);
  return own_port ? name : name + ":" + std::to_string(port);
}

std::string Url::origin() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return scheme + "://" + name + ":" + std::to_string(port);
}

std::string Url::to_string() const { return scheme + "://" + authority() + target(); }

std::optional<Url> parse_url(std::string_view text) {
  const auto clean = cleaned(text);
  if (!clean) return std::nullopt;
  Url url;
  url.scheme = scheme_of(*clean);
  if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
  url.port = url.scheme == "https" ? 443 : 80;
  std::string_view rest = without_fragment(clean->substr(url.scheme.size() + 1));
  if (rest.substr(0, 2) != "//") return std::nullopt;
  rest.remove_prefix(2);
  const std::size_t end = std::min(rest.find_first_of("/?\\"), rest.size());
  if (!take_authority(rest.substr(0, end), url)) return std::nullopt;
  take_target(rest.substr(end), url);
  return bounded(std::move(url));
}

Url require_url(std::string_view text) {
  if (auto url = parse_url(text)) return *url;
  throw core::Error(core::ErrorKind::kInput,
                    core::in_quotes(text),
                    "is no http or https URL without a user name",
                    "write it as https://host/path");
}

std::optional<Url> resolve_url(const Url& base, std::string_view reference) {
  const auto clean = cleaned(reference);
  if (!clean) return std::nullopt;
  if (!scheme_of(*clean).empty()) return parse_url(*clean);
  const std::string_view text = without_fragment(*clean);
  if (text.substr(0, 2) == "//") return parse_url(base.scheme + ":" + std::string(text));
  Url url = base;
  if (text.empty()) return url;
  url.query.clear();
  if (text.front() == '?') {
    url.has_query = true;
    url.query = escape_forbidden(text.substr(1));
    return bounded(std::move(url));
  }
  const std::string folder = base.path.substr(0, base.path.rfind('/') + 1);
  take_target(text.front() == '/' ? std::string(text) : folder + std::string(text), url);
  return bounded(std::move(url));
}

std::string percent_encode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (is_unreserved(c)) {
      encoded += c;
    } else {
      append_percent(encoded, c);
    }
  }
  return encoded;
}

bool names_image_file(const Url& url) {
  const std::string path = core::lower_ascii(url.path);
  for (const char* extension : {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"}) {
    const std::size_t length = std::strlen(extension);
    if (path.size() > length && path.compare(path.size() - length, length, extension) == 0) {
      return true;
    }
  }
  return false;
}

}  // namespace patina::http
