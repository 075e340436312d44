# facet_module(NAME [THREADED] [LINK lib...] [WITHOUT pattern]): the library of one folder.
#
# Every *.cpp of the folder and its subfolders goes into the static library facet_NAME, every *_test.cpp into the
# executable NAME_test. LINK names what it uses: lower modules (facet_base) and system libraries. THREADED says that its
# tests run threads, so that they run under the thread sanitizer too: targets unit_tests and threaded_tests build, and
# ctest labels unit and threaded select, the tests of all modules and of the threaded ones. WITHOUT is a regular expression of
# files that this build cannot have.
# Include paths start at src/, so an include shows its folder: #include "gguf/reader.h".

add_library(facet_flags INTERFACE)
target_include_directories(facet_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
# Summation order is part of the kernels' contracts, so the compiler may not fuse multiplications and additions itself.
target_compile_options(facet_flags INTERFACE -Wall -Wextra -Wpedantic -ffp-contract=off -fno-math-errno)
if(FACET_FUZZ)
  target_compile_options(facet_flags INTERFACE -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(facet_flags INTERFACE -fsanitize=address,undefined)
elseif(FACET_SANITIZE)
  target_compile_options(facet_flags INTERFACE -fsanitize=${FACET_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(facet_flags INTERFACE -fsanitize=${FACET_SANITIZE})
endif()

if(FACET_KERNELS_ONLY)
  include(${CMAKE_CURRENT_LIST_DIR}/HostSources.cmake)
endif()
if(FACET_TESTS)
  if(NOT FACET_KERNELS_ONLY)
    find_package(GTest REQUIRED)
  endif()
  add_custom_target(unit_tests)
  add_custom_target(threaded_tests)
endif()

# Tests compute little: a release build of them need not take long, and one under sanitizers (RelWithDebInfo) takes half
# the time without optimisation.
function(facet_build_quickly target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1> $<$<CONFIG:RelWithDebInfo>:-O0>)
endfunction()

function(facet_module name)
  cmake_parse_arguments(arg "THREADED" "WITHOUT" "LINK" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS *.cpp)
  if(arg_WITHOUT)
    list(FILTER sources EXCLUDE REGEX "${arg_WITHOUT}")
  endif()
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  if(sources)
    add_library(facet_${name} STATIC ${sources})
    target_link_libraries(facet_${name} PUBLIC facet_flags ${arg_LINK})
  else()
    add_library(facet_${name} INTERFACE)
    target_link_libraries(facet_${name} INTERFACE facet_flags ${arg_LINK})
  endif()
  if(FACET_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE facet_${name} GTest::gtest_main)
    facet_build_quickly(${name}_test)
    add_test(NAME ${name} COMMAND ${name}_test WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    add_dependencies(unit_tests ${name}_test)
    set_tests_properties(${name} PROPERTIES LABELS unit)
    if(arg_THREADED)
      add_dependencies(threaded_tests ${name}_test)
      set_tests_properties(${name} PROPERTIES LABELS "unit;threaded")
    endif()
  endif()
endfunction()

# facet_load_lazily(TARGET NAME LIBRARY [DEPENDENCY]): what src/base/shared_library.h loads when it is needed, from this
# library's folder where the system does not find it. A static library is linked, or the target that has its
# dependencies too.
function(facet_load_lazily target name library)
  if(library MATCHES "\\.a$")
    target_compile_definitions(${target} PRIVATE FACET_LINK_${name})
    target_link_libraries(${target} PUBLIC ${library} ${ARGN})
  else()
    get_filename_component(folder ${library} DIRECTORY)
    target_compile_definitions(${target} PRIVATE FACET_${name}_FOLDER="${folder}")
  endif()
endfunction()
