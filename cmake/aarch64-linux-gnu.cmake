# Cross compiler for 64-bit ARM, as Debian and Ubuntu package it (g++-aarch64-linux-gnu); qemu-user runs what it makes.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
find_program(FACET_QEMU qemu-aarch64)
if(FACET_QEMU)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${FACET_QEMU} -L /usr/aarch64-linux-gnu)
endif()
# Headers and libraries of the target alone; programs are the host's. FACET_AARCH64_LIBRARIES is a folder in which the
# packages of docs/dependencies.md lie unpacked for arm64; the kernels alone (preset aarch64) need none.
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH /usr/aarch64-linux-gnu ${FACET_AARCH64_LIBRARIES})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
