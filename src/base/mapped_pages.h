// The pages that files are mapped to: what happens when they cannot be read any more, and how they are let go. Internal
// to base/, but for survive_lost_pages() and let_go().
#pragma once

#include <cstddef>
#include <span>

namespace facet {

// A page is lost when its file was cut short or its disk fails. The kernel says so with the signal SIGBUS, which by
// default ends the program in the middle of an instruction. From now on a lost page of a mapped file reads as zeros,
// and its range is marked; whoever computes with it looks at the mark afterwards (MappedFile::check_unchanged). For the
// whole process, so it is the program that asks for it. Other causes of SIGBUS end the program as before.
void survive_lost_pages() noexcept;

// Takes the pages around these bytes out of this process's memory; they stay in the page cache and come back when they
// are touched. A page fault brings up to 64 KB along, much more than a row of a table. Nothing happens to bytes that
// are not of a mapped file.
void let_go(std::span<const std::byte> bytes) noexcept;

// The pages of a map. -1: too many ranges are watched; it stays unwatched, and a lost page of it ends the program.
int watch_pages(const void* begin, size_t n_bytes) noexcept;
void unwatch_pages(int watch) noexcept;
bool has_lost_pages(int watch) noexcept;

}  // namespace facet
