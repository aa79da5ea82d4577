/* Of Linux, by generate-uapi.py. */
#include <asm-generic/sockios.h>
