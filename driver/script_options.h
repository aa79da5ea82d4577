// Options that a probe declares for itself: its global `const volatile` variables, set before it is verified.
//
//     OPTION(u32, least, 0, "only calls that took longer");     spile run probe.c -G least=5     ... -- --least=5
// `const volatile` globals named `$1`, `$2` take the words that are no options: ... -- 5 /etc
//
// In: an object, the words of the command line. Out: the object with other bytes in `.rodata`. Called by run.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "backend/object/object.h"
#include "support/result.h"

namespace spile::driver {

// [assignment]: NAME=VALUE; VALUE is a number, a name of the variable's enum, true or false, or text for a char array.
// Usage error for an unknown name (with those there are) and for a value that does not fit.
Result<void> set_option(object::Object &object, std::string_view assignment);

// One line for each option: its name, type, value, and help.
std::string options_help(object::Object &object);

}  // namespace spile::driver
