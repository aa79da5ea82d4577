// What the section of a program says about its context: the records of tracepoints, as spile_contexts.h has them.
#include <string>

#include "frontend/sema/analyzer.h"
#include "lang-spec/tables/syscalls.h"
#include "lang-spec/tables/tables.h"
#include "lang-spec/tables/tracepoints.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

namespace {

constexpr std::string_view kEnter = "sys_enter", kExit = "sys_exit", kKernelRecord = "trace_event_raw_";

// The call X of `struct sys_enter_X`; null for any other tag.
const tables::Syscall *entered_call(std::string_view tag) {
  if (!tag.starts_with(kEnter) || tag.size() <= kEnter.size() + 1) return nullptr;
  return tables::find_syscall(tag.substr(kEnter.size() + 1));
}

// The tag of the struct that a program in [section] gets, where the section is the tracepoint of a system call that
// this machine has; else empty.
std::string_view context_of_call(std::string_view section) {
  const tables::ProgramType *program = tables::find_program_type(section);
  if (program == nullptr || program->hook != tables::HookKind::Tracepoint) return {};
  const size_t slash = section.find('/');
  if (slash == std::string_view::npos || !section.substr(slash).starts_with("/syscalls/")) return {};
  const std::string_view record = tables::tracepoint_record(section.substr(slash + 1));
  return record == kEnter ? section.substr(section.rfind('/') + 1) : record;
}

}  // namespace

// A struct of spile_contexts.h that is another hook's: its members lie where this hook has something else. A struct of
// the program's own may have any name but these.
void Analyzer::check_context(const Symbol &symbol) {
  const std::string_view right = context_of_call(symbol.attributes.section);
  const auto parameters = symbol.type->plain->params;
  if (right.empty() || parameters.empty() || !types::is_pointer(parameters[0].type)) return;
  const Type *context = types::base_of(parameters[0].type);
  if (!types::is_record(context)) return;
  const std::string_view tag = context->plain->record->tag;
  if (tag == right || (tag != kExit && entered_call(tag) == nullptr)) return;
  report<diag::ContextOfAnotherHook>(symbol.range, types::to_string(context), symbol.attributes.section)
      .hint("it gives them `struct {}`", right)
      .note(symbol.attributes.section_range, "`{}` hangs on it", symbol.name);
}

// [record], which has no member [name], says of a system call only that it is one: its own struct may have the member.
void Analyzer::hint_context(Diagnostics::Builder &message, const types::Record &record, std::string_view name) const {
  if (record.tag == "pt_regs")
    message.hint(
        "a function's arguments are `arg0`, `arg1`, ... in the short form, elsewhere `PT_REGS_PARM1(ctx)` and its kin "
        "of <bpf/bpf_tracing.h>");
  // `__data_loc char[] filename` of the record's format.
  for (const std::string_view kind : {"__data_loc_", "__rel_loc_"})
    if (const std::string_view rest = name.starts_with(kind) ? name.substr(kind.size()) : std::string_view();
        !rest.empty() && types::find_field(record, rest).field != nullptr)
      message.hint("`{}` lies in the record itself: of text, `kstr(ctx->{})` of `spile.h` is a copy", rest, rest);
    else if (types::find_field(record, std::string(kind) + std::string(name)).field != nullptr)
      message.hint("the text lies behind the record: `{}(ctx, {})` of `spile.h` is it",
                   kind == "__data_loc_" ? "ctx_str" : "ctx_rel_str", name);
  if (function_ == nullptr || (record.tag != "trace_event_raw_sys_enter" && record.tag != kEnter)) return;
  const std::string_view right = context_of_call(function_->attributes.section);
  const tables::Syscall *call = entered_call(right);
  if (call == nullptr) return;
  for (const tables::SyscallArgument &argument : tables::arguments_of(*call))
    if (argument.name == name) message.hint("`struct {}` of <spile_contexts.h> has it", right);
}

void Analyzer::hint_task_array(Diagnostics::Builder &&message, const ast::Expr *array, const ast::Expr *index) const {
  array = ast::without_casts(array);
  const types::Type *base = array->kind == ast::Expr::Member && array->is_arrow ? array->a->type : nullptr;
  if (base == nullptr || !types::is_pointer(base) || !types::is_record(types::base_of(base)) ||
      !types::base_of(base)->plain->record->tag.starts_with("sys_enter_"))
    return;
  message.hint(
      "it lies in the task: `user_pointer({}, {})` of `spile.h` reads a pointer there, `str()` of that the text",
      diags_.sources().text(diags_.sources().expansion(array->range)),
      diags_.sources().text(diags_.sources().expansion(index->range)));
}

// [tag] is never defined, and says a context by the name of a hook.
bool Analyzer::hint_context_tag(Diagnostics::Builder &message, std::string_view tag) {
  if (tag == kEnter || tag == kExit || entered_call(tag) != nullptr) {
    message.hint("`#include <spile_contexts.h>` has it");
    return true;
  }
  if (!tag.starts_with(kKernelRecord)) return false;
  // The kernel has one struct for all events of a class.
  const std::string_view event = tag.substr(kKernelRecord.size());
  const std::string_view record = tables::tracepoint_record_of_event(event);
  if (record.empty() || record == event) return false;
  message.hint("the record of `{}` is `struct {}{}`", event, kKernelRecord, record);
  return true;
}

}  // namespace spile::sema
