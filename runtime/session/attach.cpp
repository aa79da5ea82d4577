#include "runtime/session/attach.h"

#include "runtime/hooks/interval.h"
#include "runtime/hooks/sampler.h"

namespace spile::session {

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
      hook.kind = Hook::Interval;
      hook.period = *period;
      return hook;
    }
  }
  return hook;
}

}  // namespace spile::session
