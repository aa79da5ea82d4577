#include "runtime/hooks/trace_dat.h"

#include <event-parse.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/hooks/dynamic_library.h"
#include "runtime/hooks/isolated_recording.h"

// Of <trace-cmd/trace-cmd.h>, which is no C++: the header of libtracefs that it includes is none.
extern "C" {
struct tracecmd_input;
tracecmd_input *tracecmd_open_head(const char *file, int flags);
int tracecmd_init_data(tracecmd_input *handle);
tep_handle *tracecmd_get_tep(tracecmd_input *handle);
tep_record *tracecmd_read_data(tracecmd_input *handle, int cpu);
void tracecmd_free_record(tep_record *record);
int tracecmd_buffer_instances(tracecmd_input *handle);
tracecmd_input *tracecmd_buffer_instance_handle(tracecmd_input *handle, int index);
void tracecmd_set_loglevel(enum tep_loglevel level);
}

namespace spile::hooks {

namespace {

constexpr int kNoPlugins = 1;  // TRACECMD_FL_LOAD_NO_PLUGINS

// Among the common fields of every record: the thread.
constexpr size_t kThread = 4;

// The functions of libtracecmd, and of libtraceevent that it brings along, found by name at run time.
struct Library : DynamicLibrary {
  decltype(&::tracecmd_open_head) open_head = nullptr;
  decltype(&::tracecmd_init_data) init_data = nullptr;
  decltype(&::tracecmd_get_tep) get_tep = nullptr;
  decltype(&::tracecmd_read_data) read_data = nullptr;
  decltype(&::tracecmd_free_record) free_record = nullptr;
  decltype(&::tracecmd_buffer_instances) buffer_instances = nullptr;
  decltype(&::tracecmd_buffer_instance_handle) buffer_instance_handle = nullptr;
  decltype(&::tracecmd_set_loglevel) set_loglevel = nullptr;
  decltype(&::tep_get_cpus) get_cpus = nullptr;
  decltype(&::tep_find_event_by_record) find_event = nullptr;
  decltype(&::tep_data_comm_from_pid) comm_from_pid = nullptr;

  bool load() {
    return open_library("libtracecmd.so.1") && find(open_head, "tracecmd_open_head") &&
           find(init_data, "tracecmd_init_data") && find(get_tep, "tracecmd_get_tep") &&
           find(read_data, "tracecmd_read_data") && find(free_record, "tracecmd_free_record") &&
           find(buffer_instances, "tracecmd_buffer_instances") &&
           find(buffer_instance_handle, "tracecmd_buffer_instance_handle") &&
           find(set_loglevel, "tracecmd_set_loglevel") && find(get_cpus, "tep_get_cpus") &&
           find(find_event, "tep_find_event_by_record") && find(comm_from_pid, "tep_data_comm_from_pid");
  }
};

// What the format of an event says, in the words of RecordFormat.
RecordFormat format_of(const tep_event &event) {
  RecordFormat format{fmt::format("{}/{}", event.system, event.name), {}, kHiddenBytes};
  for (const tep_format_field *field = event.format.fields; field != nullptr; field = field->next) {
    if (field->offset < 0 || field->size <= 0) continue;
    const auto offset = static_cast<uint32_t>(field->offset), size = static_cast<uint32_t>(field->size);
    const bool is_text = (field->flags & TEP_FIELD_IS_STRING) != 0 && (field->flags & TEP_FIELD_IS_ARRAY) != 0;
    if ((field->flags & TEP_FIELD_IS_DYNAMIC) != 0)
      format.fields.push_back(
          {"u32", fmt::format("{}{}", (field->flags & TEP_FIELD_IS_RELATIVE) != 0 ? kRelLoc : kDataLoc, field->name),
           offset, size});
    else
      format.fields.push_back({is_text ? fmt::format("char[{}]", size) : field->type, field->name, offset, size});
    format.size = std::max(format.size, offset + size);
  }
  return format;
}

// Closes nothing: the process that reads a file ends with it.
class TraceDat final : public Recording {
 public:
  TraceDat(const Library &library, std::string path, tracecmd_input *input)
      : library_(&library), path_(std::move(path)) {
    add_handle(input);
    for (int i = 0; i < library_->buffer_instances(input); i++)
      if (tracecmd_input *instance = library_->buffer_instance_handle(input, i)) add_handle(instance);
    for (Stream &stream : streams_) stream.next = library_->read_data(stream.input, stream.cpu);
    if (const Stream *first = earliest()) clock_ns_ = first->next->ts;
  }
  Result<bool> next(uint32_t &hook, vm::Event &event) override {
    if (shown_ != nullptr) library_->free_record(std::exchange(shown_, nullptr));
    Stream *stream = earliest();
    if (stream == nullptr) return false;
    shown_ = std::exchange(stream->next, nullptr);
    stream->next = library_->read_data(stream->input, stream->cpu);
    if (shown_->missed_events != 0) note_loss(shown_->missed_events);
    const size_t size = static_cast<size_t>(std::max(shown_->size, 0));
    if (shown_->data == nullptr || size < kHiddenBytes) return input_error("`{}`: a record of {} bytes", path_, size);
    if (size > kRecordRoom) return too_large("a record", size);
    const auto known = hook_of(stream->tep, *shown_);
    if (!known) return std::unexpected(known.error());
    hook = *known;
    auto *bytes = static_cast<std::byte *>(shown_->data);
    int32_t thread = 0;
    std::memcpy(&thread, bytes + kThread, sizeof thread);
    if (static_cast<uint32_t>(thread) != event.tid || event.comm[0] == '\0') {
      event.pid = event.tid = static_cast<uint32_t>(thread);
      event.comm = {};
      if (const char *comm = library_->comm_from_pid(stream->tep, thread))
        std::strncpy(event.comm.data(), comm, event.comm.size() - 1);
    }
    event.time_ns = shown_->ts;
    event.cpu = static_cast<uint32_t>(shown_->cpu);
    event.ctx = {bytes, size};
    return true;
  }
  const std::vector<Tracepoint> &hooks() const override { return hooks_; }
  uint64_t clock_ns() const override { return clock_ns_; }
  std::vector<std::string> notices() const override {
    if (lost_ == 0 && losses_ == 0) return {};
    return {fmt::format("the kernel lost {} events while `{}` was recorded",
                        losses_ == 0 ? fmt::format("{}", lost_) : fmt::format("{} or more", lost_ + losses_), path_)};
  }

 private:
  struct Stream {  // of one CPU
    tracecmd_input *input = nullptr;
    tep_handle *tep = nullptr;
    int cpu = 0;
    tep_record *next = nullptr;  // null: none is left
  };

  void add_handle(tracecmd_input *input) {
    tep_handle *tep = library_->get_tep(input);
    for (int cpu = 0; tep != nullptr && cpu < library_->get_cpus(tep); cpu++)
      streams_.push_back({input, tep, cpu, nullptr});
  }
  Stream *earliest() {
    Stream *found = nullptr;
    for (Stream &stream : streams_)
      if (stream.next != nullptr && (found == nullptr || stream.next->ts < found->next->ts)) found = &stream;
    return found;
  }
  // The kernel says how many, or only that some were lost.
  void note_loss(long long count) { (count > 0 ? lost_ : losses_) += count > 0 ? static_cast<uint64_t>(count) : 1; }

  Result<uint32_t> hook_of(tep_handle *tep, tep_record &record) {
    uint16_t id = 0;
    std::memcpy(&id, record.data, sizeof id);
    if (id >= hook_by_id_.size()) hook_by_id_.resize(size_t{id} + 1, kNone);
    if (hook_by_id_[id] == kNone) {
      const tep_event *event = library_->find_event(tep, &record);
      if (event == nullptr) return input_error("`{}`: an event of type {}, which it does not describe", path_, id);
      RecordFormat format = format_of(*event);
      if (format.size > kRecordRoom) return too_large(fmt::format("a record of `{}`", format.name), format.size);
      hook_by_id_[id] = static_cast<uint32_t>(hooks_.size());
      hooks_.push_back(Tracepoint::of(std::move(format)));
    }
    return hook_by_id_[id];
  }

  std::unexpected<Error> too_large(std::string_view what, size_t size) const {
    return unsupported_error("`{}`: {} has {} bytes; {} are the limit", path_, what, size, kRecordRoom);
  }

  static constexpr uint32_t kNone = UINT32_MAX;
  const Library *library_;
  std::string path_;
  std::vector<Stream> streams_;
  tep_record *shown_ = nullptr;  // the event that was given out
  std::vector<uint32_t> hook_by_id_;
  std::vector<Tracepoint> hooks_;
  uint64_t clock_ns_ = 0, lost_ = 0, losses_ = 0;
};

}  // namespace

Result<std::unique_ptr<Recording>> read_trace_dat(ByteStream bytes) {
  const std::string path = bytes.path();
  Library library;  // opened here: a process that was made by fork() alone opens none
  if (!library.load())
    return std::unexpected(Error{Error::Kind::Environment,
                                 fmt::format("reading `{}` needs libtracecmd, which cannot be opened", path),
                                 "install the package `libtracecmd1`", 0});
  const auto file = std::move(bytes).as_seekable();
  if (!file) return std::unexpected(file.error());
  return read_isolated(path, "libtracecmd", [&]() -> Result<std::unique_ptr<Recording>> {
    library.set_loglevel(TEP_LOG_NONE);
    tracecmd_input *input = library.open_head(fmt::format("/proc/self/fd/{}", file->get()).c_str(), kNoPlugins);
    if (input == nullptr || library.init_data(input) != 0)
      return input_error("`{}` is damaged or cut off: libtracecmd does not read it", path);
    return std::make_unique<TraceDat>(library, path, input);
  });
}

}  // namespace spile::hooks
