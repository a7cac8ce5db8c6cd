// SPDX-License-Identifier: Apache-2.0
#include "http/address.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include <Poco/Net/IPAddress.h>

#include "core/text.h"
#include "http/message.h"

namespace patina::http {
namespace {

struct Prefix4 {
  std::uint32_t network;
  int bits;
};
constexpr std::array<Prefix4, 16> kSpecial4 = {{
    {0x00000000, 8},   // this network
    {0x0A000000, 8},   // private
    {0x64400000, 10},  // shared by carriers
    {0x7F000000, 8},   // loopback
    {0xA9FE0000, 16},  // link-local
    {0xAC100000, 12},  // private
    {0xC0000000, 24},  // protocol assignments
    {0xC0000200, 24},  // documentation
    {0xC0586300, 24},  // 6to4 relays
    {0xC0A80000, 16},  // private
    {0xC6120000, 15},  // benchmarks
    {0xC6336400, 24},  // documentation
    {0xCB007100, 24},  // documentation
    {0xE0000000, 4},   // multicast
    {0xF0000000, 4},   // reserved
    {0xFFFFFFFF, 32},  // broadcast
}};

bool is_public_4(std::uint32_t address) {
  return std::none_of(kSpecial4.begin(), kSpecial4.end(), [address](const Prefix4& prefix) {
    const std::uint32_t mask = 0xFFFFFFFFU << (32 - prefix.bits);
    return (address & mask) == prefix.network;
  });
}

std::uint32_t word(const std::uint8_t* bytes) {
  return (static_cast<std::uint32_t>(bytes[0]) << 24) |
         (static_cast<std::uint32_t>(bytes[1]) << 16) |
         (static_cast<std::uint32_t>(bytes[2]) << 8) | bytes[3];
}

bool all_zero(const std::uint8_t* bytes, std::size_t count) {
  return std::all_of(bytes, bytes + count, [](std::uint8_t byte) { return byte == 0; });
}

bool is_public_6(const std::uint8_t* bytes) {
  if (all_zero(bytes, 10) && bytes[10] == 0xFF && bytes[11] == 0xFF) {  // ::ffff:a.b.c.d
    return is_public_4(word(bytes + 12));
  }
  if (word(bytes) == 0x0064FF9B) {  // 64:ff9b::/96 and the local 64:ff9b:1::/48
    return all_zero(bytes + 4, 8) && is_public_4(word(bytes + 12));
  }
  if (bytes[0] == 0x20 && bytes[1] == 0x02) return is_public_4(word(bytes + 2));  // 6to4
  if (word(bytes) == 0x20010000) return false;                                    // Teredo
  if (word(bytes) == 0x20010DB8) return false;                                    // documentation
  return (bytes[0] & 0xE0) == 0x20;  // 2000::/3 is all that is routed
}

}  // namespace

bool is_public_address(const std::string& address) {
  // inet_aton() also takes "127.1" and "1.2.3"; here they are no addresses.
  const bool dotted = address.find(':') == std::string::npos;
  if (dotted && std::count(address.begin(), address.end(), '.') != 3) return false;
  Poco::Net::IPAddress parsed;
  if (!Poco::Net::IPAddress::tryParse(address, parsed)) return false;
  std::array<std::uint8_t, 16> bytes{};
  const auto length = std::min<std::size_t>(bytes.size(),
                                            static_cast<std::size_t>(parsed.length()));
  std::memcpy(bytes.data(), parsed.addr(), length);
  return length == 4 ? is_public_4(word(bytes.data())) : is_public_6(bytes.data());
}

bool NamedHosts::has(const std::string& host) const {
  const std::string name = core::lower_ascii(host);
  return std::any_of(hosts.begin(), hosts.end(), [&name](const std::string& named) {
    return core::lower_ascii(named) == name;
  });
}

}  // namespace patina::http
