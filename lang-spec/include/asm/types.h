/* Of Linux, by generate-uapi.py: the whole of its text, however long, without comments. */
#include <asm-generic/types.h>
