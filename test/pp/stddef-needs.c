// RUN: %spile build %s -o %t.o
// A header that asks stddef.h for size_t alone leaves the other names to the program, as libc's headers need.
#define __need_size_t
#include <stddef.h>
typedef unsigned short wchar_t;
size_t count;
wchar_t letter;
int offsetof;

#define __need_NULL
#include <stddef.h>
void *nothing = NULL;
