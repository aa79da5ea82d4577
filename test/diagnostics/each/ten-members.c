// Faults of members, some of syntax and some of sense: each is told, and alone.
struct record {
  int a b; // expect: ExpectedAfter
  int : -1; // expect: BitfieldWidth
  unknown_t c; // expect: UnknownTypeName
  int d[-1]; // expect: NegativeArraySize
  struct missing e; // expect: IncompleteMember
  int f(void); // expect: FunctionMember
  static int g; // expect: StorageInRecord
  int h = 1; // expect: InitializedMember
  int i : 40; // expect: BitfieldWidth
  int *j : 2; // expect: BitfieldType
  int last;
};
int uses(struct record *r) { return r->b + r->last + r->h; }
