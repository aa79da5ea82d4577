// options: -Wno-unused
struct known { int a; };
union both { int a; };
enum which { ONE };
typedef int number;
struct both wrong_tag; // expect: WrongTagKind
int known_function(void);
int known_function; // expect: DifferentKind
extern int outer;
static int defined_first = 1;
int changes = 1;
static int changes; // expect: StaticAfterExternal
void old(void) __attribute__((deprecated("use new")));
void calls_old(void) { old(); } // expect: Deprecated
int vectors __attribute__((vector_size(16))); // expect: UnsupportedAttribute
int strings __attribute__((section(1))); // expect: AttributeWantsString EmptySection
int aligned3 __attribute__((aligned(3))); // expect: BadAlignment
int nameless __attribute__((section(""))); // expect: EmptySection
static int hidden_program(void *ctx) __attribute__((section("xdp"), used));
static int hidden_program(void *ctx) { return 0; } // expect: StaticProgram
int not_a_program __attribute__((section("tracepoint/a/b"))); // expect: ProgramSectionOnVariable
short long mixed; // expect: BadTypeWords
const untyped; // expect: MissingType
int; // expect: DeclaresNothing
int by_pointer[(int *)0 == 0 ? "x" : "y"]; // expect: ArraySizeType
int negative[-1]; // expect: NegativeArraySize
void elements[2]; // expect: ArrayElement
struct missing incomplete_elements[2]; // expect: IncompleteElement
int takes_void(int a, void); // expect: VoidParameter
void nothing_at_all; // expect: VoidVariable
int returns_array(void)[2]; // expect: FunctionResult
struct unnamed { int; }; // expect: DeclaresNothing
struct unended { int number; int last }; // expect: MemberWithoutSemicolon
struct functions { int f(void); }; // expect: FunctionMember
struct storage { static int a; }; // expect: StorageInRecord
struct bits { int *p : 3; }; // expect: BitfieldType
struct wide_bits { int b : 40; }; // expect: BitfieldWidth
struct twice { int a; char a; }; // expect: DuplicateMember
struct open { int a[]; int b; }; // expect: FlexibleArrayNotLast
struct contains { struct missing m; }; // expect: IncompleteMember
typedef int with_value = 3; // expect: InitializedTypedef
int function_with_value(void) = 3; // expect: InitializedFunction
void blocks(void) {
  extern int inner = 3; // expect: InitializedExtern
}
inline int inline_variable; // expect: InlineVariable
register int register_function(void); // expect: FunctionStorage
void autos(void) {
  __auto_type unknown; // expect: AutoTypeInitializer
}
asm("r0 = 0"); // expect: FileScopeAsm
_Static_assert(1 == 2, "numbers"); // expect: StaticAssertFailed
_Atomic struct known shared_record; // expect: AtomicType
int huge[1L << 60]; // expect: ObjectTooLarge
__attribute__((no_such_attribute)) int attributed; // expect: UnknownAttribute
struct known { int a; }; // expect: RecordRedefined
typedef long number; // expect: TypedefRedefined
typedef int (function)(void);
function with_body { return 0; } // expect: BodyWithoutFunction
typedef void *address;
enum by_address : address { FAR }; // expect: EnumUnderlying
enum text { LETTERS = "abc" }; // expect: NotInteger
#define TEN(x) x x x x x x x x x x
int TEN(TEN(*) TEN(*) TEN(*)) far_away; // expect: TypeTooDeep
int odd_mode __attribute__((mode(XYZ))); // expect: UnknownMode
int *pointer_mode __attribute__((mode(SI))); // expect: ModeOfType
#define __arena __attribute__((address_space(1)))
int __attribute__((address_space(5))) other_space; // expect: AddressSpace
struct in_space { int __arena a; }; // expect: AddressSpaceObject
void in_spaces(int __arena *shared, int *own) {
  int __arena local; // expect: AddressSpaceObject
  own = shared; // expect: AddressSpaceLost
  if (own == shared) // expect: AddressSpacesMixed
    own = (int *)shared;
}
