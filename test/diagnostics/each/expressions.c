// options: -Wno-unused
struct pair { int a, b; int bits : 3; };
struct fixed { const int a; };
union both { int a; };
int undeclared_things(struct pair p, struct pair *q, int *i, char *c, void *v, int n) {
  n = 3 + v; // expect: PointerToInteger
  n = p + 1; // expect: BadOperands
  n = -p; // expect: BadOperand
  n = n[n]; // expect: IndexBase
  n = i[p]; // expect: IndexType
  n = *n; // expect: DerefOfValue
  i = &(n + 1); // expect: AddressOfValue
  i = &p.bits; // expect: AddressOfBitfield
  n = sizeof(p.bits); // expect: SizeofBitfield
  n = (struct pair)n; // expect: BadCast
  n = i - c; // expect: PointerDifference
  n = i == c; // expect: PointerComparison
  n = i == n; // expect: PointerIntegerComparison
  v = n ? i : c; // expect: PointerMismatch
  v = n ? i : n; // expect: ConditionalMix
  n = n ? p : n; // expect: ConditionalTypes
  n = _Generic(n, char *: 1); // expect: NoGenericChoice
  if (p) // expect: ConditionType
    n = 1;
  switch (i) { // expect: SwitchType
  }
  n = undeclared_things; // expect: PointerToInteger
  n = __sync_fetch_and_add(n, 1); // expect: AtomicOperand
  n = __sync_fetch_and_add(c, 1); // expect: AtomicObjectSize
  _Atomic int shared = 1;
  _Atomic short narrow = 1;
  n = __sync_fetch_and_add(&shared, 1); // expect: AtomicObjectKind
  n = __c11_atomic_fetch_add(i, 1, 5); // expect: AtomicObjectKind
  n = shared *= 2; // expect: AtomicUpdate
  n = ++narrow; // expect: AtomicObjectSize
  n = 1.5; // expect: NumberTruncated
  n = n + 1.5; // expect: FloatingPoint
  n = 0x1.8; // expect: BadNumber
  n = __builtin_add_overflow(i, 1, &n); // expect: OverflowTypes
  n = __builtin_va_arg(v, int); // expect: VaArg
  n = __builtin_popcuont(3); // expect: UnsupportedBuiltin
  n = n(); // expect: CallOfNonFunction
  n = 1 << 40; // expect: ShiftCount
  n = 99999999999999999999; // expect: IntegerTooLarge
  n = '\q'; // expect: BadEscape
  n = 'abcde'; // expect: LongCharacter
  n = 09; // expect: BadInteger
  return n;
}
void voids(void);
int value_of_void(struct fixed *f, struct fixed g) {
  *f = g; // expect: AssignConstMember
  f->a = 1; // expect: AssignThroughConst
  return voids(); // expect: VoidValue
}
int scalar = {.a = 1}; // expect: DesignatorInScalar
int by_member[2] = {.a = 1}; // expect: WrongDesignator
int outside[2] = {[2] = 1}; // expect: DesignatorOutOfBounds
int many[1 << 22] = {[0 ... (1 << 22) - 1] = 1}; // expect: RangeTooLarge
int at_run_time = 1; int copied = undeclared_things(0); // expect: InitializerNotConstant ArgumentCount
int outside_of_functions = ({ 3; }); // expect: StatementExpressionOutside
char short_text[2] = "long"; // expect: StringTooLong
int excess[1] = {1, 2}; // expect: ExcessInitializer
int by_value[2] = 3; // expect: ArrayInitializer
