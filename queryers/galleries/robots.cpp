// SPDX-License-Identifier: Apache-2.0
#include "queryers/galleries/robots.h"

#include <algorithm>
#include <cstdlib>

#include "core/text.h"
#include "http/message.h"

namespace patina::queryers {
namespace {

constexpr std::size_t kMaxBytes = 500 << 10;
constexpr std::size_t kMaxRules = 10'000;
constexpr double kLongestDelay = 3600.0;

struct Line {
  std::string key;  ///< Lower case.
  std::string value;
};

bool parse_line(std::string_view text, Line& line) {
  text = core::trim_blank(text.substr(0, text.find('#')));
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  line.key = core::lower_ascii(core::trim_blank(text.substr(0, colon)));
  line.value = std::string(core::trim_blank(text.substr(colon + 1)));
  return true;
}

// Percent-encoding in one form: unreserved characters decoded, hexadecimal digits in upper case.
std::string normalized(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string out;
  const auto put = [&out](unsigned byte) {
    const bool unreserved = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                            (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' ||
                            byte == '_' || byte == '~';
    if (unreserved) {
      out += static_cast<char>(byte);
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 15U]};
    }
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 &&
        digit(text[i + 2]) >= 0) {
      put(static_cast<unsigned>(digit(text[i + 1]) * 16 + digit(text[i + 2])));
      i += 2;
    } else if (byte > 0x7E || byte <= 0x20) {
      put(byte);
    } else {
      out += text[i];
    }
  }
  return out;
}

struct Group {
  bool ours = false;
  bool everybody = false;
  std::vector<RobotsRule> rules;
  double delay_s = 0.0;
};

void take_rule(const Line& line, Group& group) {
  if (line.key == "crawl-delay") {
    const double delay = std::strtod(line.value.c_str(), nullptr);
    if (delay > 0.0) group.delay_s = std::min(delay, kLongestDelay);
    return;
  }
  if (line.value.empty() || group.rules.size() >= kMaxRules) return;  // empty: allows everything
  group.rules.push_back({normalized(line.value), line.key == "allow"});
}

}  // namespace

bool robots_match(std::string_view pattern, std::string_view target) {
  bool anchored = false;
  if (!pattern.empty() && pattern.back() == '$') {
    anchored = true;
    pattern.remove_suffix(1);
  }
  // Greedy with one step back to the last star: no recursion.
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (true) {
    if (p == pattern.size() && (!anchored || t == target.size())) return true;
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && t < target.size() && pattern[p] == target[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos && resume < target.size()) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
}

std::string Robots::deciding_rule(std::string_view target) const {
  const std::string path = normalized(target);
  const RobotsRule* best = nullptr;
  for (const RobotsRule& rule : rules) {
    if (!robots_match(rule.pattern, path)) continue;
    const bool better = best == nullptr || rule.pattern.size() > best->pattern.size() ||
                        (rule.pattern.size() == best->pattern.size() && rule.allow);
    if (better) best = &rule;
  }
  if (best == nullptr) return {};
  return (best->allow ? "Allow: " : "Disallow: ") + best->pattern;
}

bool Robots::allows(std::string_view target) const {
  if (target == "/robots.txt") return true;
  if (all_disallowed) return false;
  return deciding_rule(target).compare(0, 9, "Disallow:") != 0;
}

Robots parse_robots(std::string_view text, std::string_view token) {
  text = text.substr(0, kMaxBytes);
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  Robots robots;
  std::vector<Group> groups;
  bool naming = false;  // user-agent lines in a row name one group
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    Line line;
    const bool sound = parse_line(text.substr(0, end), line);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!sound) continue;
    if (line.key == "user-agent") {
      if (!naming) groups.emplace_back();
      naming = true;
      const std::string name = core::lower_ascii(line.value);
      groups.back().everybody = groups.back().everybody || name == "*";
      groups.back().ours = groups.back().ours || name == core::lower_ascii(token);
    } else if (line.key == "allow" || line.key == "disallow" || line.key == "crawl-delay") {
      naming = false;
      if (!groups.empty()) take_rule(line, groups.back());
    } else if (line.key == "sitemap") {
      if (robots.sitemaps.size() < 100) robots.sitemaps.push_back(line.value);
    } else if (line.key == "content-usage" || line.key == "content-signal") {
      if (robots.signals.size() < 100) robots.signals.push_back(line.key + ": " + line.value);
    }
  }
  const bool named = std::any_of(
      groups.begin(), groups.end(), [](const Group& g) { return g.ours; });
  for (const Group& group : groups) {
    if (named ? !group.ours : !group.everybody) continue;
    robots.rules.insert(robots.rules.end(), group.rules.begin(), group.rules.end());
    robots.crawl_delay_s = std::max(robots.crawl_delay_s, group.delay_s);
  }
  return robots;
}

}  // namespace patina::queryers
