/* Of Linux, by generate-uapi.py. */
#include <asm-generic/types.h>
