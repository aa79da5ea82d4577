# What every target of the project shares: warnings, sanitizers, how a library and a unit test are declared.

option(SPILE_ASAN "Build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(SPILE_FUZZ "Build the libFuzzer programs (clang only)" OFF)
option(SPILE_CHECKS "Run the checkers between the compiler's stages in a release build too" OFF)

set(SPILE_LLVM_PREFIX /usr/lib/llvm-19 CACHE PATH "Where LLVM 19 is installed")

add_library(spile_options INTERFACE)
target_include_directories(spile_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(spile_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wswitch -Wimplicit-fallthrough -Wnon-virtual-dtor -Woverloaded-virtual
  # libstdc++ 12 trips over its own deprecations (get_temporary_buffer in stable_sort) under clang.
  -Wno-deprecated-declarations
  -Wno-c99-designator -Wno-missing-designated-field-initializers -Wno-missing-field-initializers -Wno-gnu-statement-expression -Wno-c23-extensions -Werror
  -fvisibility=hidden -ffunction-sections -fdata-sections)
if(SPILE_ASAN)
  target_compile_options(spile_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(spile_options INTERFACE -fsanitize=address,undefined)
endif()
if(SPILE_FUZZ)
  target_compile_options(spile_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
# Which ways a compilation goes (bench/profile). What has changed since is compiled as if nothing was known of it.
option(SPILE_PROFILE "Lay a release build out by driver/spile.profdata (clang 19 only)" ON)
if(SPILE_PROFILE AND CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT SPILE_ASAN AND NOT SPILE_FUZZ AND
   CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION MATCHES "^19\\.")
  set(SPILE_PROFDATA ${PROJECT_SOURCE_DIR}/driver/spile.profdata)
  # Ninja compiles in the build folder; a path from there is the same in every checkout, and ccache serves them all.
  set(profile ${SPILE_PROFDATA})
  if(CMAKE_GENERATOR MATCHES "Ninja")
    file(RELATIVE_PATH profile ${PROJECT_BINARY_DIR} ${SPILE_PROFDATA})
  endif()
  target_compile_options(spile_options INTERFACE -fprofile-use=${profile}
    -Wno-profile-instr-unprofiled -Wno-profile-instr-out-of-date -Wno-backend-plugin)
endif()
# The checkers between stages (ir/checker, the register allocation's replay) run in every build but release.
target_compile_definitions(spile_options INTERFACE $<$<NOT:$<CONFIG:Release>>:SPILE_CHECKED=1>)

# A libc.a, and no sanitizer, whose runtime wants to be loaded.
include(CheckCXXSourceCompiles)
set(CMAKE_REQUIRED_LINK_OPTIONS -static)
check_cxx_source_compiles("int main() { return 0; }" SPILE_HAS_STATIC_LIBC)
unset(CMAKE_REQUIRED_LINK_OPTIONS)
if(SPILE_HAS_STATIC_LIBC AND NOT "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_DEBUG}" MATCHES "-fsanitize" AND NOT SPILE_ASAN)
  set(SPILE_STATIC ON)
endif()

# Debian ships {fmt} as a shared library only; one file of the headers' own definitions makes a static one, so that the
# binary does not load libfmt.so at start.
set(SPILE_FMT spile_fmt)

# spile_library(name SOURCES a.cpp ... DEPS target ...)
function(spile_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  set_property(SOURCE ${ARG_SOURCES} APPEND PROPERTY OBJECT_DEPENDS ${SPILE_PROFDATA})
  target_link_libraries(${name} PUBLIC spile_options ${ARG_DEPS} ${SPILE_FMT})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
endfunction()

# spile_unit_test(name SOURCES a_test.cpp ... DEPS target ...): one GoogleTest program; all of them are run by lit
# (test/unit/lit.cfg.py finds the executables in bin/unit).
find_package(GTest REQUIRED)
add_custom_target(unit_tests)
function(spile_unit_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} EXCLUDE_FROM_ALL ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE spile_options ${ARG_DEPS} ${SPILE_FMT} GTest::gtest GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin/unit)
  add_dependencies(unit_tests ${name})
endfunction()
