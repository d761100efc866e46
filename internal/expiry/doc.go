// Package expiry knows what is due. An Index keeps entries by deadline, to the millisecond, in a few kilobytes whatever
// their number: arming, disarming and re-arming are O(1), what is due at t is found without looking at anything else,
// and the nearest deadline of all can be told exactly.
//
// # Who may call it
//
// The keyspace, with the lock of the shard that owns the index. An Index has no lock, no clock and no memory of its own:
// time is an argument, the links are in the entries.
//
// # The structure
//
// A deadline is a number of eleven digits in base 64 (64 bits with the shift of NewShifted). The index has a reference
// position pos, also such a number, and for each level k (0 is the finest) 64 slots. An entry with deadline d is on the
// level of the highest digit in which d differs from pos, in the slot named by d's digit there; for d = pos that is level
// 0. So slot s of level k holds the range of 64^k milliseconds whose digits above k are those of pos and whose digit k is
// s, and a slot of level 0 holds a single millisecond. Bit maps tell which slots are not empty.
//
// # The order
//
// Let B(k) be the block of all d that agree with pos in the digits k and above. B(0) is {pos}, B(11) is everything.
// B(k+1) without B(k) is exactly the slots of level k other than pos's own digit p, and all of B(k) agrees with pos in
// digit k, so the slots below p (behind) lie before the whole of B(k) and the slots above p (ahead) after it. By
// induction over k, this is the order of all slots:
//
//	behind slots of level 10 (ascending), of level 9, ... of level 0;
//	the slot of pos itself on level 0;
//	ahead slots of level 0 (ascending), of level 1, ... of level 10.
//
// Ordinary timing wheels have the ahead half only, hence time must not go back and nothing may be looked at before its
// time. Here pos may be anywhere: below now when the caller is late, above it after a wall clock was stepped back or after
// Min has looked ahead. No rebuild is ever needed.
//
// # Refining
//
// To see inside a slot of level k > 0, pos is moved to the slot's start. What was in B(k) until then is not in the new
// B(k), but differs from the new pos in digit k just where it had the old pos's digit: the lists of all levels below k are
// spliced into that slot, whole, each in O(1). Slots of level k and above keep their entries. The slot refined has now the
// digit of pos, where no entry may be; its entries are re-placed, one by one, on levels below k. Each re-placing takes an
// entry at least one level down, so as long as time moves on an entry is touched at most once for each level below the one
// where it was armed: three times for a TTL of an hour.
//
// In ordinary running all that lies before the slot is gone when the slot is refined, and nothing is spliced.
//
// # Pending entries
//
// A slot may hold a million entries, which must not be re-placed under one hold of a lock. So the entries still to be
// re-placed just stay in the slot of pos's own digit on level k, which is otherwise empty: "the pending list". There is at
// most one: it holds a part of B(k), and all of B(k) lies between the behind and the ahead slots of level k and above, so
// while it is not empty only behind slots of these levels go first (those below have none: pos is the start of a block).
// Everything works meanwhile: new entries go to their exact slots, an entry is removed from whichever list it is in, and
// if pos has to move away the pending list is one more list to splice.
//
// # Looking without refining
//
// Moving pos back costs more than it seems: the lists spliced together will be refined again. So a slot behind pos with
// few entries is not refined but looked through, and what was learnt (the exact minimum) is kept as the slot's floor.
package expiry
