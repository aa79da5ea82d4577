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
  // A token takes six characters of most files, or more. Room for twice as many would cost nothing by itself, but what
  // lies behind it would be in another huge page. Of a file whose declarations are left unread there are few.
  const size_t wanted = out_.size() + file.text.size() / 6;
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
  return Found{{std::string(kShippedPrefix) + path, directory, header->text, true}};
}

// Directories are numbered in the order of the search: 0 that of the includer, then -iquote, -I, -isystem, the shipped
// headers (which stand where clang has those of its resource directory), -idirafter.
std::optional<Machine::Found> Machine::find_header(std::string_view name, bool is_quoted, bool is_next) {
  const auto at = [](std::string path, size_t directory) -> std::optional<Found> {
    auto opened = open_header(std::move(path));
    if (!opened) return {};
    return Found{{std::move(opened->path), directory}, std::move(opened->open)};
  };
  const size_t first = is_next ? input().directory + 1 : 0;
  if (name.starts_with('/')) return at(join_path({}, name), 0);
  if (is_quoted && first == 0) {
    // Found beside the includer: for #include_next it counts as found where the includer was.
    std::string_view directory = directory_of(input().path);
    if (directory.starts_with(kShippedPrefix)) {
      directory.remove_prefix(kShippedPrefix.size());
      if (auto found = shipped_header(join_path(directory, name), input().directory)) return found;
    } else if (auto found = at(join_path(directory, name), input().directory)) {
      return found;
    }
  }
  if (is_next) return search_header(name, is_quoted, first);
  // Many headers include the same ones: each is looked for once.
  const auto [known, is_new] = (is_quoted ? found_quoted_ : found_angled_).try_emplace(std::string(name));
  if (!is_new) return known->second ? std::optional(Found{*known->second}) : std::nullopt;
  auto found = search_header(name, is_quoted, first);
  if (found) known->second = *found;
  return found;
}

// In the directories from number [first] on.
std::optional<Machine::Found> Machine::search_header(std::string_view name, bool is_quoted, size_t first) {
  // Number 1 is that of folders_[0]; the shipped headers have one, too.
  const auto search = [&](size_t begin, size_t end, size_t number) -> std::optional<Found> {
    for (size_t i = begin; i < end; i++, number++) {
      if (number < first || (!is_quoted && i < options_.quote_dirs.size())) continue;
      if (auto opened = folders_[i].find(name))
        return Found{{std::move(opened->path), number}, std::move(opened->open)};
    }
    return {};
  };
  if (auto found = search(0, first_after_, 1)) return found;
  const size_t shipped = first_after_ + 1;
  if (options_.shipped_headers && shipped >= first)
    if (auto found = shipped_header(join_path({}, name), shipped)) return found;
  return search(first_after_, folders_.size(), shipped + 1);
}

Result<const SourceManager::File *> Machine::load(const Found &header, Loc included_from) {
  if (header.is_shipped) return sources_.add(header.path, std::string(header.shipped_text), included_from);
  if (header.open.file.valid()) return sources_.load(header.path, header.open, included_from);
  return sources_.load(header.path, included_from);
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
  } else if (open_header("/usr/include/" + std::string(name))) {
    builder.hint("the host has it: -I /usr/include");
  }
}

// A rule for make makes [name] before the source is compiled.
void Machine::expect_made(std::string_view name, Loc included_from) {
  const auto [known, is_new] = known_files_.emplace(std::string(name), KnownFile{});
  if (!is_new) return;
  if (const auto file = sources_.add(known->first, "", included_from)) read_.push_back(*file);
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
  if (!found && options_.missing_are_made) return expect_made(name, header->loc);
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
  const auto file = load(*found, header->loc);
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
    if (auto opened = open_header(name))
      found = Found{{std::move(opened->path)}, std::move(opened->open)};
    else
      found = find_header(name, true, false);
    if (!found) return report_missing_header(Token{}, name, true);
    const auto file = load(*found, {});
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
