/* Of Linux, by generate-uapi.py. */
#include <asm/errno.h>
