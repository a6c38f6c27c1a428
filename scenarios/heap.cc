// The heap of raft_sim: what operator new and delete do in this program.
//
// A seed of a sweep takes half a million small blocks and gives them back at
// once. Here that costs a few instructions each: a block goes to the front of
// the list of its size and is the next to be taken. Memory is never given back
// to the system; a seed is over soon, and the process with it.
//
// Blocks of up to kSmallMax bytes lie in an arena whose pages hold blocks of
// one size each, so that a block is known by its address. Larger ones, and all
// there are when the arena is used up, are malloc's.
//
// Linked into raft_sim alone, and not under a sanitizer, which has its own.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#include <sys/mman.h>

#include "scenarios/sweep_crash.h"

namespace {

constexpr size_t kGrain = 16;  // Alignment of all blocks.
constexpr size_t kSmallMax = 512;
constexpr size_t kSizes = kSmallMax / kGrain + 1;
constexpr size_t kPageBytes = size_t{1} << 15;
// Of addresses, not of memory. Far above what a seed needs, and below what a
// worker of a sweep may have.
constexpr size_t kArenaBytes = size_t{1} << 28;

// A block that nobody has.
struct FreeBlock {
  FreeBlock* next;
};

constinit thread_local FreeBlock* free_blocks[kSizes] = {};  // By size.
constinit thread_local uint64_t grains_in_use = 0;
constinit std::atomic<size_t> pages_taken = 0;
constinit uint8_t size_of_page[kArenaBytes / kPageBytes] = {};  // In grains.

// Where the arena begins. At first where no block can be.
constinit uintptr_t arena = uintptr_t{0} - kArenaBytes;

bool MapArena() {
  void* const memory = mmap(nullptr, kArenaBytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return false;
  arena = reinterpret_cast<uintptr_t>(memory);
  return true;
}

void* Large(size_t size) {
  for (;;) {
    if (void* const memory = std::malloc(size); memory != nullptr) {
      return memory;
    }
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

// Cuts a page into blocks of `grains`, keeps all but one.
void* TakeFromNewPage(size_t grains) {
  static const bool mapped = MapArena();
  const size_t page = pages_taken.fetch_add(1, std::memory_order_relaxed);
  if (!mapped || page >= kArenaBytes / kPageBytes) {
    grains_in_use -= grains;
    return Large(grains * kGrain);
  }
  size_of_page[page] = static_cast<uint8_t>(grains);
  const uintptr_t begin = arena + page * kPageBytes;
  const size_t bytes = grains * kGrain;
  for (size_t at = kPageBytes / bytes; at-- > 1;) {
    auto* const block = reinterpret_cast<FreeBlock*>(begin + at * bytes);
    block->next = free_blocks[grains];
    free_blocks[grains] = block;
  }
  return reinterpret_cast<void*>(begin);
}

void* Take(size_t size) {
  const size_t grains = size == 0 ? 1 : (size + kGrain - 1) / kGrain;
  if (grains >= kSizes) [[unlikely]]
    return Large(size);
  grains_in_use += grains;
  FreeBlock* const block = free_blocks[grains];
  if (block == nullptr) [[unlikely]]
    return TakeFromNewPage(grains);
  free_blocks[grains] = block->next;
  return block;
}

void Give(void* memory) {
  const size_t offset = reinterpret_cast<uintptr_t>(memory) - arena;
  if (offset >= kArenaBytes) [[unlikely]] {
    std::free(memory);
    return;
  }
  auto* const block = static_cast<FreeBlock*>(memory);
  const size_t grains = size_of_page[offset / kPageBytes];
  grains_in_use -= grains;
  FreeBlock*& first = free_blocks[grains];
  block->next = first;
  first = block;
}

uint64_t BytesInUse() { return grains_in_use * kGrain; }

const bool told = [] {
  scenarios::own_heap_bytes_in_use = &BytesInUse;
  return true;
}();

}  // namespace

void* operator new(size_t size) { return Take(size); }
void operator delete(void* memory) noexcept { Give(memory); }
void operator delete(void* memory, size_t) noexcept { Give(memory); }
