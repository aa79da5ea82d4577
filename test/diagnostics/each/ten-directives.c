// Faults of directives and macros: each is told, and alone.
#define TWICE(x) x x
#define STRING(x) #y // expect: HashWithoutParameter
#define PASTE(x) ##x // expect: PasteAtEdge
#if 1 + // expect: ExpectedInCondition
#endif
#if 1 / 0 // expect: ConditionDivisionByZero
#endif
#elif 1 // expect: DirectiveWithoutIf
#else // expect: DirectiveWithoutIf
#endif // expect: DirectiveWithoutIf
#error "as it says" // expect: ErrorDirective
#unknown directive // expect: UnknownDirective
#include nothing // expect: ExpectedHeaderName
int twice = TWICE(1, 2); // expect: WrongMacroArguments
#undef 3 // expect: ExpectedMacroName
#line zero // expect: BadLineDirective
char *text = "open; // expect: UnterminatedString
