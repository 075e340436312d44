# The libraries of base, quant and kernels and of their tests from what the host has as text: {fmt}'s headers, GoogleTest's
# sources. For cross compilers, which have neither as a library.
find_path(FACET_HOST_INCLUDE fmt/format.h PATHS /usr/include NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH REQUIRED)
find_path(FACET_GTEST_SOURCES src/gtest-all.cc PATHS /usr/src/googletest/googletest NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH REQUIRED)

# In a folder of its own: beside it lie the headers of the host's C library.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/headers)
file(CREATE_LINK ${FACET_HOST_INCLUDE}/fmt ${CMAKE_BINARY_DIR}/headers/fmt SYMBOLIC)
add_library(fmt::fmt INTERFACE IMPORTED GLOBAL)
target_include_directories(fmt::fmt INTERFACE ${CMAKE_BINARY_DIR}/headers)
target_compile_definitions(fmt::fmt INTERFACE FMT_HEADER_ONLY)

add_library(host_gtest STATIC EXCLUDE_FROM_ALL ${FACET_GTEST_SOURCES}/src/gtest-all.cc ${FACET_GTEST_SOURCES}/src/gtest_main.cc)
target_include_directories(host_gtest PRIVATE ${FACET_GTEST_SOURCES} PUBLIC ${FACET_GTEST_SOURCES}/include)
target_compile_options(host_gtest PRIVATE -O0)
add_library(GTest::gtest_main ALIAS host_gtest)
