# Makes the output of ANTLR's tool 4.7.2 fit C++20 and the 4.9 runtime, its ATN lazy and its lists of names empty.
# cmake -DF=<file> -DG=<grammar> -P
file(READ ${F} S)
string(REPLACE "u8\"" "\"" S "${S}")
string(REPLACE "finally([=]" "finally([this]" S "${S}")
string(REPLACE "\n${G}::Initializer ${G}::_init;" "\n" S "${S}")
# Names that nobody asks for: our messages have words of their own. Constructors of globals would make strings of them at
# each start of the program.
foreach(names ruleNames literalNames symbolicNames)
  string(FIND "${S}" "::_${names} = {" begin)
  string(SUBSTRING "${S}" 0 ${begin} before)
  string(SUBSTRING "${S}" ${begin} -1 rest)
  string(FIND "${rest}" "\n};" end)
  string(SUBSTRING "${rest}" ${end} -1 rest)
  string(APPEND before "::_${names} = {")
  set(S "${before}${rest}")
endforeach()
file(WRITE ${F} "${S}")
