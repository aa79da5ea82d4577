#include "runtime/session/network_file.h"

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

#include "runtime/session/network_rows.h"
#include "runtime/session/network_values.h"
#include "support/source.h"

namespace spile::session {

namespace {

using nlohmann::json;

constexpr std::string_view kSpace = " \t\r\v\f";

// How a key of `ip -j` is called on the command line of `ip`. An empty word: it says nothing that a lookup asks.
struct Key {
  std::string_view key, word;
};
constexpr auto kRouteKeys = std::to_array<Key>(
    {{"dst", "to"},        {"type", "type"},   {"gateway", "via"}, {"dev", "dev"},     {"prefsrc", "src"},
     {"metric", "metric"}, {"table", "table"}, {"tos", "tos"},     {"encap", "encap"}, {"pref", "pref"},
     {"family", "family"}, {"from", "from"},   {"protocol", ""},   {"scope", ""},      {"flags", ""},
     {"metrics", ""},      {"nhid", ""},       {"expires", ""},    {"error", ""},      {"age", ""},
     {"cache", ""},        {"dst_len", ""}});
constexpr auto kHopKeys = std::to_array<Key>({{"gateway", "via"}, {"dev", "dev"}, {"weight", "weight"}, {"flags", ""}});
constexpr auto kNeighbourKeys = std::to_array<Key>({{"dst", "to"}, {"lladdr", "lladdr"}, {"dev", "dev"}});
constexpr auto kLinkKeys = std::to_array<Key>(
    {{"ifname", "name"}, {"ifindex", "index"}, {"address", "address"}, {"mtu", "mtu"}, {"link_type", "type"}});
constexpr auto kRuleKeys = std::to_array<Key>({{"priority", "priority"},
                                               {"table", "table"},
                                               {"action", "action"},
                                               {"iif", "iif"},
                                               {"oif", "oif"},
                                               {"ipproto", "ipproto"},
                                               {"sport", "sport"},
                                               {"dport", "dport"},
                                               {"tos", "tos"},
                                               {"not", "not"},
                                               {"suppress_prefixlen", "suppress_prefixlength"},
                                               {"family", "family"},
                                               {"protocol", ""}});
constexpr auto kForwardingKeys =
    std::to_array<Key>({{"interface", "dev"}, {"family", "family"}, {"forwarding", "forwarding"}});

std::string text_of(const json &value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "1" : "0";
  return value.is_null() ? std::string() : value.dump();
}
bool lists(const json &object, const char *key, std::string_view word) {
  const auto list = object.find(key);
  if (list == object.end() || !list->is_array()) return false;
  return std::ranges::any_of(*list, [&](const json &one) { return one.is_string() && text_of(one) == word; });
}

// As text_of() has a boolean.
bool is_true(const json &object, const char *key) {
  const auto value = object.find(key);
  return value != object.end() && text_of(*value) == "1";
}

// How long the value is that [text] begins with: to the bracket that closes its first one, or to the end of the text.
// Nothing where it is nested deeper than `ip -j` nests: what is done with values goes down into them.
std::optional<size_t> json_size(std::string_view text) {
  constexpr size_t kMaxDepth = 64;
  size_t depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); i++) {
    const char c = text[i];
    if (c == '"') in_string = !in_string;
    if (in_string) {
      if (c == '\\') i++;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxDepth) return std::nullopt;
    } else if ((c == ']' || c == '}') && --depth == 0) {
      return i + 1;
    }
  }
  return text.size();
}

// The fields of an object that the table knows; [passes_others] when all others may be passed over.
template <size_t n>
Result<NetworkRow> row_of(const json &object, const std::array<Key, n> &keys, bool passes_others) {
  NetworkRow row;
  for (const auto &[key, value] : object.items()) {
    const auto *known = std::ranges::find(keys, key, &Key::key);
    if (known == keys.end() && !passes_others) return input_error("`{}` is not known here", key);
    if (known != keys.end() && !known->word.empty()) row.put(std::string(known->word), text_of(value));
  }
  return row;
}

// Addresses of other links than Ethernet are of no use.
bool is_mac(std::string_view text) {
  constexpr std::string_view kShape = "00:00:00:00:00:00";
  return text.size() == kShape.size();
}

std::string lower(std::string text) {
  for (char &c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

class Reader {
 public:
  Reader(const std::string &where, helpers::Network &network) : where_(where), rows_(network) {}

  Result<void> read(std::string_view text, bool is_line) {
    std::vector<json> objects;
    std::vector<std::pair<uint32_t, std::string_view>> lines;
    for (uint32_t line = 1; !text.empty(); line++) {
      const auto begins_json = [&] {
        text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
        return text.starts_with('[') || text.starts_with('{');
      };
      while (begins_json()) {
        const auto taken = take_json(text, objects);
        if (!taken) return wrong(line, taken.error());
        line += static_cast<uint32_t>(std::ranges::count(text.substr(0, *taken), '\n'));
        text.remove_prefix(*taken);
      }
      const size_t end = std::min(text.find('\n'), text.size());
      if (end != 0 && text[0] != '#') lines.emplace_back(line, text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    // Others name the links.
    for (const bool of_links : {true, false})
      for (const json &object : objects)
        if (object.contains("ifname") == of_links)
          if (auto added = add_object(object); !added) {
            added.error().message = fmt::format("{}: {}", object.dump(), added.error().message);
            return wrong(0, added.error());
          }
    for (const auto &[line, words] : lines)
      if (auto added = add_words(words); !added) return wrong(is_line ? 0 : line, added.error());
    return {};
  }

 private:
  std::unexpected<Error> wrong(uint32_t line, Error error) const {
    error.message = line == 0 ? fmt::format("{}: {}", where_, error.message)
                              : fmt::format("{}:{}: {}", where_, line, error.message);
    return std::unexpected(std::move(error));
  }

  // Of which family the rules of one command are, it does not say: `ip -j rule` comes before `ip -6 -j rule`, if no
  // address tells.
  void name_family(json &rules) {
    const bool is_second = std::exchange(has_rules_, true);
    const bool names_ipv6 = std::ranges::any_of(rules, [](const json &rule) {
      return std::ranges::any_of(std::array{"src", "dst"}, [&](const char *key) {
        return rule.contains(key) && text_of(rule[key]).contains(':');
      });
    });
    const bool names_ipv4 = std::ranges::any_of(rules, [](const json &rule) {
      return std::ranges::any_of(std::array{"src", "dst"}, [&](const char *key) {
        return rule.contains(key) && parse_address(text_of(rule[key])).family == AF_INET;
      });
    });
    for (json &rule : rules) rule.emplace("family", names_ipv6 || (is_second && !names_ipv4) ? "inet6" : "inet");
  }

  // Its objects, and how long it is.
  Result<size_t> take_json(std::string_view text, std::vector<json> &objects) {
    const auto size = json_size(text);
    if (!size) return input_error("no JSON of `ip -j`: it does not nest so deep");
    // Of a route with a tunnel `ip -j` says `dst` twice: its own, and that of the tunnel.
    std::vector<std::set<std::string>> keys;  // of the objects around, by their depth
    const auto keeps_first = [&](int depth, json::parse_event_t event, const json &parsed) {
      const auto at = static_cast<size_t>(depth);
      if (event == json::parse_event_t::object_start) {
        keys.resize(at + 1);
        keys.emplace_back();
      }
      return event != json::parse_event_t::key || keys[at].insert(text_of(parsed)).second;
    };
    json value;
    try {
      value = json::parse(text.substr(0, *size), keeps_first);
    } catch (const json::exception &error) {
      return input_error("no JSON: {}", error.what());
    }
    if (!value.is_array()) value = json::array({std::move(value)});
    for (const json &one : value)
      if (!one.is_object()) return input_error("`{}` is no object of `ip -j`", one.dump());
    if (!value.empty() && value[0].contains("priority")) name_family(value);
    for (json &one : value)
      if (!one.empty()) objects.push_back(std::move(one));
    return *size;
  }

  Result<void> add_object(const json &object) {
    if (object.contains("ifname")) return add_link(object);
    if (object.contains("interface") && object.contains("family")) {
      if (!object.contains("forwarding")) return {};
      const auto row = row_of(object, kForwardingKeys, true);
      // A line for all of them stands for those that have none of their own, and each has one.
      return text_of(object["interface"]) == "all" ? Result<void>{} : rows_.set_forwarding(*row);
    }
    if (object.contains("priority")) return add_rule(object);
    if (object.contains("lladdr") || (object.contains("state") && object.contains("dst"))) return add_neighbour(object);
    if (object.contains("dst")) return add_route(object);
    return input_error("no link, address, route, rule or neighbour of `ip -j`");
  }

  Result<void> add_link(const json &object) {
    auto row = row_of(object, kLinkKeys, true);
    std::erase_if(row->fields, [](const auto &field) { return field.first == "address" && !is_mac(field.second); });
    if (object.contains("flags")) row->put(lists(object, "flags", "UP") ? "up" : "down");
    if (auto added = rows_.add_link(*row); !added) return added;
    const auto addresses = object.find("addr_info");
    if (addresses == object.end() || !addresses->is_array()) return {};
    for (const json &one : *addresses) {
      if (!one.is_object() || !one.contains("local") || !one.contains("prefixlen")) continue;
      NetworkRow address;
      address.put("local", text_of(one["local"]) + "/" + text_of(one["prefixlen"]));
      address.put("dev", text_of(object["ifname"]));
      // As long as nobody knows whether another has it, nothing is sent from it.
      if (is_true(one, "tentative") || is_true(one, "dadfailed")) continue;
      if (is_true(one, "deprecated")) address.put("deprecated");
      if (one.contains("scope")) address.put("scope", text_of(one["scope"]));
      if (auto added = rows_.add_address(address, false); !added) return added;
    }
    return {};
  }

  // `via` of a route of IPv4 through IPv6 is an object.
  static void read_via(const json &object, NetworkRow &row) {
    const auto via = object.find("via");
    if (via != object.end() && via->is_object() && via->contains("host")) row.put("via", text_of((*via)["host"]));
  }

  Result<void> add_route(const json &object) {
    if (lists(object, "flags", "dead")) return {};  // its link is down
    std::vector<NetworkRow> hops;
    const json hop_objects = object.value("nexthops", json::array());
    for (const json &one : hop_objects) {
      if (lists(one, "flags", "dead")) continue;
      auto hop = row_of(one, kHopKeys, true);
      read_via(one, *hop);
      hops.push_back(std::move(*hop));
    }
    auto row = row_of(object, kRouteKeys, true);
    read_via(object, *row);
    // Only routes of IPv4 have gateways of another family.
    const bool has_via =
        object.contains("via") || std::ranges::any_of(hop_objects, [](const json &one) { return one.contains("via"); });
    if (has_via) row->put("family", "inet");
    row->hops = std::move(hops);
    return rows_.add_route(*row);
  }

  Result<void> add_neighbour(const json &object) {
    auto row = row_of(object, kNeighbourKeys, true);
    std::erase_if(row->fields, [](const auto &field) { return field.first == "lladdr" && !is_mac(field.second); });
    if (const auto state = object.find("state"); state != object.end() && state->is_array())
      for (const json &one : *state) row->put("nud", lower(text_of(one)));
    return rows_.add_neighbour(*row);
  }

  // What is not understood of a rule would change which routes count.
  Result<void> add_rule(json object) {
    // Of a link that is gone: it applies to nothing.
    if ((object.contains("iif_detached") || object.contains("oif_detached")) && !object.contains("not")) return {};
    NetworkRow made;
    const auto take = [&](const char *key) {
      std::string text = object.contains(key) ? text_of(object[key]) : std::string();
      object.erase(key);
      return text;
    };
    for (const auto &[word, address, length] : {std::array{"from", "src", "srclen"}, {"to", "dst", "dstlen"}}) {
      const std::string text = take(address), bits = take(length);
      if (!text.empty()) made.put(word, bits.empty() ? text : text + "/" + bits);
    }
    if (const std::string mark = take("fwmark"), mask = take("fwmask"); !mark.empty())
      made.put("fwmark", mask.empty() ? mark : mark + "/" + mask);
    for (const auto &[word, first, last] :
         {std::array{"sport", "sport_start", "sport_end"}, {"dport", "dport_start", "dport_end"}})
      if (const std::string from = take(first), to = take(last); !from.empty()) made.put(word, from + "-" + to);
    if (object.value("action", json()) == "to_tbl") object.erase("action");
    auto row = row_of(object, kRuleKeys, false);
    if (!row) return std::unexpected(row.error());
    row->fields.insert(row->fields.end(), made.fields.begin(), made.fields.end());
    return rows_.add_rule(*row, false);
  }

  // ---- Lines: "route add 10.0.0.0/8 via 10.1.0.1 dev eth0", "tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:*".

  Result<void> add_words(std::string_view line) {
    std::vector<std::string> words;
    std::istringstream stream{std::string(line)};
    for (std::string word; stream >> word;) words.push_back(word);
    if (words[0] == "tcp" || words[0] == "udp") return add_socket(words);
    size_t at = 1;
    if (at < words.size() && (words[at] == "add" || words[at] == "set" || words[at] == "replace")) at++;
    constexpr std::array kNotAdded{"del", "delete", "flush", "show", "list", "get"};
    if (at < words.size() && std::ranges::find(kNotAdded, words[at]) != kNotAdded.end())
      return input_error("`{} {}` is no row of a network: rows say what there is, with `add`", words[0], words[at]);
    const auto rest = std::span(words).subspan(at);
    if (words[0] == "link") return link(rest);
    if (words[0] == "addr" || words[0] == "address") return address(rest);
    if (words[0] == "route") return route(rest);
    if (words[0] == "neigh" || words[0] == "neighbour") return neighbour(rest);
    if (words[0] == "rule") return rule(rest);
    if (words[0] == "netconf") return netconf(rest);
    auto error =
        input_error("`{}` is no row of a network: link, addr, route, neigh, rule, netconf, tcp, udp", words[0]);
    error.error().hint =
        "what `ip` shows is taken as `ip -j` prints it; a row is a line of `ip -batch`: route add 10.0.0.0/8 dev lan";
    return error;
  }

  static Result<void> add_pair(std::span<const std::string> words, size_t &at, NetworkRow &row) {
    const std::string &name = words[at];
    if (at + 1 == words.size()) return input_error("`{}` without its value", name);
    row.put(name, words[++at]);
    return {};
  }

  Result<void> link(std::span<const std::string> words) {
    NetworkRow row;
    bool is_first = true;  // of this link
    for (size_t at = 0; at < words.size(); at++) {
      const std::string &word = words[at];
      const bool may_be_name = std::exchange(is_first, false);
      if (word == "peer") {  // of a veth
        if (auto added = rows_.add_link(row); !added) return added;
        row = NetworkRow();
        is_first = true;
      } else if (word == "up" || word == "down") {
        row.put(word);
      } else if (word == "dev" || word == "name") {
        if (++at < words.size()) row.put("name", words[at]);
      } else if (may_be_name) {
        row.put("name", word);
      } else if (auto added = add_pair(words, at, row); !added) {
        return added;
      }
    }
    return rows_.add_link(row);
  }

  Result<void> address(std::span<const std::string> words) {
    NetworkRow row;
    for (size_t at = 0; at < words.size(); at++)
      if (at == 0)
        row.put("local", words[at]);
      else if (words[at] == "nodad")
        continue;
      else if (auto added = add_pair(words, at, row); !added)
        return added;
    return rows_.add_address(row, true);
  }

  Result<void> route(std::span<const std::string> words) {
    constexpr std::array kTypes{"unicast", "local",     "broadcast",   "anycast", "multicast",
                                "throw",   "blackhole", "unreachable", "prohibit"};
    NetworkRow row;
    NetworkRow *to = &row;
    bool has_destination = false;
    for (size_t at = 0; at < words.size(); at++) {
      const std::string &word = words[at];
      const bool has_next = at + 1 < words.size();
      if (!has_destination && std::ranges::find(kTypes, word) != kTypes.end()) {
        row.put("type", word);
      } else if (!has_destination) {
        has_destination = true;
        row.put("to", word);
      } else if (word == "nexthop") {
        to = &row.hops.emplace_back();
      } else if (word == "via" && has_next && (words[at + 1] == "inet6" || words[at + 1] == "inet")) {
        at++;
        if (at + 1 == words.size()) return input_error("`via` without its address");
        to->put("via", words[++at]);
      } else if (word == "mtu" && has_next && words[at + 1] == "lock") {
        at++;
        row.put("lock");
        if (at + 1 == words.size()) return input_error("`mtu lock` without its value");
        row.put("mtu", words[++at]);
      } else if (word == "proto" || word == "scope") {
        at++;  // who made it, and how far away it leads, which follows from its type
      } else if (word != "onlink") {
        if (auto added = add_pair(words, at, *to); !added) return added;
      }
    }
    if (!has_destination) return input_error("a route needs a destination");
    return rows_.add_route(row);
  }

  Result<void> neighbour(std::span<const std::string> words) {
    NetworkRow row;
    for (size_t at = 0; at < words.size(); at++)
      if (at == 0)
        row.put("to", words[at]);
      else if (auto added = add_pair(words, at, row); !added)
        return added;
    return rows_.add_neighbour(row);
  }

  Result<void> rule(std::span<const std::string> words) {
    constexpr std::array kActions{"blackhole", "unreachable", "prohibit", "nop"};
    NetworkRow row;
    for (size_t at = 0; at < words.size(); at++) {
      const std::string &word = words[at];
      if (word == "not") {
        row.put("not");
      } else if (std::ranges::find(kActions, word) != kActions.end()) {
        row.put("action", word);
      } else {
        if (auto added = add_pair(words, at, row); !added) return added;
        std::string &name = row.fields.back().first;
        if (name == "lookup") name = "table";
        if (name == "pref" || name == "order") name = "priority";
      }
    }
    return rows_.add_rule(row, true);
  }

  // "netconf inet6 eth0 forwarding off": in the words in which `ip netconf` shows it.
  Result<void> netconf(std::span<const std::string> words) {
    NetworkRow row;
    if (std::ranges::find(words, "forwarding") == words.end()) return input_error("`netconf` without `forwarding`");
    for (size_t at = 0; at < words.size(); at++) {
      const std::string &word = words[at];
      if (word == "inet" || word == "inet6")
        row.put("family", word);
      else if (word == "dev")
        continue;
      else if (word == "forwarding") {
        at++;
        if (at == words.size() || (words[at] != "on" && words[at] != "off"))
          return input_error("`forwarding` takes on or off");
        row.put(word, words[at] == "on" ? "1" : "0");
      } else
        row.put("dev", word);
    }
    return rows_.set_forwarding(row);
  }

  // Netid State Recv-Q Send-Q Local Peer
  Result<void> add_socket(std::span<const std::string> words) {
    constexpr size_t kState = 1, kLocal = 4, kPeer = 5;
    if (words.size() <= kPeer)
      return input_error("a socket's line has more columns: {} STATE RECV-Q SEND-Q LOCAL:PORT PEER:PORT", words[0]);
    NetworkRow row;
    row.put("netid", words[0]);
    row.put("state", words[kState]);
    row.put("local", words[kLocal]);
    row.put("peer", words[kPeer]);
    return rows_.add_socket(row);
  }

  const std::string &where_;
  NetworkRows rows_;
  bool has_rules_ = false;
};

}  // namespace

Result<void> add_network_row(const std::string &where, std::string_view line, helpers::Network &network) {
  return Reader(where, network).read(line, true);
}

Result<void> add_network_file(const std::string &path, helpers::Network &network) {
  SourceManager files;
  const auto file = files.load(path);
  if (!file) return std::unexpected(file.error());
  return Reader(path, network).read((*file)->text, false);
}

Result<std::shared_ptr<const helpers::Network>> read_network(const std::string &path) {
  auto network = std::make_shared<helpers::Network>();
  if (auto added = add_network_file(path, *network); !added) return std::unexpected(added.error());
  return network;
}

}  // namespace spile::session
