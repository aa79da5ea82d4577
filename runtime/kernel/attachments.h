// Attachments: where programs in the kernel hang: tracepoints, functions, samples, sockets, interfaces, control groups,
// maps of sockets, tables of functions that the kernel calls.
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

// Functions of a program or a library, as uprobes find them.
struct UserFunctions {
  std::string path;
  std::vector<uint64_t> offsets;  // into the file; never empty
};

// What sections do not say.
struct Places {
  std::string interface;         // of socket filters, XDP and tc programs
  std::string cgroup;            // a folder of the cgroup2 file system
  std::string map;               // of sockets, or that an iterator shows: of the object, or a path in bpffs
  std::string netfilter;         // netfilter_place.h
  std::optional<uint16_t> port;  // that sockets share
  std::optional<uint32_t> pid;   // that iterators over tasks show
  // What SEC("uprobe.multi/...") names.
  std::function<Result<UserFunctions>(std::string_view section)> functions;
};

// Unsupported error, which says what to do instead, for a program that nothing here attaches.
Result<void> check_attachable(std::string_view section, const tables::ProgramType &type);

class Attachments {
 public:
  // [object] outlives this.
  Attachments(const KernelObject &object, Places places) : object_(&object), places_(std::move(places)) {}
  Attachments(Attachments &&other) noexcept = default;
  ~Attachments();

  // Usage error: the section leaves open where. Environment error: the kernel refuses, or there is no such place.
  Result<void> attach(std::string_view program, std::string_view section, const tables::ProgramType &type);
  // Those that are attached before others, whatever their order in the object: a map of sockets gives a socket the
  // programs that hang on the map when the socket comes.
  static bool comes_first(const tables::ProgramType &type);
  // The tables of functions, when their programs are loaded. Calls [tell] with what was registered.
  Result<void> register_struct_ops(const std::function<void(const std::string &)> &tell);

  // Sockets whose filters pass packets, for whoever reads them.
  std::span<const Fd> sockets() const { return sockets_; }
  // When an iterator is read: one over a map of the object itself has something to show when the run ends.
  enum class Moment : uint8_t { Begin, End };
  // What the iterators over the kernel's objects print, from the beginning; [take] is false when it has enough. It is
  // called with nothing now and then.
  Result<void> read_iterators(Moment moment, const std::function<bool(std::string_view)> &take) const;
  // Whether anything but iterators hangs here: something may come yet.
  bool has_events() const;

 private:
  struct Way;
  static const Way kWays[];

  Result<void> keep(bpf_link *link, std::string_view section);
  Result<void> keep(Fd link, std::string_view section);
  Result<void> keep_on(bpf_program *program, Fd event, std::string_view section);
  // attachments.cpp
  Result<void> attach_by_name(bpf_program *program, std::string_view section);
  Result<void> attach_raw_tracepoint(bpf_program *program, std::string_view section);
  Result<void> attach_usdt(bpf_program *program, std::string_view section);
  Result<void> attach_tracepoint(bpf_program *program, std::string_view section);
  Result<void> attach_samples(bpf_program *program, std::string_view section);
  Result<void> attach_user_functions(bpf_program *program, std::string_view section);
  Result<void> attach_iterator(bpf_program *program, std::string_view section);
  Result<void> attach_struct_ops(bpf_program *program, std::string_view section);
  // attach_network.cpp
  Result<void> attach_socket(bpf_program *program, std::string_view section);
  Result<void> attach_xdp(bpf_program *program, std::string_view section);
  Result<void> attach_tc(bpf_program *program, std::string_view section);
  Result<void> attach_clsact(bpf_program *program, int interface, bool is_egress, std::string_view section);
  Result<void> attach_cgroup(bpf_program *program, std::string_view section);
  Result<void> attach_cgroup_both_ways(bpf_program *program, std::string_view section);
  Result<void> attach_netns(bpf_program *program, std::string_view section);
  Result<void> attach_netfilter(bpf_program *program, std::string_view section);
  Result<void> attach_reuseport(bpf_program *program, std::string_view section);
  Result<void> attach_sockmap(bpf_program *program, std::string_view section);
  Result<int> interface_of(std::string_view section) const;
  Result<Fd> control_group(std::string_view section) const;

  struct ChosenMap {
    int fd = -1;
    bool is_own = false;  // of the object
    Fd opened{-1};        // [fd], when it is not
  };
  // --map, or the only one of the object that is of one of [types].
  Result<ChosenMap> choose_map(std::string_view section, std::span<const uint32_t> types) const;

  struct Iterator {
    bpf_link *link;  // of links_
    Moment moment;
  };

  const KernelObject *object_;
  Places places_;
  std::optional<Tracefs> tracefs_;
  std::vector<bpf_link *> links_;
  std::vector<Iterator> iterators_;
  std::vector<Fd> sockets_;
  std::vector<Fd> raw_links_;                  // that this libbpf has no object for
  std::vector<std::function<void()>> undone_;  // what no descriptor stands for, taken back in the end
};

// ---- between the files of this class

std::string_view behind_slash(std::string_view section);
// With the system's words, or libbpf's.
std::unexpected<Error> cannot_attach(int error, std::string_view section);
std::unexpected<Error> needs(std::string_view section, std::string_view what, std::string_view option);

}  // namespace spile::kernel
