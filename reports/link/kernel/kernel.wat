;; The matching kernel: needles in tables, a haystack read at every fourth byte, and the arena in which layers lie.
;; survey.wat, glance.wat, decode.wat and probe.wat are parts of the same module; build.mjs joins them.
;;
;; Memory: 1024 base64 values, 1280 hex values, 1536 results of a survey, 1600 of a probe, 1664 of a glance, 4096 Bloom filter of digests' middles (32 KiB),
;; 36864 candidates (16 KiB), 53760 finds (4096 pairs), from 87040 filters of a glance, 131072 pairs of bytes that numbers of interest begin with (64 KiB),
;; from 196608 tables and arena, one bump pointer for both.
;; Whoever writes into the arena may write up to 64 bytes beyond what was asked for: `alloc` leaves that room.

(memory (export "memory") 4)

(global $top (mut i32) (i32.const 196608))
;; Tables grow in the arena; nothing below the floor is ever released.
(global $floor (mut i32) (i32.const 196608))

;; A needle's record, 40 bytes: address, length, then for each residue the offset of its window and the next entry of its chain.
(global $records (mut i32) (i32.const 0))
(global $room (mut i32) (i32.const 0))
(global $needles (mut i32) (i32.const 0))
;; How many needles are in the tables already.
(global $built (mut i32) (i32.const 0))
(global $chunk (mut i32) (i32.const 0))
(global $chunkEnd (mut i32) (i32.const 0))

;; A slot, 16 bytes: window, last entry of its chain plus one (0: empty; the chain is a ring), entries in the chain.
(global $slots (mut i32) (i32.const 0))
(global $slotBits (mut i32) (i32.const 0))
(global $distinct (mut i32) (i32.const 0))
(global $bloom (mut i32) (i32.const 0))
(global $bloomBits (mut i32) (i32.const 0))

;; Where a scan stands: haystack, end, next block, next candidate and the last, the entry to try next plus one (0: none) and the chain's last.
(global $hay (mut i32) (i32.const 0))
(global $end (mut i32) (i32.const 0))
(global $at (mut i32) (i32.const 0))
(global $cand (mut i32) (i32.const 0))
(global $candEnd (mut i32) (i32.const 0))
(global $entry (mut i32) (i32.const 0))
(global $last (mut i32) (i32.const 0))

(func $ensure (param $end i32)
  (local $missing i32)
  (if (i32.gt_u (local.get $end) (i32.shl (memory.size) (i32.const 16)))
    (then
      (local.set $missing (i32.sub (i32.shr_u (i32.add (local.get $end) (i32.const 65535)) (i32.const 16)) (memory.size)))
      (if (i32.lt_u (local.get $missing) (i32.shr_u (memory.size) (i32.const 2)))
        (then (local.set $missing (i32.shr_u (memory.size) (i32.const 2)))))
      (if (i32.eq (memory.grow (local.get $missing)) (i32.const -1)) (then unreachable)))))

;; Room for `size` bytes on top of the arena.
(func $alloc (export "alloc") (param $size i32) (result i32)
  (local $place i32)
  (local.set $place (global.get $top))
  (global.set $top (i32.and (i32.add (i32.add (local.get $place) (local.get $size)) (i32.const 79)) (i32.const -16)))
  (call $ensure (i32.add (global.get $top) (i32.const 64)))
  (local.get $place))

(func (export "mark") (result i32) (global.get $top))

(func (export "release") (param $mark i32)
  (global.set $top (select (global.get $floor) (local.get $mark) (i32.gt_u (global.get $floor) (local.get $mark)))))

;; Room that is never released.
(func $keep (param $size i32) (result i32)
  (local $place i32)
  (local.set $place (call $alloc (local.get $size)))
  (global.set $floor (global.get $top))
  (local.get $place))

;; Makes room for so many records at once; before the first needle.
(func (export "reserve") (param $needles i32)
  (global.set $room (local.get $needles))
  (global.set $records (call $keep (i32.mul (local.get $needles) (i32.const 40)))))

;; Takes a needle of at least 11 bytes that lies in the arena; returns its index. It enters the tables before the next scan.
(func (export "add") (param $needle i32) (param $length i32) (result i32)
  (local $grown i32)
  (local $record i32)
  (if (i32.eq (global.get $needles) (global.get $room))
    (then
      (global.set $room (select (i32.const 256) (i32.shl (global.get $room) (i32.const 1)) (i32.eqz (global.get $room))))
      (local.set $grown (call $keep (i32.mul (global.get $room) (i32.const 40))))
      (memory.copy (local.get $grown) (global.get $records) (i32.mul (global.get $needles) (i32.const 40)))
      (global.set $records (local.get $grown))))
  (if (i32.gt_u (i32.add (global.get $chunk) (i32.add (local.get $length) (i32.const 8))) (global.get $chunkEnd))
    (then
      (local.set $grown (select (i32.const 65536) (i32.add (local.get $length) (i32.const 8)) (i32.lt_u (local.get $length) (i32.const 65528))))
      (global.set $chunk (call $keep (local.get $grown)))
      (global.set $chunkEnd (i32.add (global.get $chunk) (local.get $grown)))))
  (memory.copy (global.get $chunk) (local.get $needle) (local.get $length))
  (local.set $record (i32.add (global.get $records) (i32.mul (global.get $needles) (i32.const 40))))
  (i32.store (local.get $record) (global.get $chunk))
  (i32.store offset=4 (local.get $record) (local.get $length))
  (global.set $chunk (i32.add (global.get $chunk) (local.get $length)))
  (global.set $needles (i32.add (global.get $needles) (i32.const 1)))
  (i32.sub (global.get $needles) (i32.const 1)))

;; The slot of a window, or the empty one where it would stand.
(func $slot (param $window i64) (result i32)
  (local $i i32)
  (local $slot i32)
  (local.set $i (i32.wrap_i64 (i64.shr_u
    (i64.mul (local.get $window) (i64.const 0x9E3779B97F4A7C15))
    (i64.extend_i32_u (i32.sub (i32.const 64) (global.get $slotBits))))))
  (loop $probe
    (local.set $slot (i32.add (global.get $slots) (i32.shl (local.get $i) (i32.const 4))))
    (if (i32.eqz (i32.load offset=8 (local.get $slot))) (then (return (local.get $slot))))
    (if (i64.eq (i64.load (local.get $slot)) (local.get $window)) (then (return (local.get $slot))))
    (local.set $i (i32.and (i32.add (local.get $i) (i32.const 1))
      (i32.sub (i32.shl (i32.const 1) (global.get $slotBits)) (i32.const 1))))
    (br $probe))
  (unreachable))

;; Sets the two bits of a window, in one word. The lower bit's place comes from the window's first bytes alone: an operation less where all is read.
(func $admit (param $window i64)
  (local $x i32)
  (local $word i32)
  (local.set $x (i32.wrap_i64 (i64.shr_u (i64.mul (local.get $window) (i64.const 0x9E3779B97F4A7C15)) (i64.const 32))))
  (local.set $word (i32.add (global.get $bloom)
    (i32.and (i32.shr_u (local.get $x) (i32.sub (i32.const 30) (global.get $bloomBits))) (i32.const -4))))
  (i32.store (local.get $word) (i32.or (i32.load (local.get $word)) (i32.or
    (i32.shl (i32.const 1) (i32.shr_u (local.get $x) (i32.sub (i32.const 27) (global.get $bloomBits))))
    (i32.shl (i32.const 1) (local.get $x))))))

;; Leaves those candidates whose window may be in the slots. The loads do not wait for each other, and bring near what will be compared.
(func $refine (param $end i32) (result i32)
  (local $in i32) (local $out i32) (local $p i32) (local $slot i32) (local $slots i32)
  (local $window i64) (local $shift i64)
  (local.set $in (i32.const 36864))
  (local.set $out (i32.const 36864))
  (local.set $slots (global.get $slots))
  (local.set $shift (i64.extend_i32_u (i32.sub (i32.const 64) (global.get $slotBits))))
  (block $done
    (loop $next
      (br_if $done (i32.eq (local.get $in) (local.get $end)))
      (local.set $p (i32.load (local.get $in)))
      (local.set $window (i64.load (local.get $p)))
      (local.set $slot (i32.add (local.get $slots) (i32.shl
        (i32.wrap_i64 (i64.shr_u (i64.mul (local.get $window) (i64.const 0x9E3779B97F4A7C15)) (local.get $shift)))
        (i32.const 4))))
      (i32.store (local.get $out) (local.get $p))
      ;; Not in its own slot: perhaps in the next, where both are taken.
      (local.set $out (i32.add (local.get $out) (i32.shl
        (i32.or (i64.eq (i64.load (local.get $slot)) (local.get $window))
          (i32.and (i32.ne (i32.load offset=8 (local.get $slot)) (i32.const 0)) (i32.ne (i32.load offset=24 (local.get $slot)) (i32.const 0))))
        (i32.const 2))))
      (local.set $in (i32.add (local.get $in) (i32.const 4)))
      (br $next)))
  (local.get $out))

;; Least power of two that is not below n, as its exponent.
(func $bits (param $n i32) (param $least i32) (result i32)
  (local $bits i32)
  (local.set $bits (i32.sub (i32.const 32) (i32.clz (i32.sub (local.get $n) (i32.const 1)))))
  (select (local.get $least) (local.get $bits) (i32.lt_u (local.get $bits) (local.get $least))))

;; New tables with room for so many windows; what was in the old ones moves over.
(func $resize (param $windows i32)
  (local $old i32)
  (local $oldEnd i32)
  (local $slot i32)
  (local $size i32)
  (local.set $old (global.get $slots))
  (local.set $oldEnd (i32.add (local.get $old) (select (i32.shl (i32.const 16) (global.get $slotBits)) (i32.const 0) (global.get $slotBits))))
  (global.set $slotBits (call $bits (i32.div_u (i32.mul (local.get $windows) (i32.const 17)) (i32.const 10)) (i32.const 8)))
  (local.set $size (i32.shl (i32.const 16) (global.get $slotBits)))
  ;; One more behind the last: a probe looks at two.
  (global.set $slots (call $keep (i32.add (local.get $size) (i32.const 16))))
  (memory.fill (global.get $slots) (i32.const 0) (i32.add (local.get $size) (i32.const 16)))
  (i32.store offset=8 (i32.add (global.get $slots) (local.get $size)) (i32.const 1))
  (global.set $bloomBits (call $bits (i32.div_u (i32.mul (local.get $windows) (i32.const 11)) (i32.const 10)) (i32.const 12)))
  ;; Small enough for the processor's second cache; what it lets through then, the slots stop.
  (if (i32.gt_u (global.get $bloomBits) (i32.const 18)) (then (global.set $bloomBits (i32.const 18))))
  (local.set $size (i32.shl (i32.const 4) (global.get $bloomBits)))
  (global.set $bloom (call $keep (local.get $size)))
  (memory.fill (global.get $bloom) (i32.const 0) (local.get $size))
  (block $done
    (loop $next
      (br_if $done (i32.eq (local.get $old) (local.get $oldEnd)))
      (if (i32.load offset=8 (local.get $old))
        (then
          (local.set $slot (call $slot (i64.load (local.get $old))))
          (memory.copy (local.get $slot) (local.get $old) (i32.const 16))
          (call $admit (i64.load (local.get $old)))))
      (local.set $old (i32.add (local.get $old) (i32.const 16)))
      (br $next))))

;; Address of `offset, next` of an entry.
(func $entry (param $entry i32) (result i32)
  (i32.add (i32.add (global.get $records) (i32.const 8))
    (i32.add (i32.mul (i32.shr_u (local.get $entry) (i32.const 2)) (i32.const 40))
      (i32.shl (i32.and (local.get $entry) (i32.const 3)) (i32.const 3)))))

;; Hangs an entry behind the others of its window.
(func $hang (param $entry i32) (param $window i64) (param $offset i32)
  (local $slot i32)
  (local $mine i32)
  (local $tail i32)
  (local.set $slot (call $slot (local.get $window)))
  (local.set $mine (call $entry (local.get $entry)))
  (local.set $entry (i32.add (local.get $entry) (i32.const 1)))
  (i32.store (local.get $mine) (local.get $offset))
  (if (i32.load offset=8 (local.get $slot))
    (then
      (local.set $tail (call $entry (i32.sub (i32.load offset=8 (local.get $slot)) (i32.const 1))))
      (i32.store offset=4 (local.get $mine) (i32.load offset=4 (local.get $tail)))
      (i32.store offset=4 (local.get $tail) (local.get $entry)))
    (else
      (i64.store (local.get $slot) (local.get $window))
      (i32.store offset=4 (local.get $mine) (local.get $entry))
      (global.set $distinct (i32.add (global.get $distinct) (i32.const 1)))
      (call $admit (local.get $window))))
  (i32.store offset=8 (local.get $slot) (local.get $entry))
  (i32.store offset=12 (local.get $slot) (i32.add (i32.load offset=12 (local.get $slot)) (i32.const 1))))

;; Puts one residue of a needle into the tables: of its first eight windows the one that is least popular among needles.
(func $place (param $needle i32) (param $residue i32)
  (local $bytes i32)
  (local $stop i32)
  (local $offset i32)
  (local $best i32)
  (local $popular i32)
  (local $count i32)
  (local.set $bytes (i32.load (i32.add (global.get $records) (i32.mul (local.get $needle) (i32.const 40)))))
  (local.set $stop (i32.sub (i32.load offset=4 (i32.add (global.get $records) (i32.mul (local.get $needle) (i32.const 40)))) (i32.const 8)))
  (if (i32.gt_s (local.get $stop) (i32.add (local.get $residue) (i32.const 28)))
    (then (local.set $stop (i32.add (local.get $residue) (i32.const 28)))))
  (local.set $popular (i32.const -1))
  (local.set $offset (local.get $residue))
  (loop $window
    (local.set $count (i32.load offset=12 (call $slot (i64.load (i32.add (local.get $bytes) (local.get $offset))))))
    (if (i32.lt_u (local.get $count) (local.get $popular))
      (then
        (local.set $popular (local.get $count))
        (local.set $best (local.get $offset))))
    (local.set $offset (i32.add (local.get $offset) (i32.const 4)))
    (br_if $window (i32.and (i32.ne (local.get $popular) (i32.const 0)) (i32.le_s (local.get $offset) (local.get $stop)))))
  (call $hang (i32.add (i32.shl (local.get $needle) (i32.const 2)) (local.get $residue))
    (i64.load (i32.add (local.get $bytes) (local.get $best)))
    (local.get $best)))

;; Puts the needles that were added since the last scan into the tables.
(func $index
  (local $windows i32)
  (local $residue i32)
  (local.set $windows (i32.add (global.get $distinct) (i32.shl (i32.sub (global.get $needles) (global.get $built)) (i32.const 2))))
  (if (i32.or (i32.eqz (global.get $slotBits))
      (i64.gt_u (i64.mul (i64.extend_i32_u (local.get $windows)) (i64.const 5)) (i64.shl (i64.const 3) (i64.extend_i32_u (global.get $slotBits)))))
    (then (call $resize (local.get $windows))))
  (loop $needle
    (local.set $residue (i32.const 0))
    (loop $next
      (call $place (global.get $built) (local.get $residue))
      (local.set $residue (i32.add (local.get $residue) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $residue) (i32.const 4))))
    (global.set $built (i32.add (global.get $built) (i32.const 1)))
    (br_if $needle (i32.lt_u (global.get $built) (global.get $needles)))))

;; Whether `length` bytes, at least 8, are the same in both places.
(func $same (param $a i32) (param $b i32) (param $length i32) (result i32)
  (local $last i32)
  (local.set $last (i32.sub (i32.add (local.get $a) (local.get $length)) (i32.const 8)))
  (loop $next
    (if (i64.ne (i64.load (local.get $a)) (i64.load (local.get $b))) (then (return (i32.const 0))))
    (local.set $a (i32.add (local.get $a) (i32.const 8)))
    (local.set $b (i32.add (local.get $b) (i32.const 8)))
    (br_if $next (i32.lt_u (local.get $a) (local.get $last))))
  ;; The last eight bytes, however many of them were seen.
  (local.set $b (i32.sub (local.get $b) (i32.sub (local.get $a) (local.get $last))))
  (i64.eq (i64.load (local.get $last)) (i64.load (local.get $b))))

;; Appends each place p, p + 4, … below `stop` whose window passes the filter. Four at a time: each is stored, and counts only if it passed.
(func $fill (param $p i32) (param $stop i32) (result i32)
  (local $out i32) (local $bloom i32) (local $word i32) (local $one i32)
  (local $x i32) (local $a i32) (local $b i32) (local $c i32) (local $d i32)
  (local.set $out (i32.const 36864))
  (local.set $bloom (global.get $bloom))
  (local.set $word (i32.sub (i32.const 30) (global.get $bloomBits)))
  (local.set $one (i32.sub (i32.const 27) (global.get $bloomBits)))
  (loop $next
    (local.set $x (i32.wrap_i64 (i64.shr_u (i64.mul (i64.load (local.get $p)) (i64.const 0x9E3779B97F4A7C15)) (i64.const 32))))
    (local.set $a (i32.load (i32.add (local.get $bloom) (i32.and (i32.shr_u (local.get $x) (local.get $word)) (i32.const -4)))))
    (local.set $a (i32.and (i32.shr_u (local.get $a) (i32.shr_u (local.get $x) (local.get $one)))
      (i32.shr_u (local.get $a) (local.get $x))))
    (local.set $x (i32.wrap_i64 (i64.shr_u (i64.mul (i64.load offset=4 (local.get $p)) (i64.const 0x9E3779B97F4A7C15)) (i64.const 32))))
    (local.set $b (i32.load (i32.add (local.get $bloom) (i32.and (i32.shr_u (local.get $x) (local.get $word)) (i32.const -4)))))
    (local.set $b (i32.and (i32.shr_u (local.get $b) (i32.shr_u (local.get $x) (local.get $one)))
      (i32.shr_u (local.get $b) (local.get $x))))
    (local.set $x (i32.wrap_i64 (i64.shr_u (i64.mul (i64.load offset=8 (local.get $p)) (i64.const 0x9E3779B97F4A7C15)) (i64.const 32))))
    (local.set $c (i32.load (i32.add (local.get $bloom) (i32.and (i32.shr_u (local.get $x) (local.get $word)) (i32.const -4)))))
    (local.set $c (i32.and (i32.shr_u (local.get $c) (i32.shr_u (local.get $x) (local.get $one)))
      (i32.shr_u (local.get $c) (local.get $x))))
    (local.set $x (i32.wrap_i64 (i64.shr_u (i64.mul (i64.load offset=12 (local.get $p)) (i64.const 0x9E3779B97F4A7C15)) (i64.const 32))))
    (local.set $d (i32.load (i32.add (local.get $bloom) (i32.and (i32.shr_u (local.get $x) (local.get $word)) (i32.const -4)))))
    (local.set $d (i32.and (i32.shr_u (local.get $d) (i32.shr_u (local.get $x) (local.get $one)))
      (i32.shr_u (local.get $d) (local.get $x))))
    (if (i32.and (i32.or (i32.or (local.get $a) (local.get $b)) (i32.or (local.get $c) (local.get $d))) (i32.const 1))
      (then
        (i32.store (local.get $out) (local.get $p))
        (local.set $out (i32.add (local.get $out) (i32.shl (i32.and (local.get $a) (i32.const 1)) (i32.const 2))))
        (i32.store (local.get $out) (i32.add (local.get $p) (i32.const 4)))
        (local.set $out (i32.add (local.get $out) (i32.shl (i32.and (local.get $b) (i32.const 1)) (i32.const 2))))
        (i32.store (local.get $out) (i32.add (local.get $p) (i32.const 8)))
        (local.set $out (i32.add (local.get $out) (i32.shl (i32.and (local.get $c) (i32.const 1)) (i32.const 2))))
        (i32.store (local.get $out) (i32.add (local.get $p) (i32.const 12)))
        (local.set $out (i32.add (local.get $out) (i32.shl (i32.and (local.get $d) (i32.const 1)) (i32.const 2))))))
    (local.set $p (i32.add (local.get $p) (i32.const 16)))
    (br_if $next (i32.lt_u (local.get $p) (local.get $stop))))
  (local.get $out))

;; Finds needles in `length` bytes; returns how many pairs of needle and place lie at 53760. When there are 4096, `more` may have others.
(func $scan (export "scan") (param $hay i32) (param $length i32) (result i32)
  (if (i32.eqz (global.get $needles)) (then (return (i32.const 0))))
  (if (i32.ne (global.get $built) (global.get $needles)) (then (call $index)))
  (global.set $hay (local.get $hay))
  (global.set $at (local.get $hay))
  (global.set $end (i32.add (local.get $hay) (local.get $length)))
  (global.set $cand (i32.const 0))
  (global.set $candEnd (i32.const 0))
  (global.set $entry (i32.const 0))
  (call $more))

(func $more (export "more") (result i32)
  (local $found i32)
  (local $stop i32)
  (loop $block
    (local.set $found (call $verify (local.get $found)))
    (if (i32.eq (local.get $found) (i32.const 4096)) (then (return (local.get $found))))
    (if (i32.le_u (i32.add (global.get $at) (i32.const 8)) (global.get $end))
      (then
        (local.set $stop (i32.sub (global.get $end) (i32.const 7)))
        (if (i32.gt_u (i32.sub (local.get $stop) (global.get $at)) (i32.const 16384))
          (then (local.set $stop (i32.add (global.get $at) (i32.const 16384)))))
        (global.set $cand (i32.const 36864))
        (global.set $candEnd (call $refine (call $fill (global.get $at) (local.get $stop))))
        (global.set $at (i32.add (global.get $at) (i32.and (i32.add (i32.sub (local.get $stop) (global.get $at)) (i32.const 15)) (i32.const -16))))
        (br $block))))
  (local.get $found))

;; Compares what stands at the candidates with the needles that own such a window; stops where the finds are full.
(func $verify (param $found i32) (result i32)
  (local $entry i32) (local $p i32) (local $slot i32) (local $record i32) (local $mine i32) (local $start i32)
  (loop $candidate
    (if (i32.eq (global.get $cand) (global.get $candEnd)) (then (return (local.get $found))))
    (local.set $p (i32.load (global.get $cand)))
    (if (i32.eqz (global.get $entry))
      (then
        (local.set $slot (call $slot (i64.load (local.get $p))))
        (global.set $last (i32.load offset=8 (local.get $slot)))
        (if (i32.eqz (global.get $last))
          (then
            (global.set $cand (i32.add (global.get $cand) (i32.const 4)))
            (br $candidate)))
        (global.set $entry (i32.load offset=4 (call $entry (i32.sub (global.get $last) (i32.const 1)))))))
    (loop $chain
      (if (i32.eq (local.get $found) (i32.const 4096)) (then (return (local.get $found))))
      (local.set $entry (i32.sub (global.get $entry) (i32.const 1)))
      (local.set $mine (call $entry (local.get $entry)))
      (local.set $record (i32.add (global.get $records) (i32.mul (i32.shr_u (local.get $entry) (i32.const 2)) (i32.const 40))))
      (local.set $start (i32.sub (local.get $p) (i32.load (local.get $mine))))
      (if (i32.and (i32.ge_s (i32.sub (local.get $start) (global.get $hay)) (i32.const 0))
          (i32.le_s (i32.load offset=4 (local.get $record)) (i32.sub (global.get $end) (local.get $start))))
        (then
          (if (call $same (local.get $start) (i32.load (local.get $record)) (i32.load offset=4 (local.get $record)))
            (then
              (i32.store offset=53760 (i32.shl (local.get $found) (i32.const 3)) (i32.shr_u (local.get $entry) (i32.const 2)))
              (i32.store offset=53764 (i32.shl (local.get $found) (i32.const 3)) (i32.sub (local.get $start) (global.get $hay)))
              (local.set $found (i32.add (local.get $found) (i32.const 1)))))))
      (if (i32.ne (global.get $entry) (global.get $last))
        (then
          (global.set $entry (i32.load offset=4 (local.get $mine)))
          (br $chain))))
    (global.set $entry (i32.const 0))
    (global.set $cand (i32.add (global.get $cand) (i32.const 4)))
    (br $candidate))
  (unreachable))
