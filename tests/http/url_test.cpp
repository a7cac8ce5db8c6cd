// SPDX-License-Identifier: Apache-2.0
#include "http/url.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.h"
#include "http/address.h"

namespace patina::http {
namespace {

std::string parsed(const std::string& text) {
  const auto url = parse_url(text);
  return url ? url->to_string() : "refused";
}

std::string resolved(const std::string& base, const std::string& reference) {
  const auto url = resolve_url(require_url(base), reference);
  return url ? url->to_string() : "refused";
}

TEST(ParseUrl, KeepsWhatWasWritten) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"HTTP://Example.ORG", "http://example.org/"},
      {"https://a.b:443/x?y=%2F&z=a+b#part", "https://a.b/x?y=%2F&z=a+b"},
      {"http://a.b:8080/a%2Fb/./c/../d", "http://a.b:8080/a%2Fb/d"},
      {" http://a.b/ü|{}\" ", "http://a.b/%C3%BC%7C%7B%7D%22"},
      {"http://[2001:DB8::1]:81/", "http://[2001:db8::1]:81/"},
      {"http://a.b./", "http://a.b/"},
      {"http://a.b\\@c.d/", "http://a.b/%5C@c.d/"},
      {"http://a.b?x", "http://a.b/?x"}};
  for (const auto& [text, wanted] : cases) EXPECT_EQ(parsed(text), wanted) << text;
}

TEST(ParseUrl, RefusesWhatIsNoneOrHidesAHost) {
  for (const char* text : {"",
                           "ftp://a.b/",
                           "file:///etc/passwd",
                           "javascript:alert(1)",
                           "http://",
                           "http:///x",
                           "http://user@a.b/",
                           "http://user:pw@a.b/",
                           "http://a.b:0/",
                           "http://a.b:65536/",
                           "http://a.b:8x/",
                           "http://a b/",
                           "http://a.b/\r\nX: y",
                           "http://a.b/x\ty",
                           "http://-a.b/",
                           "http://[::1/",
                           "http://[x]/",
                           "http://[e48.]/",
                           "//a.b/",
                           "a.b/c",
                           "http:a.b"}) {
    EXPECT_EQ(parsed(text), "refused") << text;
  }
  EXPECT_EQ(parsed("http://a.b/" + std::string(20'000, 'x')), "refused");
  EXPECT_EQ(parsed("http://a.b/" + std::string(10'000, '\xFE')), "refused")
      << "longer once escaped";
}

// RFC 3986, Sec. 5.4.1 and 5.4.2, with http in place of a generic path-only scheme.
TEST(ResolveUrl, HasTheExamplesOfItsStandard) {
  const std::string base = "http://a/b/c/d;p?q";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"g", "http://a/b/c/g"},
      {"./g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},
      {"/g", "http://a/g"},
      {"//g", "http://g/"},
      {"?y", "http://a/b/c/d;p?y"},
      {"g?y", "http://a/b/c/g?y"},
      {"#s", "http://a/b/c/d;p?q"},
      {"g#s", "http://a/b/c/g"},
      {";x", "http://a/b/c/;x"},
      {"g;x?y#s", "http://a/b/c/g;x?y"},
      {"", "http://a/b/c/d;p?q"},
      {".", "http://a/b/c/"},
      {"./", "http://a/b/c/"},
      {"..", "http://a/b/"},
      {"../g", "http://a/b/g"},
      {"../..", "http://a/"},
      {"../../g", "http://a/g"},
      {"../../../g", "http://a/g"},
      {"/./g", "http://a/g"},
      {"/../g", "http://a/g"},
      {"g.", "http://a/b/c/g."},
      {"..g", "http://a/b/c/..g"},
      {"./../g", "http://a/b/g"},
      {"g;x=1/../y", "http://a/b/c/y"},
      {"g?y/../x", "http://a/b/c/g?y/../x"}};
  for (const auto& [reference, wanted] : cases) {
    EXPECT_EQ(resolved(base, reference), wanted) << reference;
  }
}

TEST(ResolveUrl, RefusesOtherSchemes) {
  for (const char* reference :
       {"data:image/png;base64,AA==", "mailto:a@b", "JavaScript:x", "g:h"}) {
    EXPECT_EQ(resolved("https://a/b", reference), "refused");
  }
}

TEST(Url, TellsOriginWithItsPort) {
  EXPECT_EQ(require_url("https://a.b/x").origin(), "https://a.b:443");
  EXPECT_EQ(require_url("http://[::1]:8080/").origin(), "http://[::1]:8080");
  EXPECT_THROW(require_url("x"), core::Error);
}

TEST(PercentEncoding, LeavesOnlyUnreservedCharacters) {
  EXPECT_EQ(percent_encode("a-Z_0.9~"), "a-Z_0.9~");
  EXPECT_EQ(percent_encode("ä/b c?&%41\n"), "%C3%A4%2Fb%20c%3F%26%2541%0A");
}

// IANA special-purpose address registries.
TEST(PublicAddress, IsWhatEverybodyReaches) {
  for (const char* address : {"1.1.1.1",
                              "8.8.8.8",
                              "172.32.0.1",
                              "100.128.0.1",
                              "2606:4700::1111",
                              "2a00:1450:4001::1",
                              "::ffff:8.8.8.8",
                              "64:ff9b::808:808"}) {
    EXPECT_TRUE(is_public_address(address)) << address;
  }
  for (const char* address : {"0.0.0.0",
                              "10.1.2.3",
                              "100.64.0.1",
                              "127.0.0.1",
                              "127.9.9.9",
                              "169.254.169.254",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.168.1.1",
                              "192.0.2.1",
                              "198.18.0.1",
                              "224.0.0.1",
                              "255.255.255.255",
                              "::",
                              "::1",
                              "fe80::1",
                              "fc00::1",
                              "fd12::1",
                              "ff02::1",
                              "::ffff:127.0.0.1",
                              "::ffff:10.0.0.1",
                              "64:ff9b::7f00:1",
                              "2002:7f00:1::",
                              "2001:db8::1",
                              "2001::1",
                              "localhost",
                              "1.2.3",
                              "",
                              "0x7f000001"}) {
    EXPECT_FALSE(is_public_address(address)) << address;
  }
}

}  // namespace
}  // namespace patina::http
