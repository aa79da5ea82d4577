// Attachments: where programs in the kernel hang: tracepoints, functions, samples, sockets, interfaces, control groups.
//
// What libbpf attaches by a section's name it attaches here too; for the rest, the command line says where. All of it
// ends with this object.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lang-spec/tables/tables.h"
#include "runtime/kernel/kernel_object.h"
#include "runtime/kernel/tracefs.h"
#include "support/file.h"
#include "support/result.h"

struct bpf_link;

namespace spile::kernel {

// What sections do not say.
struct Places {
  std::string interface;  // of socket filters, XDP and tc programs
  std::string cgroup;     // a folder of the cgroup2 file system
};

class Attachments {
 public:
  // [object] outlives this.
  Attachments(const KernelObject &object, Places places) : object_(&object), places_(std::move(places)) {}
  Attachments(Attachments &&other) noexcept = default;
  ~Attachments();

  // Usage error: the section leaves open where. Environment error: the kernel refuses, or there is no such place.
  Result<void> attach(std::string_view program, std::string_view section, const tables::ProgramType &type);

  // Sockets whose filters pass packets, for whoever reads them.
  std::span<const Fd> sockets() const { return sockets_; }
  // What an iterator over the kernel's objects prints, from the beginning; [take] is false when it has enough.
  Result<void> read_iterators(const std::function<bool(std::string_view)> &take) const;
  // Whether anything but iterators hangs here: something may come yet.
  bool has_events() const { return links_.size() + raw_links_.size() + sockets_.size() > iterators_.size(); }

 private:
  struct Way;
  static const Way kWays[];

  Result<void> keep(bpf_link *link, std::string_view section);
  Result<void> keep_on(bpf_program *program, Fd event, std::string_view section);
  Result<void> attach_by_name(bpf_program *program, std::string_view section);
  Result<void> attach_tracepoint(bpf_program *program, std::string_view section);
  Result<void> attach_samples(bpf_program *program, std::string_view section);
  Result<void> attach_socket(bpf_program *program, std::string_view section);
  Result<void> attach_xdp(bpf_program *program, std::string_view section);
  Result<void> attach_tc(bpf_program *program, std::string_view section);
  Result<void> attach_cgroup(bpf_program *program, std::string_view section);
  Result<void> attach_netns(bpf_program *program, std::string_view section);
  Result<void> attach_iterator(bpf_program *program, std::string_view section);
  Result<int> interface_of(std::string_view section) const;

  const KernelObject *object_;
  Places places_;
  std::optional<Tracefs> tracefs_;
  std::vector<bpf_link *> links_;
  std::vector<bpf_link *> iterators_;  // of links_
  std::vector<Fd> sockets_;
  std::vector<Fd> raw_links_;  // that this libbpf has no object for
};

}  // namespace spile::kernel
