/* Nothing of stdio.h can be called; what programs take from it are these names. */
#ifndef _STDIO_H
#define _STDIO_H 1

#include <stdarg.h>
#define __need_size_t
#define __need_NULL
#include <stddef.h>

#define EOF (-1)
#define BUFSIZ 8192
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2

typedef struct _IO_FILE FILE;

#endif
