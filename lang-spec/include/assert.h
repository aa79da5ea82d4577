/* The assertion that costs nothing at run time. */
#ifndef _ASSERT_H
#define _ASSERT_H

#define static_assert _Static_assert

#endif
