#include "runtime/session/attach.h"

#include <algorithm>

#include "runtime/hooks/code_events.h"
#include "runtime/hooks/interval.h"
#include "runtime/hooks/sampler.h"

namespace spile::session {

static constexpr std::chrono::microseconds kShortestInterval{100};

Result<Hook> resolve_hook(const tables::ProgramType &type, std::string_view section, const LayoutOf &layout) {
  if (section.starts_with('?')) section.remove_prefix(1);
  Hook hook;
  switch (type.hook) {
    case tables::HookKind::None: {
      auto error = unsupported_error("SEC(\"{}\"): only a kernel can run a program of this type", section);
      error.error().hint =
          "`spile check` verifies it; here run tracepoint/syscalls/..., uprobe/..., profile/..., socket, xdp, tc, "
          "cgroup_skb, "
          "syscall, begin, end, interval/...";
      return error;
    }
    case tables::HookKind::Tracepoint: {
      const std::string_view name = hooks::tracepoint_name(section);
      const std::string_view category = name.substr(0, name.find('/'));
      const bool is_elsewhere = category.size() < name.size() && !category.ends_with("syscalls");
      auto tracepoint =
          layout != nullptr && is_elsewhere ? hooks::Tracepoint::of(layout(name)) : hooks::find_tracepoint(section);
      if (!tracepoint) return std::unexpected(tracepoint.error());
      hook.kind = Hook::Tracepoint;
      hook.tracepoint = *tracepoint;
      return hook;
    }
    case tables::HookKind::UserProbe: {
      hook.kind = Hook::UserProbe;
      auto name = hooks::parse_user_probe(section);
      if (!name) return std::unexpected(name.error());
      hook.probe_name = std::move(*name);
      hook.tracepoint = hooks::hit_event(section);
      if (layout != nullptr) return hook;
      auto probe = hooks::find_user_probe(section);
      if (!probe) return std::unexpected(probe.error());
      hook.user_probe = std::move(*probe);
      return hook;
    }
    case tables::HookKind::Sample: {
      auto period = hooks::sample_period(section);
      if (!period) return std::unexpected(period.error());
      hook.kind = Hook::Sample;
      hook.tracepoint = hooks::sample_event(section);
      hook.period = *period;
      return hook;
    }
    case tables::HookKind::Packet:
      hook.kind = Hook::Packet;
      return hook;
    case tables::HookKind::Once:
      hook.kind = Hook::Once;
      return hook;
    case tables::HookKind::Begin:
      hook.kind = Hook::Begin;
      return hook;
    case tables::HookKind::End:
      hook.kind = Hook::End;
      return hook;
    case tables::HookKind::Interval: {
      auto period = hooks::parse_interval(section.substr(section.find('/') + 1));
      if (!period) {
        period.error().message = fmt::format("SEC(\"{}\"): {}", section, period.error().message);
        return std::unexpected(period.error());
      }
      // With less than it takes to run a program, nothing else would be done.
      if (*period < kShortestInterval)
        return usage_error("SEC(\"{}\"): the shortest interval is {} us", section, kShortestInterval.count());
      hook.kind = Hook::Interval;
      hook.period = *period;
      return hook;
    }
  }
  return hook;
}

std::string hint_for_recording(const tables::ProgramType &type, std::string_view section) {
  if (section.starts_with('?')) section.remove_prefix(1);
  const std::string_view name = section.substr(section.rfind('/') + 1);
  if (type.hook == tables::HookKind::Packet)
    return "a capture is the recording: `spile run -i FILE.pcap`, and --pass writes those that pass";
  if (type.hook == tables::HookKind::Tracepoint)
    return hooks::tracepoint_name(section).contains("syscalls/") ? "" : "with --on=kernel, as root, it can";
  if (section.starts_with("raw_tp/") || section.starts_with("raw_tracepoint/") || section.starts_with("tp_btf/"))
    return fmt::format("write SEC(\"tracepoint/CATEGORY/{}\"): with --on=kernel, as root, it can be recorded", name);
  return type.hook == tables::HookKind::None ? "what it sees is in no recording; `spile run --on=kernel` runs it" : "";
}

WrittenHook::WrittenHook(std::string_view written) : name_(hooks::tracepoint_name(written)) {
  const auto event = hooks::find_code_event(name_);
  if (!event) return;
  if (event->kind == hooks::Tracepoint::Kind::Hit)
    probe_ = hooks::parse_user_probe(name_).value();
  else
    period_ = hooks::sample_period(name_).value();
}

bool WrittenHook::is_for(const Hook &hook) const {
  switch (hook.kind) {
    case Hook::Tracepoint:
      return hook.tracepoint.name() == name_;
    case Hook::UserProbe:
      return probe_ && hooks::is_hit_of(*probe_, hook.probe_name);
    case Hook::Sample:
      return period_ == hook.period;
    case Hook::Packet:
    case Hook::Once:
    case Hook::Begin:
    case Hook::End:
    case Hook::Interval:
      return false;
  }
  return false;
}

}  // namespace spile::session
