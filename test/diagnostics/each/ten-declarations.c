// Faults of declarations: each is told, and alone.
int a = ; // expect: ExpectedFound
int b[2 = {1, 2}; // expect: BracesInExpression
struct { int x int more; } c; // expect: ExpectedAfter
int (d; // expect: ExpectedAfter
unknown_t e; // expect: UnknownTypeName
enum { A, B C }; // expect: ExpectedAfter
int f(int x y) { return x; } // expect: OldStyleParameters
extern int g = = 3; // expect: ExpectedFound
int h(void) { return 1 } // expect: ExpectedAfter
int i(int n) { return n + undeclared; } // expect: UndeclaredIdentifier
_Thread_local int j; // expect: ThreadLocal
int last(void) { return a + b[0] + c.x + f(1, 2) + g + h(); }
