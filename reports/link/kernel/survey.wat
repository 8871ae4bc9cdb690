;; What a layer is made of, in one pass over its bits: runs of base64 and hex and counts.

;; Tokens (8 characters or more of base64) and numbers (8 digits or more), marks and where the lists are: i32 at
;; 1536 base64, 1540 pairs, 1544 hex, 1548 pairs, 1568 tokens, 1572 numbers,
;; 1576 marks (1 percent, 2 backslash, 4 ampersand, 8 equals sign, 16 asterisk).

;; Surveys `length` bytes. All places are offsets in them.
(func $survey (export "survey") (param $from i32) (param $length i32)
  (local $p i32) (local $k i32) (local $left i32) (local $at i32) (local $tokens i32) (local $numbers i32)
  (local $base64 i32) (local $hex i32)
  (local $v v128) (local $lower v128) (local $digit v128) (local $alpha v128) (local $percent v128) (local $slash v128)
  (local $amp v128) (local $equals v128) (local $star v128)
  (local $b1 i64) (local $b1p i64) (local $b2 i64) (local $b2p i64) (local $b4 i64) (local $b4p i64) (local $b8 i64) (local $b8p i64) (local $h1 i64) (local $h1p i64) (local $h2 i64) (local $h2p i64) (local $h4 i64) (local $h4p i64) (local $h8 i64) (local $h8p i64) (local $d1 i64) (local $d1p i64) (local $d2 i64) (local $d2p i64) (local $d4 i64) (local $d4p i64) (local $d8 i64) (local $d8p i64) (local $b15 i64) (local $b15p i64) (local $h16 i64) (local $h16p i64) (local $starts i64) (local $ends i64) (local $shift i64)
  (i32.store (i32.const 1536) (local.tee $base64 (call $alloc (i32.shr_u (local.get $length) (i32.const 1)))))
  (i32.store (i32.const 1544) (local.tee $hex (call $alloc (i32.shr_u (local.get $length) (i32.const 1)))))
  (local.set $left (local.get $length))
  (loop $block
    (local.set $b1 (i64.const 0))
    (local.set $h1 (i64.const 0))
    (local.set $d1 (i64.const 0))
    (local.set $k (i32.const 0))
    (loop $part
      (local.set $v (v128.load (i32.add (i32.add (local.get $from) (local.get $p)) (local.get $k))))
      ;; What stands behind the last byte is taken for zeros, which are of no kind.
      (if (i32.lt_s (i32.sub (local.get $left) (local.get $k)) (i32.const 16))
        (then
          (local.set $at (i32.sub (local.get $left) (local.get $k)))
          (local.set $v (v128.and (local.get $v) (i8x16.lt_u (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
            (i8x16.splat (select (local.get $at) (i32.const 0) (i32.gt_s (local.get $at) (i32.const 0)))))))))
      (local.set $shift (i64.extend_i32_u (local.get $k)))
      (local.set $lower (v128.or (local.get $v) (i8x16.splat (i32.const 0x20))))
      (local.set $digit (i8x16.lt_u (i8x16.sub (local.get $v) (i8x16.splat (i32.const 48))) (i8x16.splat (i32.const 10))))
      (local.set $alpha (v128.or (local.get $digit)
        (i8x16.lt_u (i8x16.sub (local.get $lower) (i8x16.splat (i32.const 97))) (i8x16.splat (i32.const 26)))))
      (local.set $d1 (i64.or (local.get $d1) (i64.shl (i64.extend_i32_u (i8x16.bitmask (local.get $digit))) (local.get $shift))))
      (local.set $h1 (i64.or (local.get $h1) (i64.shl (i64.extend_i32_u (i8x16.bitmask (v128.or (local.get $digit)
        (i8x16.lt_u (i8x16.sub (local.get $lower) (i8x16.splat (i32.const 97))) (i8x16.splat (i32.const 6)))))) (local.get $shift))))
      (local.set $b1 (i64.or (local.get $b1) (i64.shl (i64.extend_i32_u (i8x16.bitmask (v128.or
        (v128.or (local.get $alpha) (i8x16.eq (local.get $v) (i8x16.splat (i32.const 43))))
        (v128.or (i8x16.eq (local.get $v) (i8x16.splat (i32.const 47)))
          (v128.or (i8x16.eq (local.get $v) (i8x16.splat (i32.const 45))) (i8x16.eq (local.get $v) (i8x16.splat (i32.const 95)))))))) (local.get $shift))))
      (local.set $percent (v128.or (local.get $percent) (i8x16.eq (local.get $v) (i8x16.splat (i32.const 37)))))
      (local.set $slash (v128.or (local.get $slash) (i8x16.eq (local.get $v) (i8x16.splat (i32.const 92)))))
      (local.set $amp (v128.or (local.get $amp) (i8x16.eq (local.get $v) (i8x16.splat (i32.const 38)))))
      (local.set $star (v128.or (local.get $star) (i8x16.eq (local.get $v) (i8x16.splat (i32.const 42)))))
      (local.set $equals (v128.or (local.get $equals) (i8x16.eq (local.get $v) (i8x16.splat (i32.const 61)))))
      (local.set $k (i32.add (local.get $k) (i32.const 16)))
      (br_if $part (i32.lt_u (local.get $k) (i32.const 64))))
    ;; The last block may be empty: it closes what stands at the end.
    ;; Bit i of x8 is set where a run of x has its eighth byte, or a later one, at i.
    (local.set $b2 (i64.and (local.get $b1) (i64.or (i64.shl (local.get $b1) (i64.const 1)) (i64.shr_u (local.get $b1p) (i64.const 63)))))
    (local.set $b4 (i64.and (local.get $b2) (i64.or (i64.shl (local.get $b2) (i64.const 2)) (i64.shr_u (local.get $b2p) (i64.const 62)))))
    (local.set $b8 (i64.and (local.get $b4) (i64.or (i64.shl (local.get $b4) (i64.const 4)) (i64.shr_u (local.get $b4p) (i64.const 60)))))
    (local.set $tokens (i32.add (local.get $tokens) (i32.wrap_i64 (i64.popcnt (i64.and (local.get $b8) (i64.xor (i64.const -1) (i64.or (i64.shl (local.get $b8) (i64.const 1)) (i64.shr_u (local.get $b8p) (i64.const 63)))))))))
    (local.set $b15 (i64.and (local.get $b8) (i64.or (i64.shl (local.get $b8) (i64.const 7)) (i64.shr_u (local.get $b8p) (i64.const 57)))))
    (local.set $starts (i64.and (local.get $b15) (i64.xor (i64.const -1) (i64.or (i64.shl (local.get $b15) (i64.const 1)) (i64.shr_u (local.get $b15p) (i64.const 63))))))
    (local.set $ends (i64.and (i64.or (i64.shl (local.get $b15) (i64.const 1)) (i64.shr_u (local.get $b15p) (i64.const 63))) (i64.xor (i64.const -1) (local.get $b15))))
    (local.set $base64 (call $edges (local.get $starts) (local.get $ends) (local.get $p) (i32.const 14) (local.get $base64)))
    (local.set $h2 (i64.and (local.get $h1) (i64.or (i64.shl (local.get $h1) (i64.const 1)) (i64.shr_u (local.get $h1p) (i64.const 63)))))
    (local.set $h4 (i64.and (local.get $h2) (i64.or (i64.shl (local.get $h2) (i64.const 2)) (i64.shr_u (local.get $h2p) (i64.const 62)))))
    (local.set $h8 (i64.and (local.get $h4) (i64.or (i64.shl (local.get $h4) (i64.const 4)) (i64.shr_u (local.get $h4p) (i64.const 60)))))
    (local.set $h16 (i64.and (local.get $h8) (i64.or (i64.shl (local.get $h8) (i64.const 8)) (i64.shr_u (local.get $h8p) (i64.const 56)))))
    (local.set $starts (i64.and (local.get $h16) (i64.xor (i64.const -1) (i64.or (i64.shl (local.get $h16) (i64.const 1)) (i64.shr_u (local.get $h16p) (i64.const 63))))))
    (local.set $ends (i64.and (i64.or (i64.shl (local.get $h16) (i64.const 1)) (i64.shr_u (local.get $h16p) (i64.const 63))) (i64.xor (i64.const -1) (local.get $h16))))
    (local.set $hex (call $edges (local.get $starts) (local.get $ends) (local.get $p) (i32.const 15) (local.get $hex)))
    (local.set $d2 (i64.and (local.get $d1) (i64.or (i64.shl (local.get $d1) (i64.const 1)) (i64.shr_u (local.get $d1p) (i64.const 63)))))
    (local.set $d4 (i64.and (local.get $d2) (i64.or (i64.shl (local.get $d2) (i64.const 2)) (i64.shr_u (local.get $d2p) (i64.const 62)))))
    (local.set $d8 (i64.and (local.get $d4) (i64.or (i64.shl (local.get $d4) (i64.const 4)) (i64.shr_u (local.get $d4p) (i64.const 60)))))
    (local.set $numbers (i32.add (local.get $numbers) (i32.wrap_i64 (i64.popcnt (i64.and (local.get $d8) (i64.xor (i64.const -1) (i64.or (i64.shl (local.get $d8) (i64.const 1)) (i64.shr_u (local.get $d8p) (i64.const 63)))))))))
    (local.set $b1p (local.get $b1))
    (local.set $b2p (local.get $b2))
    (local.set $b4p (local.get $b4))
    (local.set $b8p (local.get $b8))
    (local.set $b15p (local.get $b15))
    (local.set $h1p (local.get $h1))
    (local.set $h2p (local.get $h2))
    (local.set $h4p (local.get $h4))
    (local.set $h8p (local.get $h8))
    (local.set $h16p (local.get $h16))
    (local.set $d1p (local.get $d1))
    (local.set $d2p (local.get $d2))
    (local.set $d4p (local.get $d4))
    (local.set $d8p (local.get $d8))
    (local.set $p (i32.add (local.get $p) (i32.const 64)))
    (if (i32.ge_u (local.get $left) (i32.const 64))
      (then
        (local.set $left (i32.sub (local.get $left) (i32.const 64)))
        (br $block))))
  (i32.store (i32.const 1540) (call $joinLines (local.get $from) (local.get $length) (i32.load (i32.const 1536)) (local.get $base64)))
  (i32.store (i32.const 1548) (i32.shr_u (i32.sub (local.get $hex) (i32.load (i32.const 1544))) (i32.const 3)))
  (i32.store (i32.const 1568) (local.get $tokens))
  (i32.store (i32.const 1572) (local.get $numbers))
  (i32.store (i32.const 1576) (i32.or
    (i32.or (v128.any_true (local.get $percent)) (i32.shl (v128.any_true (local.get $slash)) (i32.const 1)))
    (i32.or (i32.shl (v128.any_true (local.get $amp)) (i32.const 2))
      (i32.or (i32.shl (v128.any_true (local.get $equals)) (i32.const 3)) (i32.shl (v128.any_true (local.get $star)) (i32.const 4)))))))

;; Writes where runs begin (`lead` bytes before their first bit) and end, in order; returns where the list goes on.
(func $edges (param $starts i64) (param $ends i64) (param $p i32) (param $lead i32) (param $out i32) (result i32)
  (local $i i64)
  (block $done
    (loop $next
      (br_if $done (i64.eqz (i64.or (local.get $starts) (local.get $ends))))
      (local.set $i (i64.ctz (i64.or (local.get $starts) (local.get $ends))))
      (if (i64.eq (local.get $i) (i64.ctz (local.get $starts)))
        (then
          (i32.store (local.get $out) (i32.sub (i32.add (local.get $p) (i32.wrap_i64 (local.get $i))) (local.get $lead)))
          (local.set $starts (i64.and (local.get $starts) (i64.sub (local.get $starts) (i64.const 1)))))
        (else
          (i32.store offset=4 (local.get $out) (i32.add (local.get $p) (i32.wrap_i64 (local.get $i))))
          (local.set $out (i32.add (local.get $out) (i32.const 8)))
          (local.set $ends (i64.and (local.get $ends) (i64.sub (local.get $ends) (i64.const 1))))))
      (br $next)))
  (local.get $out))

;; Joins runs of base64 over line ends where the line has 40 bytes or more; returns how many runs are left.
(func $joinLines (param $from i32) (param $length i32) (param $list i32) (param $listEnd i32) (result i32)
  (local $r i32) (local $w i32) (local $line i32) (local $e i32) (local $next i32)
  (local.set $r (local.get $list))
  (local.set $w (local.get $list))
  (block $done
    (loop $run
      (br_if $done (i32.eq (local.get $r) (local.get $listEnd)))
      (local.set $line (i32.load (local.get $r)))
      (i32.store (local.get $w) (local.get $line))
      (local.set $e (i32.load offset=4 (local.get $r)))
      (local.set $r (i32.add (local.get $r) (i32.const 8)))
      (block $whole
        (loop $join
          (br_if $whole (i32.lt_u (i32.sub (local.get $e) (local.get $line)) (i32.const 40)))
          (local.set $next (call $afterLineEnd (local.get $from) (local.get $length) (local.get $e)))
          (br_if $whole (i32.lt_s (local.get $next) (i32.const 0)))
          (local.set $line (local.get $next))
          (local.set $e (local.get $next))
          (if (i32.ne (local.get $r) (local.get $listEnd))
            (then
              (if (i32.eq (i32.load (local.get $r)) (local.get $next))
                (then
                  (local.set $e (i32.load offset=4 (local.get $r)))
                  (local.set $r (i32.add (local.get $r) (i32.const 8)))
                  (br $join)))))
          (loop $short
            (local.set $e (i32.add (local.get $e) (i32.const 1)))
            (br_if $short (i32.and (i32.lt_u (local.get $e) (local.get $length))
              (call $isBase64 (i32.add (local.get $from) (local.get $e))))))))
      (i32.store offset=4 (local.get $w) (local.get $e))
      (local.set $w (i32.add (local.get $w) (i32.const 8)))
      (br $run)))
  (i32.shr_u (i32.sub (local.get $w) (local.get $list)) (i32.const 3)))

(func $isBase64 (param $at i32) (result i32)
  (i32.ne (i32.load8_u offset=1024 (i32.load8_u (local.get $at))) (i32.const 255)))

;; Where coded characters go on after a line end at `e`; -1 when they do not.
(func $afterLineEnd (param $from i32) (param $length i32) (param $e i32) (result i32)
  (if (i32.ge_u (local.get $e) (local.get $length)) (then (return (i32.const -1))))
  (if (i32.eq (i32.load8_u (i32.add (local.get $from) (local.get $e))) (i32.const 13))
    (then (local.set $e (i32.add (local.get $e) (i32.const 1)))))
  (if (i32.ge_u (i32.add (local.get $e) (i32.const 1)) (local.get $length)) (then (return (i32.const -1))))
  (if (i32.ne (i32.load8_u (i32.add (local.get $from) (local.get $e))) (i32.const 10)) (then (return (i32.const -1))))
  (if (i32.eqz (call $isBase64 (i32.add (i32.add (local.get $from) (local.get $e)) (i32.const 1)))) (then (return (i32.const -1))))
  (i32.add (local.get $e) (i32.const 1)))
