# Makes the output of ANTLR's tool 4.7.2 fit C++20 and the 4.9 runtime, and its ATN lazy. cmake -DF=<file> -DG=<grammar> -P
file(READ ${F} S)
string(REPLACE "u8\"" "\"" S "${S}")
string(REPLACE "finally([=]" "finally([this]" S "${S}")
string(REPLACE "\n${G}::Initializer ${G}::_init;" "\n" S "${S}")
file(WRITE ${F} "${S}")
