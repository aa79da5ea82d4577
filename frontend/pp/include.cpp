// #include: the header's name, where it is found, entering and leaving files.
#include <algorithm>
#include <string>

#include "frontend/pp/headers.h"
#include "frontend/pp/machine.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/preprocess.def"
#include "support/diag_table.h"

namespace spile::pp {

// Bytes from which on a header is not one that a person has written for the program.
static constexpr size_t kLargeHeader = 64 << 10;

void Machine::enter_file(const SourceManager::File &file, size_t directory, bool may_postpone) {
  // A token takes more than two characters of nearly every file. What is not used is never touched, so it costs no
  // memory. Of a file whose declarations are left unread there are few.
  const size_t wanted = out_.size() + file.text.size() / 2;
  if (wanted > out_.capacity() && !may_postpone) out_.reserve(std::max(wanted, out_.capacity() * 2));
  inputs_.push_back(std::make_unique<Input>(Input{
      .file = &file,
      .lexer = Lexer(file.text, file.begin, names_, arena_, &diagnostics_),
      .path = file.path,
      .directory = directory,
      .first_token = out_.size(),
      .first_conditional = conditionals_.size(),
      .may_postpone = may_postpone,
      .leaves_macros = may_postpone,
  }));
  if (inputs_.size() == 2) headers_.push_back({static_cast<uint32_t>(out_.size()), 0});
}

void Machine::leave_file() {
  const Input &file = input();
  while (conditionals_.size() > file.first_conditional) {
    const Conditional &open = conditionals_.back();
    diagnostics_.report<diag::UnterminatedConditional>(open.range, open.keyword);
    conditionals_.pop_back();
    if (diagnostics_.too_many()) conditionals_.resize(file.first_conditional);
  }
  if (file.guard_state == GuardState::Closed && out_.size() == file.guard_end_token)
    known_files_[std::string(file.path)].guard = file.guard;
  if (file.macros_only) out_.resize(file.first_token);
  if (inputs_.size() == 2) headers_.back().end = static_cast<uint32_t>(out_.size());
  inputs_.pop_back();
}

// "x.h" or <x.h>, written so or made by macros; nothing, and a diagnostic, for anything else.
std::optional<Token> Machine::read_header_name(std::string_view after) {
  Token token;
  if (pending_.empty() && lexer().lex_header_name(token)) {
    if (token.is(TokenKind::Unknown)) return {};
    return token;
  }
  next_expanded(token);
  if (token.is(TokenKind::StringLiteral) && token.text[0] == '"') return token;
  if (token.is(TokenKind::Less)) {
    std::string text = "<";
    for (Token part; next_expanded(part);) {
      if (part.has(kSpaceBefore) && text.size() > 1) text += ' ';
      text += part.spelling();
      if (part.is(TokenKind::Greater)) return make_token(TokenKind::StringLiteral, text, token);
    }
  }
  const std::string seen =
      token.is(TokenKind::EndOfFile) ? "the end of the line" : "`" + std::string(token.spelling()) + "`";
  diagnostics_.report<diag::ExpectedHeaderName>(sources_.expansion(token.range()), after, seen);
  return {};
}

std::optional<Machine::Found> Machine::shipped_header(const std::string &path, size_t directory) {
  const ShippedHeader *header = find_shipped_header(path);
  if (header == nullptr) return {};
  return Found{std::string(kShippedPrefix) + path, directory, header->text, true};
}

// Directories are numbered in the order of the search: 0 that of the includer, then -iquote, -I, -isystem, the shipped
// headers (which stand where clang has those of its resource directory), -idirafter.
std::optional<Machine::Found> Machine::find_header(std::string_view name, bool is_quoted, bool is_next) {
  const size_t first = is_next ? input().directory + 1 : 0;
  if (name.starts_with('/')) {
    std::string path = join_path({}, name);
    if (is_readable_file(path)) return Found{std::move(path), 0, {}, false};
    return {};
  }
  if (is_quoted && first == 0) {
    // Found beside the includer: for #include_next it counts as found where the includer was.
    std::string_view directory = directory_of(input().path);
    if (directory.starts_with(kShippedPrefix)) {
      directory.remove_prefix(kShippedPrefix.size());
      if (auto found = shipped_header(join_path(directory, name), input().directory)) return found;
    } else {
      std::string path = join_path(directory, name);
      if (is_readable_file(path)) return Found{std::move(path), input().directory, {}, false};
    }
  }
  if (is_next) return search_header(name, is_quoted, first);
  // Many headers include the same ones: each is looked for once.
  auto &known = (is_quoted ? found_quoted_ : found_angled_)[std::string(name)];
  if (!known) known = search_header(name, is_quoted, first);
  return *known;
}

// Whether [directory] has the folder that [name] begins with: one that has no `linux` has none of its headers.
bool Machine::has_folder_of(const std::string &directory, std::string_view name) {
  const size_t slash = name.find('/');
  if (slash == std::string_view::npos || directory.empty() || name.contains("..")) return true;
  const auto [known, is_new] = folders_.try_emplace(fmt::format("{}/{}", directory, name.substr(0, slash)), false);
  if (is_new) known->second = is_folder(known->first);
  return known->second;
}

// In the directories from number [first] on.
std::optional<Machine::Found> Machine::search_header(std::string_view name, bool is_quoted, size_t first) {
  size_t number = 1;
  const auto search = [&](const std::vector<std::string> &directories) -> std::optional<Found> {
    const bool is_searched = is_quoted || &directories != &options_.quote_dirs;
    for (const std::string &directory : directories) {
      if (is_searched && number >= first && has_folder_of(directory, name)) {
        std::string path = join_path(directory, name);
        if (is_readable_file(path)) return Found{std::move(path), number, {}, false};
      }
      number++;
    }
    return {};
  };
  for (const auto *directories : {&options_.quote_dirs, &options_.include_dirs, &options_.system_dirs})
    if (auto found = search(*directories)) return found;
  if (options_.shipped_headers && number >= first)
    if (auto found = shipped_header(join_path({}, name), number)) return found;
  number++;
  return search(options_.after_dirs);
}

void Machine::report_missing_header(const Token &header, std::string_view name, bool is_quoted) {
  auto builder = diagnostics_.report<diag::HeaderNotFound>(header.range(), name);
  std::string searched;
  const auto add = [&](std::string_view directory) {
    if (!searched.empty()) searched += ", ";
    searched += directory;
  };
  if (is_quoted) add(directory_of(input().path).empty() ? "." : directory_of(input().path));
  if (is_quoted)
    for (const std::string &directory : options_.quote_dirs) add(directory);
  for (const std::string &directory : options_.include_dirs) add(directory);
  for (const std::string &directory : options_.system_dirs) add(directory);
  if (options_.shipped_headers) add("the shipped headers");
  for (const std::string &directory : options_.after_dirs) add(directory);
  builder.note(Range{}, "searched: {}", searched.empty() ? "nowhere; name a directory with -I" : searched);
  const std::string_view nearest = nearest_shipped_header(name);
  if (!nearest.empty() && options_.shipped_headers) {
    builder.hint("did you mean `<{}>`?", nearest);
    if (header.length != 0) builder.fixit(header.range(), fmt::format("<{}>", nearest));
  } else if (!nearest.empty() && nearest == name) {
    builder.hint("it ships with Spile; leave out -nobuiltininc");
  } else if (is_readable_file("/usr/include/" + std::string(name))) {
    builder.hint("the host has it: -I /usr/include");
  }
}

void Machine::include_directive(const Token &keyword, bool is_next) {
  const std::string directive = "#" + std::string(keyword.spelling());
  Lexer &line = lexer();
  const auto header = read_header_name(directive);
  if (!header) return line.end_directive();
  expect_end(keyword.spelling());
  line.end_directive();
  const std::string_view spelling = header->spelling();
  const std::string_view name = spelling.substr(1, spelling.size() - 2);
  const bool is_quoted = spelling[0] == '"';
  const auto found = find_header(name, is_quoted, is_next);
  if (!found) return report_missing_header(*header, name, is_quoted);

  const auto known = known_files_.find(found->path);
  const bool is_new = known == known_files_.end();
  if (!is_new && (known->second.is_once || (known->second.guard != nullptr && known->second.guard->macro != nullptr)))
    return;
  if (inputs_.size() > kMaxIncludeDepth) {
    diagnostics_.report<diag::IncludeTooDeep>(header->range(), kMaxIncludeDepth)
        .hint("does `{}` include itself without an include guard?", name);
    return stop();
  }
  if (++includes_ > kMaxIncludes) {
    diagnostics_.report<diag::TooManyIncludes>(header->range(), kMaxIncludes);
    return stop();
  }
  const auto file = found->is_shipped ? sources_.add(found->path, std::string(found->shipped_text), header->loc)
                                      : sources_.load(found->path, header->loc);
  if (!file) {
    diagnostics_.report<diag::HeaderUnreadable>(header->range(), file.error().message);
    return;
  }
  if (is_new) {
    known_files_.emplace(found->path, KnownFile{});
    if (!found->is_shipped) read_.push_back(*file);
  }
  // Directories are numbered from 1 on: those of -isystem and Spile's own come behind those of -iquote and -I.
  const bool is_system = found->is_shipped || found->path.starts_with("/usr/include/") ||
                         found->directory > options_.quote_dirs.size() + options_.include_dirs.size();
  if (is_system) sources_.mark_system(**file);
  // A person's own headers are read wholly, for the faults in them; but not what was generated. What <> names is not
  // one's own, though its functions are: of such headers the macros wait.
  const bool macros_only = input().macros_only;
  const bool may_postpone = options_.postpone != Postpone::Nothing && !macros_only;
  const bool leaves_macros = may_postpone && (!is_quoted || input().leaves_macros);
  enter_file(**file, found->directory, may_postpone && (is_system || (*file)->text.size() >= kLargeHeader));
  input().macros_only = macros_only;
  input().leaves_macros |= leaves_macros;
}

// -include and -imacros: read before the first line of the main file, in their order, those of -imacros first.
void Machine::include_command_line() {
  const auto include = [&](const std::string &name, bool macros_only) {
    // The current directory takes the place of the includer's.
    std::optional<Found> found;
    if (is_readable_file(name))
      found = Found{.path = name};
    else
      found = find_header(name, true, false);
    if (!found) return report_missing_header(Token{}, name, true);
    const auto file =
        found->is_shipped ? sources_.add(found->path, std::string(found->shipped_text)) : sources_.load(found->path);
    if (!file) {
      diagnostics_.report<diag::HeaderUnreadable>(Range{}, file.error().message);
      return;
    }
    known_files_.emplace(found->path, KnownFile{});
    if (!found->is_shipped) read_.push_back(*file);
    enter_file(**file, found->directory);
    input().macros_only = macros_only;
  };
  // The last one entered is the first one read.
  for (size_t i = options_.includes.size(); i-- > 0;) include(options_.includes[i], false);
  for (size_t i = options_.macro_includes.size(); i-- > 0;) include(options_.macro_includes[i], true);
}

}  // namespace spile::pp
