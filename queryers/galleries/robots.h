// SPDX-License-Identifier: Apache-2.0
// robots.txt (RFC 9309): which paths of a site a polite collector may read. Entry points:
// parse_robots, Robots::allows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace patina::queryers {

struct RobotsRule {
  std::string pattern;  ///< Path with '*' and a final '$'.
  bool allow = false;
};

/// The rules for one product token.
struct Robots {
  std::vector<RobotsRule> rules;
  double crawl_delay_s = 0.0;         ///< "Crawl-delay", not in the standard; at most an hour.
  std::vector<std::string> sitemaps;  ///< As written, of the whole file.
  std::vector<std::string> signals;   ///< Lines about the use of content ("Content-Usage: ...").
  bool all_disallowed = false;        ///< The file could not be had (Sec. 2.3.1.4).

  /// Whether a path with its query may be read; the longest matching rule wins, of two as long the
  /// allowing one (Sec. 2.2.2). /robots.txt always may.
  bool allows(std::string_view target) const;
  /// The rule that decides, as "Disallow: /x", or "" if none matches.
  std::string deciding_rule(std::string_view target) const;
};

/// Parses what is there of the first 500 KiB. Groups for `token` (without regard to case) are
/// merged; without one, those for "*" count.
Robots parse_robots(std::string_view text, std::string_view token);

/// True if `pattern` matches from the start of `target`; linear in their lengths' product at most.
bool robots_match(std::string_view pattern, std::string_view target);

}  // namespace patina::queryers
