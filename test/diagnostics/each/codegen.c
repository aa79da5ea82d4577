// check
// What only shows once functions are inlined and code is made.
unsigned long length(char *text) { return __builtin_strlen(text); } // expect: StrlenOfVariable
__attribute__((error("not for programs"))) void forbidden(void); // expect: CallOfForbidden
static int without_body(int n); // expect: CallOfUndefined
int outside(int a, int b, int c, int d, int e, int f);
int calls(int n) {
  forbidden();
  return outside(n, 1, 2, 3, 4, 5) + without_body(n); // expect: TooManyArguments
}
