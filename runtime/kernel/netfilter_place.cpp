#include "runtime/kernel/netfilter_place.h"

#include <linux/netfilter.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <utility>

namespace spile::kernel {

namespace {

struct Word {
  std::string_view name;
  int32_t value;
};
constexpr Word kHooks[] = {{"prerouting", NF_INET_PRE_ROUTING},
                           {"input", NF_INET_LOCAL_IN},
                           {"forward", NF_INET_FORWARD},
                           {"output", NF_INET_LOCAL_OUT},
                           {"postrouting", NF_INET_POST_ROUTING}};
// enum nf_ip_hook_priorities
constexpr Word kPriorities[] = {{"raw", -300}, {"mangle", -150}, {"dstnat", -100},
                                {"filter", 0}, {"security", 50}, {"srcnat", 100}};

std::optional<int32_t> find(std::span<const Word> words, std::string_view name) {
  const auto found = std::ranges::find(words, name, &Word::name);
  return found == words.end() ? std::nullopt : std::optional(found->value);
}

std::string names(std::span<const Word> words) {
  std::string all;
  for (const Word &word : words) all += (all.empty() ? "" : ", ") + std::string(word.name);
  return all;
}

std::unexpected<Error> unknown(std::string_view what, std::string_view word, std::string hint) {
  return std::unexpected(
      Error{Error::Kind::Usage, fmt::format("netfilter has no {} `{}`", what, word), std::move(hint), 0});
}

std::string_view take_word(std::string_view &text) {
  const size_t end = std::min(text.find('/'), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

}  // namespace

Result<NetfilterPlace> parse_netfilter_place(std::string_view text) {
  NetfilterPlace place;
  const std::string_view family = take_word(text);
  if (family == "ip" || family == "inet") place.families.push_back(NFPROTO_IPV4);
  if (family == "ip6" || family == "inet") place.families.push_back(NFPROTO_IPV6);
  if (place.families.empty()) return unknown("family", family, "families are ip, ip6, inet (both): `inet/input`");
  const std::string_view hook = take_word(text);
  const auto number = find(kHooks, hook);
  if (!number) return unknown("hook", hook, fmt::format("hooks are {}: `{}/input`", names(kHooks), family));
  place.hook = static_cast<uint32_t>(*number);
  if (!text.empty() && text != "defrag") {
    const std::string_view priority = take_word(text);
    const auto named = find(kPriorities, priority);
    const auto [end, error] = std::from_chars(priority.data(), priority.data() + priority.size(), place.priority);
    if (named)
      place.priority = *named;
    else if (error != std::errc() || end != priority.data() + priority.size())
      return unknown("priority", priority,
                     fmt::format("a number, the smaller the earlier, or one of {}", names(kPriorities)));
  }
  if (!text.empty() && text != "defrag")
    return unknown("option", text, "behind the priority stands `defrag` or nothing: `ip/prerouting/-100/defrag`");
  place.defrag = text == "defrag";
  return place;
}

}  // namespace spile::kernel
