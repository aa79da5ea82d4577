#include "support/source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "support/check.h"

namespace spile {

// One range of the location space: a file, or one expansion of a macro.
struct SourceManager::Entry {
  uint32_t begin = 0, end = 0;  // one past the last location, which is the end of the file itself
  const File *file = nullptr;   // null: an expansion
  Loc spelling;
  Range use;
  std::string_view macro_name;
};

struct SourceManager::LineDirective {
  Loc after;
  uint32_t line;
  std::string path;  // empty: unchanged
};

SourceManager::SourceManager() = default;
SourceManager::~SourceManager() = default;

Loc SourceManager::reserve(uint64_t length) {
  if (next_ + length + 1 > UINT32_MAX) return {};
  const Loc begin{static_cast<uint32_t>(next_)};
  next_ += length + 1;
  return begin;
}

Result<const SourceManager::File *> SourceManager::add(std::string path, std::string text, Loc included_from) {
  const Loc begin = reserve(text.size());
  if (!begin.valid()) return input_error("{}: the sources are larger than 4 GiB together", path);
  auto file = std::make_unique<File>(File{std::move(path), std::move(text), begin, included_from, false, {}});
  const auto end = static_cast<uint32_t>(begin.raw + file->text.size() + 1);
  entries_.push_back(Entry{begin.raw, end, file.get(), {}, {}, {}});
  files_.push_back(std::move(file));
  return files_.back().get();
}

// Reads until the end, so that pipes and files in /proc work too; a file that says how long it is, to that.
static Result<std::string> read_all(int fd, const std::string &path, size_t expected) {
  std::string text;
  for (size_t room = std::max<size_t>(expected + 1, 4096);;) {
    const size_t used = text.size();
    if (used == room) room *= 2;
    ssize_t n = 0;
    // What is read is not written with zeros before.
    text.resize_and_overwrite(room, [&](char *bytes, size_t size) {
      do n = ::read(fd, bytes + used, size - used);
      while (n < 0 && errno == EINTR);
      return used + static_cast<size_t>(std::max<ssize_t>(n, 0));
    });
    if (n < 0) return os_error(errno, path);
    if (text.size() > SourceManager::kMaxFileSize)
      return input_error("{}: larger than {} MiB", path, SourceManager::kMaxFileSize >> 20);
    if (n == 0 || (used == 0 && expected != 0 && text.size() == expected)) break;
  }
  // Some editors write it to say UTF-8, which everything is.
  if (constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf"; text.starts_with(kByteOrderMark))
    text.erase(0, kByteOrderMark.size());
  return text;
}

Result<const SourceManager::File *> SourceManager::load(const std::string &path, Loc included_from) {
  if (path == "-") {
    auto text = read_all(STDIN_FILENO, "<stdin>", 0);
    if (!text) return std::unexpected(text.error());
    return add("<stdin>", std::move(*text), included_from);
  }
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return os_error(errno, path);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return os_error(errno, path);
  if (S_ISDIR(status.st_mode)) return input_error("{}: is a directory", path);
  return load(path, {std::move(file), static_cast<size_t>(status.st_size)}, included_from);
}

Result<const SourceManager::File *> SourceManager::load(const std::string &path, const OpenSource &open,
                                                        Loc included_from) {
  auto text = read_all(open.file.get(), path, open.size);
  if (!text) return std::unexpected(text.error());
  return add(path, std::move(*text), included_from);
}

Loc SourceManager::add_expansion(Loc spelling, Range use, uint32_t length, std::string_view macro_name) {
  const Loc begin = reserve(length);
  // The location space is full: the diagnostics inside this expansion lose its stack, nothing else.
  if (!begin.valid()) return spelling;
  entries_.push_back(Entry{begin.raw, begin.raw + length + 1, nullptr, spelling, use, macro_name});
  return begin;
}

const SourceManager::Entry *SourceManager::entry_of(Loc loc) const {
  if (!loc.valid() || entries_.empty()) return nullptr;
  if (last_entry_ < entries_.size()) {
    const Entry &last = entries_[last_entry_];
    if (last.begin <= loc.raw && loc.raw < last.end) return &last;
  }
  const auto it = std::ranges::upper_bound(entries_, loc.raw, {}, &Entry::begin);
  if (it == entries_.begin()) return nullptr;
  const Entry &entry = *std::prev(it);
  if (loc.raw >= entry.end) return nullptr;
  last_entry_ = static_cast<uint32_t>(&entry - entries_.data());
  return &entry;
}

Loc SourceManager::spelling(Loc loc) const {
  for (const Entry *e = entry_of(loc); e != nullptr && e->file == nullptr; e = entry_of(loc))
    loc = e->spelling + (loc.raw - e->begin);
  return loc;
}

Loc SourceManager::expansion(Loc loc) const {
  for (const Entry *e = entry_of(loc); e != nullptr && e->file == nullptr; e = entry_of(loc)) loc = e->use.begin;
  return loc;
}

Range SourceManager::expansion(Range range) const {
  Range out{expansion(range.begin), range.end};
  for (const Entry *e = entry_of(out.end); e != nullptr && e->file == nullptr; e = entry_of(out.end))
    out.end = e->use.end;
  // A range whose ends come from different files (a macro that spans an #include) is shown as a caret.
  if (out.end < out.begin || file_of(out.begin) != file_of(out.end)) out.end = out.begin;
  return out;
}

std::vector<SourceManager::Expansion> SourceManager::expansions(Loc loc) const {
  std::vector<Expansion> stack;
  for (const Entry *e = entry_of(loc); e != nullptr && e->file == nullptr; e = entry_of(loc)) {
    if (!e->macro_name.empty()) stack.push_back({e->macro_name, spelling(loc), e->use});
    loc = e->use.begin;
  }
  return stack;
}

const SourceManager::File *SourceManager::file_of(Loc loc) const {
  const Entry *entry = entry_of(loc);
  return entry != nullptr ? entry->file : nullptr;
}

Loc SourceManager::brought_in_at(Loc loc) const {
  const Entry *e = entry_of(loc);
  if (e == nullptr) return {};
  return e->file != nullptr ? e->file->included_from : e->use.begin;
}

bool SourceManager::same_entry(Loc a, Loc b) const {
  const Entry *e = entry_of(a);
  return e != nullptr && e->begin <= b.raw && b.raw < e->end;
}

void SourceManager::mark_system(const File &file) {
  const auto known = std::ranges::find(files_.rbegin(), files_.rend(), &file, &std::unique_ptr<File>::get);
  if (known != files_.rend()) (*known)->is_system = true;
}

void SourceManager::mark_written_from(const File &file, const File &original) {
  const auto known = std::ranges::find(files_.rbegin(), files_.rend(), &file, &std::unique_ptr<File>::get);
  if (known != files_.rend()) (*known)->written_from = &original;
}

bool SourceManager::in_system_header(Loc loc) const {
  const File *file = file_of(loc);
  return file != nullptr && file->is_system;
}

namespace {

// Where the lines of [file] begin.
const std::vector<uint32_t> &line_starts(const SourceManager::File &file) {
  if (!file.line_starts.empty()) return file.line_starts;
  file.line_starts.push_back(0);
  for (size_t at = file.text.find('\n'); at != std::string::npos; at = file.text.find('\n', at + 1))
    file.line_starts.push_back(static_cast<uint32_t>(at + 1));
  return file.line_starts;
}

std::string_view line_at(std::string_view text, size_t start) {
  const std::string_view line = text.substr(start, text.find('\n', start) - start);
  return line.substr(0, line.size() - (line.ends_with('\r') ? 1 : 0));
}

}  // namespace

Place SourceManager::place(Loc loc) const {
  loc = expansion(loc);
  const File *file = file_of(loc);
  if (file == nullptr) return {};
  const std::vector<uint32_t> &starts = line_starts(*file);
  const uint32_t offset = loc.raw - file->begin.raw;
  const auto next = std::ranges::upper_bound(starts, offset);
  const uint32_t start = *std::prev(next);
  Place place{file->path, static_cast<uint32_t>(next - starts.begin()), offset - start + 1, line_at(file->text, start)};

  // Directives are few and ordered; those of other files lie outside [file->begin, loc].
  for (auto it = line_directives_.rbegin(); it != line_directives_.rend(); ++it) {
    if (it->after > loc || it->after < file->begin) continue;
    const uint32_t at = it->after.raw - file->begin.raw;
    const auto directive_line = std::ranges::upper_bound(starts, at) - starts.begin();
    place.line = it->line + place.line - static_cast<uint32_t>(directive_line) - 1;
    if (!it->path.empty()) place.path = it->path;
    if (const File *original = file->written_from; original != nullptr && place.path == original->path) {
      const std::vector<uint32_t> &lines = line_starts(*original);
      if (place.line >= 1 && place.line <= lines.size())
        place.line_text = line_at(original->text, lines[place.line - 1]);
    }
    break;
  }
  return place;
}

std::string_view SourceManager::text(Range range) const {
  const Loc begin = spelling(range.begin);
  const File *file = file_of(begin);
  if (file == nullptr) return {};
  const Loc end = spelling(range.end);
  if (end < begin || file_of(end) != file) return {};
  return std::string_view(file->text).substr(begin.raw - file->begin.raw, end.raw - begin.raw);
}

void SourceManager::add_line_directive(Loc after, uint32_t line, std::string path) {
  line_directives_.push_back({after, line, std::move(path)});
}

}  // namespace spile
