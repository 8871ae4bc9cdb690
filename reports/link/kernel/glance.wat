;; What of a layer the matchers have to look at, in one pass over its bits: short words, numbers of digits, degrees, masks and packed numbers.

;; Lists of pairs of i32, at 1664 words (start, end), 1672 digits (start, end), 1680 numbers (start, how many numbers came before) and
;; 1688 packed (single i32: place of the second byte): each the address and then how many. 1696 marks (1 two of `*` or `#`, 2 two of `x`,
;; 4 two characters that begin as a bullet or wide asterisk does).
;; Filters: 87040 hundredths of a degree, a bit for each; 90112 words (8 KiB); 98304 digits (32 KiB); 131072 pairs of bytes, as said elsewhere.

(global $words (mut i32) (i32.const 0))
(global $digits (mut i32) (i32.const 0))
(global $places (mut i32) (i32.const 0))

;; Hash of 4 to 16 bytes.
(func $wordHash (param $start i32) (param $end i32) (result i32)
  (local $n i32)
  (local $word i64)
  (local.set $n (i32.sub (local.get $end) (local.get $start)))
  (local.set $word (i64.load (i32.sub (local.get $end) (i32.const 8))))
  (if (i32.lt_u (local.get $n) (i32.const 8))
    (then (local.set $word (i64.shr_u (local.get $word) (i64.extend_i32_u (i32.sub (i32.const 64) (i32.shl (local.get $n) (i32.const 3)))))))
    (else (local.set $word (i64.xor (local.get $word) (i64.rotl (i64.load (local.get $start)) (i64.const 29))))))
  (i32.wrap_i64 (i64.shr_u
    (i64.mul (i64.add (local.get $word) (i64.extend_i32_u (local.get $n))) (i64.const 0x9E3779B97F4A7C15))
    (i64.const 32))))

;; Puts a hash into the filter at `base`: two bits of one of its words of 32, of which it has 2 to the power of 32 - `shift`.
(func $learnIn (param $base i32) (param $shift i32) (param $hash i32)
  (local $at i32)
  (local.set $at (i32.add (local.get $base) (i32.shl (i32.shr_u (local.get $hash) (local.get $shift)) (i32.const 2))))
  (i32.store (local.get $at) (i32.or (i32.load (local.get $at)) (i32.or
    (i32.shl (i32.const 1) (i32.shr_u (local.get $hash) (i32.const 14)))
    (i32.shl (i32.const 1) (i32.shr_u (local.get $hash) (i32.const 9)))))))

(func $knownIn (param $base i32) (param $shift i32) (param $hash i32) (result i32)
  (local $word i32)
  (local.set $word (i32.load (i32.add (local.get $base) (i32.shl (i32.shr_u (local.get $hash) (local.get $shift)) (i32.const 2)))))
  (i32.and (i32.const 1) (i32.and
    (i32.shr_u (local.get $word) (i32.shr_u (local.get $hash) (i32.const 14)))
    (i32.shr_u (local.get $word) (i32.shr_u (local.get $hash) (i32.const 9))))))

;; Makes the middle of a digest known.
(func (export "addMiddle") (param $start i32) (param $length i32)
  (call $learnIn (i32.const 4096) (i32.const 19) (call $wordHash (local.get $start) (i32.add (local.get $start) (local.get $length)))))

(func $known (export "known") (param $start i32) (param $end i32) (result i32)
  (call $knownIn (i32.const 4096) (i32.const 19) (call $wordHash (local.get $start) (local.get $end))))

;; Takes a word of 4 to 12 bytes, which lies in the arena.
(func (export "addWord") (param $start i32) (param $length i32)
  (call $learnIn (i32.const 90112) (i32.const 21) (call $wordHash (local.get $start) (i32.add (local.get $start) (local.get $length))))
  (global.set $words (i32.add (global.get $words) (i32.const 1))))

;; Takes a run of 6 to 16 digits, the last of which may be an X.
(func (export "addDigits") (param $start i32) (param $length i32)
  (call $learnIn (i32.const 98304) (i32.const 19) (call $wordHash (local.get $start) (i32.add (local.get $start) (local.get $length))))
  (global.set $digits (i32.add (global.get $digits) (i32.const 1))))

;; From now on numbers of degrees are looked for.
(func (export "wantPlaces") (global.set $places (i32.const 1)))

;; Whether a number of hundredths of a degree is near a place of interest; one that is no number is not.
(func $near (param $hundredths f64) (result i32)
  (local $n i32)
  (if (i32.eqz (f64.lt (local.get $hundredths) (f64.const 18002))) (then (return (i32.const 0))))
  (local.set $n (i32.trunc_f64_u (local.get $hundredths)))
  (i32.and (i32.const 1)
    (i32.shr_u (i32.load8_u offset=87040 (i32.shr_u (local.get $n) (i32.const 3))) (i32.and (local.get $n) (i32.const 7)))))

;; Whether a run of digits and points is a number of degrees near a place, as a decimal or in 1e-5, 1e-6 or 1e-7 degrees.
(func $nearNumber (param $start i32) (param $end i32) (result i32)
  (local $at i32) (local $byte i32) (local $length i32) (local $value f64)
  (local.set $at (local.get $start))
  (local.set $length (i32.sub (local.get $end) (local.get $start)))
  (block $dot
    (loop $next
      (local.set $byte (i32.load8_u (local.get $at)))
      (br_if $dot (i32.eq (local.get $byte) (i32.const 46)))
      (local.set $value (f64.add (f64.mul (local.get $value) (f64.const 10)) (f64.convert_i32_u (i32.sub (local.get $byte) (i32.const 48)))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (if (i32.gt_u (i32.sub (local.get $at) (local.get $start)) (i32.const 10)) (then (return (i32.const 0))))
      (br_if $next (i32.ne (local.get $at) (local.get $end))))
    (if (i32.lt_u (local.get $length) (i32.const 6)) (then (return (i32.const 0))))
    (return (i32.or (call $near (f64.div (local.get $value) (f64.const 1e3)))
      (i32.or (call $near (f64.div (local.get $value) (f64.const 1e4))) (call $near (f64.div (local.get $value) (f64.const 1e5)))))))
  ;; One to three digits before the point, three at least behind it.
  (if (i32.gt_u (i32.sub (i32.sub (local.get $at) (local.get $start)) (i32.const 1)) (i32.const 2)) (then (return (i32.const 0))))
  (if (i32.lt_u (i32.sub (local.get $end) (local.get $at)) (i32.const 4)) (then (return (i32.const 0))))
  (if (i32.eqz (i32.and (call $isDigit (i32.add (local.get $at) (i32.const 1))) (call $isDigit (i32.add (local.get $at) (i32.const 2)))))
    (then (return (i32.const 0))))
  (call $near (f64.add (f64.mul (local.get $value) (f64.const 100)) (f64.convert_i32_u (i32.add
    (i32.mul (i32.sub (i32.load8_u offset=1 (local.get $at)) (i32.const 48)) (i32.const 10))
    (i32.sub (i32.load8_u offset=2 (local.get $at)) (i32.const 48)))))))

(func $isDigit (param $at i32) (result i32)
  (i32.lt_u (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)) (i32.const 10)))

;; How many ones stand just before bit `shift`, at most 64; `before` are the 64 bits below.
(func $onesBefore (param $bits i64) (param $before i64) (param $shift i64) (result i32)
  (i32.wrap_i64 (i64.clz (i64.xor (i64.const -1) (i64.or
    (i64.shl (i64.shl (local.get $bits) (i64.sub (i64.const 63) (local.get $shift))) (i64.const 1))
    (i64.shr_u (local.get $before) (local.get $shift)))))))

;; Glances at `length` bytes. All places are offsets in them.
(func (export "glance") (param $from i32) (param $length i32)
  (local $p i32) (local $k i32) (local $left i32) (local $at i32) (local $end i32) (local $n i32) (local $before i32)
  (local $word i32) (local $digit i32) (local $number i32) (local $marks i32)
  (local $v v128) (local $lower v128) (local $isDigit v128) (local $control v128)
  (local $w1 i64) (local $w1p i64) (local $w2 i64) (local $w2p i64) (local $w4 i64) (local $w4p i64) (local $w8 i64) (local $w8p i64) (local $w13 i64) (local $w13p i64)
  (local $d1 i64) (local $d1p i64) (local $d2 i64) (local $d2p i64) (local $d5 i64) (local $d5p i64)
  (local $c1 i64) (local $c1p i64) (local $c2 i64) (local $c2p i64) (local $c5 i64) (local $c5p i64)
  (local $s1 i64) (local $s1p i64) (local $x1 i64) (local $x1p i64) (local $u1 i64) (local $u1p i64)
  (local $ends i64) (local $shift i64)
  (i32.store (i32.const 1664) (local.tee $word (global.get $top)))
  (if (global.get $words) (then (drop (call $alloc (i32.mul (i32.div_u (local.get $length) (i32.const 5)) (i32.const 8))))))
  (i32.store (i32.const 1672) (local.tee $digit (global.get $top)))
  (if (global.get $digits) (then (drop (call $alloc (i32.mul (i32.div_u (local.get $length) (i32.const 6)) (i32.const 8))))))
  (i32.store (i32.const 1680) (local.tee $number (global.get $top)))
  (if (global.get $places) (then (drop (call $alloc (i32.mul (i32.div_u (local.get $length) (i32.const 6)) (i32.const 8))))))
  (local.set $left (local.get $length))
  (loop $block
    (local.set $w1 (i64.const 0))
    (local.set $d1 (i64.const 0))
    (local.set $c1 (i64.const 0))
    (local.set $s1 (i64.const 0))
    (local.set $x1 (i64.const 0))
    (local.set $u1 (i64.const 0))
    (local.set $k (i32.const 0))
    (loop $part
      (local.set $v (v128.load (i32.add (i32.add (local.get $from) (local.get $p)) (local.get $k))))
      ;; What stands behind the last byte is taken for spaces, which are of no kind.
      (if (i32.lt_s (i32.sub (local.get $left) (local.get $k)) (i32.const 16))
        (then
          (local.set $at (i32.sub (local.get $left) (local.get $k)))
          (local.set $v (v128.bitselect (local.get $v) (i8x16.splat (i32.const 32))
            (i8x16.lt_u (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
              (i8x16.splat (select (local.get $at) (i32.const 0) (i32.gt_s (local.get $at) (i32.const 0)))))))))
      (local.set $shift (i64.extend_i32_u (local.get $k)))
      (local.set $lower (v128.or (local.get $v) (i8x16.splat (i32.const 0x20))))
      (local.set $isDigit (i8x16.lt_u (i8x16.sub (local.get $v) (i8x16.splat (i32.const 48))) (i8x16.splat (i32.const 10))))
      (local.set $d1 (i64.or (local.get $d1) (i64.shl (i64.extend_i32_u (i8x16.bitmask (local.get $isDigit))) (local.get $shift))))
      (local.set $c1 (i64.or (local.get $c1) (i64.shl (i64.extend_i32_u (i8x16.bitmask
        (v128.or (local.get $isDigit) (i8x16.eq (local.get $v) (i8x16.splat (i32.const 46)))))) (local.get $shift))))
      ;; The sign bit of a byte beyond ASCII is its own mark.
      (local.set $w1 (i64.or (local.get $w1) (i64.shl (i64.extend_i32_u (i8x16.bitmask (v128.or (v128.or (local.get $isDigit) (local.get $v))
        (i8x16.lt_u (i8x16.sub (local.get $lower) (i8x16.splat (i32.const 97))) (i8x16.splat (i32.const 26)))))) (local.get $shift))))
      (local.set $s1 (i64.or (local.get $s1) (i64.shl (i64.extend_i32_u (i8x16.bitmask
        (v128.or (i8x16.eq (local.get $v) (i8x16.splat (i32.const 42))) (i8x16.eq (local.get $v) (i8x16.splat (i32.const 35)))))) (local.get $shift))))
      (local.set $x1 (i64.or (local.get $x1) (i64.shl (i64.extend_i32_u (i8x16.bitmask
        (i8x16.eq (local.get $lower) (i8x16.splat (i32.const 120))))) (local.get $shift))))
      (local.set $u1 (i64.or (local.get $u1) (i64.shl (i64.extend_i32_u (i8x16.bitmask
        (v128.or (i8x16.eq (local.get $v) (i8x16.splat (i32.const 0xe2))) (i8x16.eq (local.get $v) (i8x16.splat (i32.const 0xef)))))) (local.get $shift))))
      ;; Below a space, but for tabs and line ends.
      (local.set $control (v128.or (local.get $control) (v128.andnot
        (i8x16.lt_u (local.get $v) (i8x16.splat (i32.const 32)))
        (v128.or (i8x16.lt_u (i8x16.sub (local.get $v) (i8x16.splat (i32.const 9))) (i8x16.splat (i32.const 2)))
          (i8x16.eq (local.get $v) (i8x16.splat (i32.const 13)))))))
      (local.set $k (i32.add (local.get $k) (i32.const 16)))
      (br_if $part (i32.lt_u (local.get $k) (i32.const 64))))
    ;; The last block may be empty: it closes what stands at the end.
    (local.set $marks (i32.or (local.get $marks) (i32.or
      (i64.ne (i64.const 0) (i64.and (local.get $s1) (i64.or (i64.shl (local.get $s1) (i64.const 1)) (i64.shr_u (local.get $s1p) (i64.const 63)))))
      (i32.or
        (i32.shl (i64.ne (i64.const 0) (i64.and (local.get $x1) (i64.or (i64.shl (local.get $x1) (i64.const 1)) (i64.shr_u (local.get $x1p) (i64.const 63))))) (i32.const 1))
        (i32.shl (i64.ne (i64.const 0) (i64.and (local.get $u1) (i64.or (i64.shl (local.get $u1) (i64.const 3)) (i64.shr_u (local.get $u1p) (i64.const 61))))) (i32.const 2))))))
    ;; Bit i of x8 is set where a run of x has its eighth byte, or a later one, at i.
    (if (global.get $words)
      (then
        (local.set $w2 (i64.and (local.get $w1) (i64.or (i64.shl (local.get $w1) (i64.const 1)) (i64.shr_u (local.get $w1p) (i64.const 63)))))
        (local.set $w4 (i64.and (local.get $w2) (i64.or (i64.shl (local.get $w2) (i64.const 2)) (i64.shr_u (local.get $w2p) (i64.const 62)))))
        (local.set $w8 (i64.and (local.get $w4) (i64.or (i64.shl (local.get $w4) (i64.const 4)) (i64.shr_u (local.get $w4p) (i64.const 60)))))
        (local.set $w13 (i64.and (local.get $w8) (i64.or (i64.shl (local.get $w8) (i64.const 5)) (i64.shr_u (local.get $w8p) (i64.const 59)))))
        ;; Places behind a word of the right length.
        (local.set $ends (i64.and
          (i64.and (i64.xor (i64.const -1) (local.get $w1)) (i64.or (i64.shl (local.get $w4) (i64.const 1)) (i64.shr_u (local.get $w4p) (i64.const 63))))
          (i64.xor (i64.const -1) (i64.or (i64.shl (local.get $w13) (i64.const 1)) (i64.shr_u (local.get $w13p) (i64.const 63))))))
        (block $noWord
          (loop $nextWord
            (br_if $noWord (i64.eqz (local.get $ends)))
            (local.set $shift (i64.ctz (local.get $ends)))
            (local.set $end (i32.add (local.get $p) (i32.wrap_i64 (local.get $shift))))
            (local.set $at (i32.sub (local.get $end) (call $onesBefore (local.get $w1) (local.get $w1p) (local.get $shift))))
            (if (call $knownIn (i32.const 90112) (i32.const 21) (call $wordHash (i32.add (local.get $from) (local.get $at)) (i32.add (local.get $from) (local.get $end))))
              (then
                (i32.store (local.get $word) (local.get $at))
                (i32.store offset=4 (local.get $word) (local.get $end))
                (local.set $word (i32.add (local.get $word) (i32.const 8)))))
            (local.set $ends (i64.and (local.get $ends) (i64.sub (local.get $ends) (i64.const 1))))
            (br $nextWord)))
        (local.set $w1p (local.get $w1))
        (local.set $w4p (local.get $w4))
        (local.set $w2p (local.get $w2))
        (local.set $w8p (local.get $w8))
        (local.set $w13p (local.get $w13))))
    (if (global.get $digits)
      (then
        (local.set $d2 (i64.and (local.get $d1) (i64.or (i64.shl (local.get $d1) (i64.const 1)) (i64.shr_u (local.get $d1p) (i64.const 63)))))
        (local.set $d5 (i64.and (local.get $d2) (i64.and
          (i64.or (i64.shl (local.get $d2) (i64.const 2)) (i64.shr_u (local.get $d2p) (i64.const 62)))
          (i64.or (i64.shl (local.get $d1) (i64.const 4)) (i64.shr_u (local.get $d1p) (i64.const 60))))))
        (local.set $ends (i64.and (i64.xor (i64.const -1) (local.get $d1)) (i64.or (i64.shl (local.get $d5) (i64.const 1)) (i64.shr_u (local.get $d5p) (i64.const 63)))))
        (block $noDigits
          (loop $nextDigits
            (br_if $noDigits (i64.eqz (local.get $ends)))
            (local.set $shift (i64.ctz (local.get $ends)))
            (local.set $end (i32.add (local.get $p) (i32.wrap_i64 (local.get $shift))))
            (local.set $at (i32.sub (local.get $end) (call $onesBefore (local.get $d1) (local.get $d1p) (local.get $shift))))
            ;; The X of an ID number.
            (local.set $end (i32.add (local.get $end) (i32.and (i32.lt_u (local.get $end) (local.get $length))
              (i32.eq (i32.or (i32.load8_u (i32.add (local.get $from) (local.get $end))) (i32.const 32)) (i32.const 120)))))
            (if (i32.le_u (i32.sub (i32.sub (local.get $end) (local.get $at)) (i32.const 6)) (i32.const 10))
              (then
                (if (call $knownIn (i32.const 98304) (i32.const 19) (call $wordHash (i32.add (local.get $from) (local.get $at)) (i32.add (local.get $from) (local.get $end))))
                  (then
                    (i32.store (local.get $digit) (local.get $at))
                    (i32.store offset=4 (local.get $digit) (local.get $end))
                    (local.set $digit (i32.add (local.get $digit) (i32.const 8)))))))
            (local.set $ends (i64.and (local.get $ends) (i64.sub (local.get $ends) (i64.const 1))))
            (br $nextDigits)))
        (local.set $d1p (local.get $d1))
        (local.set $d2p (local.get $d2))
        (local.set $d5p (local.get $d5))))
    (if (global.get $places)
      (then
        (local.set $c2 (i64.and (local.get $c1) (i64.or (i64.shl (local.get $c1) (i64.const 1)) (i64.shr_u (local.get $c1p) (i64.const 63)))))
        (local.set $c5 (i64.and (local.get $c2) (i64.and
          (i64.or (i64.shl (local.get $c2) (i64.const 2)) (i64.shr_u (local.get $c2p) (i64.const 62)))
          (i64.or (i64.shl (local.get $c1) (i64.const 4)) (i64.shr_u (local.get $c1p) (i64.const 60))))))
        (local.set $ends (i64.and (i64.xor (i64.const -1) (local.get $c1)) (i64.or (i64.shl (local.get $c5) (i64.const 1)) (i64.shr_u (local.get $c5p) (i64.const 63)))))
        (block $noNumber
          (loop $nextNumber
            (br_if $noNumber (i64.eqz (local.get $ends)))
            (local.set $shift (i64.ctz (local.get $ends)))
            (local.set $end (i32.add (local.get $from) (i32.add (local.get $p) (i32.wrap_i64 (local.get $shift)))))
            (local.set $n (call $onesBefore (local.get $c1) (local.get $c1p) (local.get $shift)))
            (local.set $at (i32.sub (local.get $end) (local.get $n)))
            ;; A run of 64 and more may begin earlier.
            (if (i32.eq (local.get $n) (i32.const 64))
              (then
                (block $first
                  (loop $back
                    (br_if $first (i32.eq (local.get $at) (local.get $from)))
                    (local.set $k (i32.load8_u (i32.sub (local.get $at) (i32.const 1))))
                    (br_if $first (i32.eqz (i32.or (i32.eq (local.get $k) (i32.const 46)) (i32.lt_u (i32.sub (local.get $k) (i32.const 48)) (i32.const 10)))))
                    (local.set $at (i32.sub (local.get $at) (i32.const 1)))
                    (br $back)))))
            ;; Points at the end are a sentence's.
            (block $last
              (loop $point
                (br_if $last (i32.eq (local.get $end) (local.get $at)))
                (br_if $last (i32.ne (i32.load8_u (i32.sub (local.get $end) (i32.const 1))) (i32.const 46)))
                (local.set $end (i32.sub (local.get $end) (i32.const 1)))
                (br $point)))
            (if (i32.ge_u (i32.sub (local.get $end) (local.get $at)) (i32.const 5))
              (then
                (if (call $nearNumber (local.get $at) (local.get $end))
                  (then
                    (i32.store (local.get $number) (i32.sub (local.get $at) (local.get $from)))
                    (i32.store offset=4 (local.get $number) (local.get $before))
                    (local.set $number (i32.add (local.get $number) (i32.const 8)))))
                (local.set $before (i32.add (local.get $before) (i32.const 1)))))
            (local.set $ends (i64.and (local.get $ends) (i64.sub (local.get $ends) (i64.const 1))))
            (br $nextNumber)))
        (local.set $c1p (local.get $c1))
        (local.set $c2p (local.get $c2))
        (local.set $c5p (local.get $c5))))
    (local.set $s1p (local.get $s1))
    (local.set $x1p (local.get $x1))
    (local.set $u1p (local.get $u1))
    (local.set $p (i32.add (local.get $p) (i32.const 64)))
    (if (i32.ge_u (local.get $left) (i32.const 64))
      (then
        (local.set $left (i32.sub (local.get $left) (i32.const 64)))
        (br $block))))
  (i32.store (i32.const 1668) (i32.shr_u (i32.sub (local.get $word) (i32.load (i32.const 1664))) (i32.const 3)))
  (i32.store (i32.const 1676) (i32.shr_u (i32.sub (local.get $digit) (i32.load (i32.const 1672))) (i32.const 3)))
  (i32.store (i32.const 1684) (i32.shr_u (i32.sub (local.get $number) (i32.load (i32.const 1680))) (i32.const 3)))
  (i32.store (i32.const 1696) (local.get $marks))
  (i32.store (i32.const 1692) (i32.const 0))
  (if (i32.and (global.get $places) (v128.any_true (local.get $control))) (then (call $packedNumbers (local.get $from) (local.get $length)))))

(func $swapped (param $at i32) (result i32)
  (local $word i32)
  (local.set $word (i32.load (local.get $at)))
  (i32.or (i32.and (i32.rotl (local.get $word) (i32.const 8)) (i32.const 0x00ff00ff)) (i32.and (i32.rotl (local.get $word) (i32.const 24)) (i32.const 0xff00ff00))))

(func $nearDegrees (param $degrees f64) (result i32)
  (call $near (f64.mul (f64.abs (local.get $degrees)) (f64.const 100))))

;; A whole number of 1e-6 or 1e-7 degrees.
(func $nearWhole (param $whole f64) (result i32)
  (i32.or (call $near (f64.div (f64.abs (local.get $whole)) (f64.const 1e4))) (call $near (f64.div (f64.abs (local.get $whole)) (f64.const 1e5)))))

;; Lists the places where a number of a program near a place of interest has its two bytes of most weight.
(func $packedNumbers (param $from i32) (param $length i32)
  (local $at i32) (local $end i32) (local $two i32) (local $flags i32) (local $out i32)
  (i32.store (i32.const 1688) (local.tee $out (global.get $top)))
  (local.set $end (i32.add (local.get $from) (local.get $length)))
  (local.set $at (i32.add (local.get $from) (i32.const 1)))
  (local.set $two (i32.load8_u (local.get $from)))
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $two (i32.and (i32.or (i32.shl (local.get $two) (i32.const 8)) (i32.load8_u (local.get $at))) (i32.const 0xffff)))
      (local.set $flags (i32.load8_u offset=131072 (local.get $two)))
      (if (local.get $flags)
        (then
          (if (call $isNear (local.get $from) (local.get $end) (local.get $at) (local.get $flags))
            (then
              ;; The list is the last: it takes more room as it grows.
              (if (i32.ge_u (i32.add (local.get $out) (i32.const 4)) (global.get $top)) (then (drop (call $alloc (i32.const 65536)))))
              (i32.store (local.get $out) (i32.sub (local.get $at) (local.get $from)))
              (local.set $out (i32.add (local.get $out) (i32.const 4)))))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $next)))
  (i32.store (i32.const 1692) (i32.shr_u (i32.sub (local.get $out) (i32.load (i32.const 1688))) (i32.const 2))))

;; `flags` are those of coordinate-numbers.ts; `at` is the second of the two bytes.
(func $isNear (param $from i32) (param $end i32) (param $at i32) (param $flags i32) (result i32)
  (local $first i32) (local $whole i64) (local $k i32)
  (local.set $first (i32.sub (local.get $at) (i32.const 1)))
  ;; Most significant byte first.
  (if (i32.and (i32.and (local.get $flags) (i32.const 1)) (i32.le_u (i32.add (local.get $first) (i32.const 8)) (local.get $end)))
    (then (if (call $nearDegrees (f64.reinterpret_i64 (i64.or
        (i64.shl (i64.extend_i32_u (call $swapped (local.get $first))) (i64.const 32))
        (i64.extend_i32_u (call $swapped (i32.add (local.get $first) (i32.const 4)))))))
      (then (return (i32.const 1))))))
  (if (i32.and (i32.ne (i32.and (local.get $flags) (i32.const 20)) (i32.const 0)) (i32.le_u (i32.add (local.get $first) (i32.const 4)) (local.get $end)))
    (then
      (if (i32.and (local.get $flags) (i32.const 4))
        (then (if (call $nearDegrees (f64.promote_f32 (f32.reinterpret_i32 (call $swapped (local.get $first))))) (then (return (i32.const 1))))))
      (if (i32.and (local.get $flags) (i32.const 16))
        (then (if (call $nearWhole (f64.convert_i32_s (call $swapped (local.get $first)))) (then (return (i32.const 1))))))))
  ;; And last.
  (if (i32.and (i32.ne (i32.and (local.get $flags) (i32.const 2)) (i32.const 0)) (i32.ge_u (i32.sub (local.get $at) (local.get $from)) (i32.const 7)))
    (then (if (call $nearDegrees (f64.load (i32.sub (local.get $at) (i32.const 7)))) (then (return (i32.const 1))))))
  (if (i32.and (i32.ne (i32.and (local.get $flags) (i32.const 40)) (i32.const 0)) (i32.ge_u (i32.sub (local.get $at) (local.get $from)) (i32.const 3)))
    (then
      (if (i32.and (local.get $flags) (i32.const 8))
        (then (if (call $nearDegrees (f64.promote_f32 (f32.load (i32.sub (local.get $at) (i32.const 3))))) (then (return (i32.const 1))))))
      (if (i32.and (local.get $flags) (i32.const 32))
        (then (if (call $nearWhole (f64.convert_i32_s (i32.load (i32.sub (local.get $at) (i32.const 3))))) (then (return (i32.const 1))))))))
  (if (i32.eqz (i32.and (local.get $flags) (i32.const 64))) (then (return (i32.const 0))))
  ;; A varint of up to five bytes that ends here, and what it is as zigzag.
  (local.set $whole (i64.load8_u (local.get $at)))
  (local.set $first (local.get $at))
  (block $done
    (loop $back
      (br_if $done (i32.eq (local.get $first) (local.get $from)))
      (br_if $done (i32.lt_u (i32.load8_u (i32.sub (local.get $first) (i32.const 1))) (i32.const 128)))
      (local.set $first (i32.sub (local.get $first) (i32.const 1)))
      (local.set $k (i32.add (local.get $k) (i32.const 1)))
      (if (i32.eq (local.get $k) (i32.const 5)) (then (return (i32.const 0))))
      (local.set $whole (i64.or (i64.shl (local.get $whole) (i64.const 7)) (i64.and (i64.load8_u (local.get $first)) (i64.const 127))))
      (br $back)))
  (i32.or (call $nearWhole (f64.convert_i64_u (local.get $whole)))
    (call $nearWhole (f64.convert_i64_u (i64.shr_u (i64.add (local.get $whole) (i64.const 1)) (i64.const 1))))))
