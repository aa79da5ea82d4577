// Faults of statements, some of syntax and some of sense: each is told, and alone.
int g(int);
int f(int n) {
  n = n + ; // expect: ExpectedFound
  g(n; // expect: ExpectedAfter
  if n > 1) return 2; // expect: ExpectedAfter
  g(n, n); // expect: ArgumentCount
  int x = 3 int y = 4; // expect: ExpectedAfter
  return n n; // expect: ExpectedAfter
  while () g(n); // expect: ExpectedFound
  switch (n) { case : break; } // expect: ExpectedFound
  n = undeclared; // expect: UndeclaredIdentifier
  goto 3; // expect: ExpectedFound
  else n = 1; // expect: ElseWithoutIf
  g = n; // expect: NotAssignable
  a[ = 3; // expect: ExpectedFound
  return n + x + y;
}
int last(void) { return 0; }
