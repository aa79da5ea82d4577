// options: -Wno-unused
int compared(char *a, char *b) { return __builtin_strcmp(a, b); } // expect: StringFunction
void copied(char *a, char *b) { __builtin_memcpy(a, b, 100000); } // expect: MemorySizeTooLarge
int object; struct { long bits : 60; } holds_address = {(long)&object}; // expect: AddressNotConstant
int variadic(int n, ...);
int calls(void) { return variadic(1, 2); } // expect: VariadicCall
int indirect(int (*f)(int)) { return f(1); } // expect: IndirectCall
static long (*many)(int, int, int, int, int, int) = (void *)7;
long helper(void) { return many(1, 2, 3, 4, 5, 6); } // expect: HelperArguments
static __attribute__((noinline)) int ping(int n);
static __attribute__((noinline)) int pong(int n) { return ping(n - 1); } // expect: Recursion
static __attribute__((noinline)) int ping(int n) { return n ? pong(n) : 0; }
int starts(int n) { return ping(n); }
