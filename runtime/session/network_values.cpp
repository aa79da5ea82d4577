#include "runtime/session/network_values.h"

#include <arpa/inet.h>

namespace spile::session {

using helpers::IpAddress;
using helpers::IpPrefix;

IpAddress parse_address(std::string_view text) {
  IpAddress address;
  const std::string word(text);
  if (::inet_pton(AF_INET, word.c_str(), address.bytes.data()) == 1)
    address.family = AF_INET;
  else if (::inet_pton(AF_INET6, word.c_str(), address.bytes.data()) == 1)
    address.family = AF_INET6;
  return address;
}

Result<void> read(std::string_view name, std::string_view text, IpAddress &to) {
  to = parse_address(text);
  if (!to) return input_error("`{} {}`: no address of IPv4 or IPv6", name, text);
  return {};
}
Result<void> read(std::string_view name, std::string_view text, IpPrefix &to) {
  const size_t slash = text.find('/');
  if (auto done = read(name, text.substr(0, slash), to.address); !done) return done;
  to.length = to.address.bits();
  if (slash == std::string_view::npos) return {};
  const auto length = whole_number<uint8_t>(text.substr(slash + 1));
  if (!length || *length > to.length) return input_error("`{} {}`: its length is from 0 to {}", name, text, to.length);
  to.length = *length;
  return {};
}
Result<void> read(std::string_view name, std::string_view text, helpers::MacAddress &to) {
  const bool has_shape = text.size() == to.size() * 3 - 1;
  for (size_t i = 0; i < to.size(); i++) {
    const auto byte = has_shape ? whole_number<uint8_t>(text.substr(i * 3, 2), 16) : std::nullopt;
    if (!byte || (i != 0 && text[i * 3 - 1] != ':')) return input_error("`{} {}`: no address of Ethernet", name, text);
    to[i] = *byte;
  }
  return {};
}
Result<void> read(std::string_view name, std::string_view text, helpers::PortRange &to) {
  const size_t dash = text.find('-');
  if (auto done = read(name, text.substr(0, dash), to.first); !done) return done;
  to.last = to.first;
  return dash == std::string_view::npos ? Result<void>{} : read(name, text.substr(dash + 1), to.last);
}

}  // namespace spile::session
