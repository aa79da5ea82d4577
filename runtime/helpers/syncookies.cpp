// SYN cookies of packets without a socket (net/ipv4/syncookies.c, net/ipv6/syncookies.c): the number that a SYN is
// answered with, from which the ACK shows that it was seen.
//
//   cookie = hash(addresses, ports, 0) + sequence + minute << 24 + (hash'(addresses, ports, minute) + MSS index) mod
//   2^24
//
// Kernel: the hash is SipHash with a secret that it makes when it starts. Here it has no secret: the same packet at the
// same time gives the same cookie in every run, and nobody is kept out by it. What else is promised holds: an ACK with
// the cookie is accepted for two minutes, any other but one in hundreds of millions is not, and the MSS is the
// kernel's.
#include <arpa/inet.h>
#include <linux/tcp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "runtime/helpers/helpers.h"

namespace spile::helpers {

namespace {

constexpr uint64_t kMinute = 60'000'000'000;
constexpr uint32_t kMaxAge = 2;  // minutes
constexpr unsigned kCountBits = 24;
constexpr uint32_t kMask = (uint32_t{1} << kCountBits) - 1;

// What of an IP header goes into a cookie, and the MSS that one can stand for, in ascending order.
struct Family {
  size_t addresses, size;  // of both, behind one another in the header
  uint16_t unsaid;         // the MSS of a SYN that says none
  std::array<uint16_t, 4> mss;
};
constexpr Family kIp4{12, 8, 536, {536, 1300, 1440, 1460}};
constexpr Family kIp6{8, 32, 1280 - 40 - 20, {1280 - 60, 1480 - 60, 1500 - 60, 9000 - 60}};

struct Connection {
  std::array<uint8_t, 32> addresses{};
  uint32_t ports = 0, sequence = 0, acknowledged = 0;
};
Connection connection_of(const Family &family, uint64_t ip, const tcphdr &tcp) {
  Connection found;
  std::memcpy(found.addresses.data(), bytes_at(ip) + family.addresses, family.size);
  found.ports = uint32_t{tcp.source} << 16 | tcp.dest;
  found.sequence = ntohl(tcp.seq);
  found.acknowledged = ntohl(tcp.ack_seq);
  return found;
}

// The finalizer of SplitMix64 (public domain) over the words.
uint32_t hash(const Connection &of, uint32_t count, uint32_t which) {
  uint64_t mixed = uint64_t{which} << 32 | count;
  const auto add = [&](uint64_t word) {
    mixed = (mixed ^ word) + 0x9e3779b97f4a7c15ull;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9ull;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebull;
    mixed ^= mixed >> 31;
  };
  for (size_t i = 0; i < of.addresses.size(); i += sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, &of.addresses[i], sizeof word);
    add(word);
  }
  add(of.ports);
  return static_cast<uint32_t>(mixed >> 32);
}

uint32_t minutes(const vm::Env *env) { return static_cast<uint32_t>(env->now_ns() / kMinute); }

// The option of a TCP header that says the MSS; 0 without one.
uint16_t mss_option(std::span<const uint8_t> options) {
  uint16_t found = 0;
  while (!options.empty() && options[0] != 0) {
    if (options[0] == 1) {  // no operation
      options = options.subspan(1);
      continue;
    }
    if (options.size() < 2 || options[1] < 2 || options[1] > options.size()) break;
    if (options[0] == 2 && options[1] == 4) {
      const auto mss = static_cast<uint16_t>(options[2] << 8 | options[3]);
      if (mss != 0) found = mss;
    }
    options = options.subspan(options[1]);
  }
  return found;
}

int64_t generate(const Family &family, uint64_t ip, uint64_t tcp_at, uint64_t size, const vm::Env *env) {
  const std::span<std::byte> header = buffer_at(tcp_at, size);
  tcphdr tcp;
  if (header.size() < sizeof tcp) return -EINVAL;
  std::memcpy(&tcp, header.data(), sizeof tcp);
  if (header.size() != tcp.doff * 4u) return -EINVAL;
  const uint16_t said =
      mss_option({reinterpret_cast<const uint8_t *>(header.data()) + sizeof tcp, header.size() - sizeof tcp});
  const uint16_t wanted = said != 0 ? said : family.unsaid;
  uint32_t index = family.mss.size() - 1;
  while (index != 0 && wanted < family.mss[index]) index--;
  const Connection of = connection_of(family, ip, tcp);
  const uint32_t count = minutes(env);
  const uint32_t cookie = hash(of, 0, 0) + of.sequence + (count << kCountBits) + ((hash(of, count, 1) + index) & kMask);
  return static_cast<int64_t>(uint64_t{cookie} | uint64_t{family.mss[index]} << 32);
}

int64_t check(const Family &family, uint64_t ip, uint64_t tcp_at, const vm::Env *env) {
  tcphdr tcp;
  std::memcpy(&tcp, bytes_at(tcp_at), sizeof tcp);
  const Connection of = connection_of(family, ip, tcp);
  const uint32_t rest = of.acknowledged - 1 - hash(of, 0, 0) - (of.sequence - 1);
  const uint32_t count = minutes(env);
  const uint32_t age = (count - (rest >> kCountBits)) & (UINT32_MAX >> kCountBits);
  if (age >= kMaxAge) return -EACCES;
  const uint32_t index = (rest - hash(of, count - age, 1)) & kMask;
  return index < family.mss.size() ? 0 : -EACCES;
}

}  // namespace

uint64_t tcp_raw_gen_syncookie_ipv4(uint64_t ip, uint64_t tcp, uint64_t size, uint64_t, uint64_t, vm::Env *env) {
  return returned(env, k_tcp_raw_gen_syncookie_ipv4, generate(kIp4, ip, tcp, size, env));
}
uint64_t tcp_raw_gen_syncookie_ipv6(uint64_t ip, uint64_t tcp, uint64_t size, uint64_t, uint64_t, vm::Env *env) {
  return returned(env, k_tcp_raw_gen_syncookie_ipv6, generate(kIp6, ip, tcp, size, env));
}
uint64_t tcp_raw_check_syncookie_ipv4(uint64_t ip, uint64_t tcp, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return returned(env, k_tcp_raw_check_syncookie_ipv4, check(kIp4, ip, tcp, env));
}
uint64_t tcp_raw_check_syncookie_ipv6(uint64_t ip, uint64_t tcp, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return returned(env, k_tcp_raw_check_syncookie_ipv6, check(kIp6, ip, tcp, env));
}

}  // namespace spile::helpers
