;; Codings that are undone in the arena: each result lies on top of it. Codes and their edge cases: twin.ts says the same in TypeScript.

;; Values of base64 (both alphabets) and hex digits; 255: none.
(func $tables
  (local $i i32)
  (memory.fill (i32.const 1024) (i32.const 255) (i32.const 512))
  (loop $letter
    (i32.store8 offset=1089 (local.get $i) (local.get $i))
    (i32.store8 offset=1121 (local.get $i) (i32.add (local.get $i) (i32.const 26)))
    (if (i32.lt_u (local.get $i) (i32.const 10))
      (then
        (i32.store8 offset=1072 (local.get $i) (i32.add (local.get $i) (i32.const 52)))
        (i32.store8 offset=1328 (local.get $i) (local.get $i))))
    (if (i32.lt_u (local.get $i) (i32.const 6))
      (then
        (i32.store8 offset=1345 (local.get $i) (i32.add (local.get $i) (i32.const 10)))
        (i32.store8 offset=1377 (local.get $i) (i32.add (local.get $i) (i32.const 10)))))
    (local.set $i (i32.add (local.get $i) (i32.const 1)))
    (br_if $letter (i32.lt_u (local.get $i) (i32.const 26))))
  (i32.store8 (i32.const 1067) (i32.const 62))
  (i32.store8 (i32.const 1069) (i32.const 62))
  (i32.store8 (i32.const 1071) (i32.const 63))
  (i32.store8 (i32.const 1119) (i32.const 63)))
(start $tables)

;; Makes what was written up to `end` the top of the arena.
(func $close (param $end i32)
  (global.set $top (i32.and (i32.add (local.get $end) (i32.const 79)) (i32.const -16)))
  (call $ensure (i32.add (global.get $top) (i32.const 64))))

;; Base64 of both alphabets; other bytes are passed over. Returns how many bytes came out.
(func $base64 (export "base64") (param $i i32) (param $length i32) (result i32)
  (local $end i32) (local $out i32) (local $o i32) (local $held i32) (local $count i32) (local $value i32)
  (local $v v128) (local $lower v128) (local $digit v128) (local $small v128) (local $great v128) (local $plus v128) (local $slash v128)
  (local.set $end (i32.add (local.get $i) (local.get $length)))
  (local.set $out (global.get $top))
  (local.set $o (local.get $out))
  (call $ensure (i32.add (i32.add (local.get $out) (local.get $length)) (i32.const 64)))
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $i) (local.get $end)))
      (if (i32.and (i32.eqz (local.get $count)) (i32.ge_u (i32.sub (local.get $end) (local.get $i)) (i32.const 16)))
        (then
          (local.set $v (v128.load (local.get $i)))
          (local.set $digit (i8x16.lt_u (i8x16.sub (local.get $v) (i8x16.splat (i32.const 48))) (i8x16.splat (i32.const 10))))
          (local.set $small (i8x16.lt_u (i8x16.sub (local.get $v) (i8x16.splat (i32.const 97))) (i8x16.splat (i32.const 26))))
          (local.set $great (i8x16.lt_u (i8x16.sub (local.get $v) (i8x16.splat (i32.const 65))) (i8x16.splat (i32.const 26))))
          (local.set $plus (v128.or (i8x16.eq (local.get $v) (i8x16.splat (i32.const 43))) (i8x16.eq (local.get $v) (i8x16.splat (i32.const 45)))))
          (local.set $slash (v128.or (i8x16.eq (local.get $v) (i8x16.splat (i32.const 47))) (i8x16.eq (local.get $v) (i8x16.splat (i32.const 95)))))
          (if (i8x16.all_true (v128.or (v128.or (local.get $digit) (local.get $small)) (v128.or (local.get $great) (v128.or (local.get $plus) (local.get $slash)))))
            (then
              (local.set $v (v128.or
                (v128.or
                  (v128.and (local.get $digit) (i8x16.add (local.get $v) (i8x16.splat (i32.const 4))))
                  (v128.and (local.get $small) (i8x16.sub (local.get $v) (i8x16.splat (i32.const 71)))))
                (v128.or
                  (v128.and (local.get $great) (i8x16.sub (local.get $v) (i8x16.splat (i32.const 65))))
                  (v128.or (v128.and (local.get $plus) (i8x16.splat (i32.const 62))) (v128.and (local.get $slash) (i8x16.splat (i32.const 63)))))))
              ;; Four values of six bits: two to twelve bits, two of those to twenty-four, then the three bytes in order.
              (local.set $v (v128.or
                (v128.and (i16x8.shl (local.get $v) (i32.const 6)) (i16x8.splat (i32.const 0x0fc0)))
                (i16x8.shr_u (local.get $v) (i32.const 8))))
              (local.set $v (v128.or
                (v128.and (i32x4.shl (local.get $v) (i32.const 12)) (i32x4.splat (i32.const 0x00fff000)))
                (i32x4.shr_u (local.get $v) (i32.const 16))))
              (v128.store (local.get $o)
                (i8x16.shuffle 2 1 0 6 5 4 10 9 8 14 13 12 3 3 3 3 (local.get $v) (local.get $v)))
              (local.set $i (i32.add (local.get $i) (i32.const 16)))
              (local.set $o (i32.add (local.get $o) (i32.const 12)))
              (br $next)))))
      (local.set $value (i32.load8_u offset=1024 (i32.load8_u (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.eq (local.get $value) (i32.const 255)))
      (local.set $held (i32.or (i32.shl (local.get $held) (i32.const 6)) (local.get $value)))
      (local.set $count (i32.add (local.get $count) (i32.const 1)))
      (if (i32.eq (local.get $count) (i32.const 4))
        (then
          (i32.store8 (local.get $o) (i32.shr_u (local.get $held) (i32.const 16)))
          (i32.store8 offset=1 (local.get $o) (i32.shr_u (local.get $held) (i32.const 8)))
          (i32.store8 offset=2 (local.get $o) (local.get $held))
          (local.set $o (i32.add (local.get $o) (i32.const 3)))
          (local.set $held (i32.const 0))
          (local.set $count (i32.const 0))))
      (br $next)))
  (if (i32.eq (local.get $count) (i32.const 3))
    (then
      (i32.store8 (local.get $o) (i32.shr_u (local.get $held) (i32.const 10)))
      (i32.store8 offset=1 (local.get $o) (i32.shr_u (local.get $held) (i32.const 2)))
      (local.set $o (i32.add (local.get $o) (i32.const 2)))))
  (if (i32.eq (local.get $count) (i32.const 2))
    (then
      (i32.store8 (local.get $o) (i32.shr_u (local.get $held) (i32.const 4)))
      (local.set $o (i32.add (local.get $o) (i32.const 1)))))
  (call $close (local.get $o))
  (i32.sub (local.get $o) (local.get $out)))

;; The values of 16 hex digits.
(func $nibbles (param $v v128) (result v128)
  (i8x16.add (v128.and (local.get $v) (i8x16.splat (i32.const 15)))
    (v128.and (i8x16.gt_u (local.get $v) (i8x16.splat (i32.const 57))) (i8x16.splat (i32.const 9)))))

;; Pairs of hex digits, all of them digits; an odd one at the end is left. Returns how many bytes came out.
(func $hex (export "hex") (param $i i32) (param $length i32) (result i32)
  (local $end i32) (local $out i32) (local $o i32) (local $v v128)
  (local.set $end (i32.add (local.get $i) (i32.and (local.get $length) (i32.const -2))))
  (local.set $out (global.get $top))
  (local.set $o (local.get $out))
  (call $ensure (i32.add (i32.add (local.get $out) (local.get $length)) (i32.const 64)))
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $i) (local.get $end)))
      (local.set $v (call $nibbles (v128.load (local.get $i))))
      (local.set $v (v128.and (v128.or (i16x8.shl (local.get $v) (i32.const 4)) (i16x8.shr_u (local.get $v) (i32.const 8))) (i16x8.splat (i32.const 255))))
      (i64.store (local.get $o) (i64x2.extract_lane 0 (i8x16.narrow_i16x8_u (local.get $v) (local.get $v))))
      (local.set $i (i32.add (local.get $i) (i32.const 16)))
      (local.set $o (i32.add (local.get $o) (i32.const 8)))
      (br $next)))
  (local.set $o (i32.sub (local.get $o) (i32.shr_u (i32.sub (local.get $i) (local.get $end)) (i32.const 1))))
  (call $close (local.get $o))
  (i32.sub (local.get $o) (local.get $out)))

(func $digit (param $at i32) (result i32) (i32.load8_u offset=1280 (i32.load8_u (local.get $at))))

;; Four hex digits; -1 when they are not there.
(func $hex4 (param $at i32) (param $end i32) (result i32)
  (local $code i32) (local $value i32) (local $k i32)
  (if (i32.gt_u (i32.add (local.get $at) (i32.const 4)) (local.get $end)) (then (return (i32.const -1))))
  (loop $next
    (local.set $value (call $digit (i32.add (local.get $at) (local.get $k))))
    (if (i32.eq (local.get $value) (i32.const 255)) (then (return (i32.const -1))))
    (local.set $code (i32.or (i32.shl (local.get $code) (i32.const 4)) (local.get $value)))
    (local.set $k (i32.add (local.get $k) (i32.const 1)))
    (br_if $next (i32.lt_u (local.get $k) (i32.const 4))))
  (local.get $code))

;; Writes a code point as UTF-8, a lone surrogate as its three bytes; returns how many bytes.
(func $utf8 (param $o i32) (param $code i32) (result i32)
  (if (i32.lt_u (local.get $code) (i32.const 0x80))
    (then
      (i32.store8 (local.get $o) (local.get $code))
      (return (i32.const 1))))
  (if (i32.lt_u (local.get $code) (i32.const 0x800))
    (then
      (i32.store8 (local.get $o) (i32.or (i32.const 0xc0) (i32.shr_u (local.get $code) (i32.const 6))))
      (i32.store8 offset=1 (local.get $o) (i32.or (i32.const 0x80) (i32.and (local.get $code) (i32.const 63))))
      (return (i32.const 2))))
  (if (i32.lt_u (local.get $code) (i32.const 0x10000))
    (then
      (i32.store8 (local.get $o) (i32.or (i32.const 0xe0) (i32.shr_u (local.get $code) (i32.const 12))))
      (i32.store8 offset=1 (local.get $o) (i32.or (i32.const 0x80) (i32.and (i32.shr_u (local.get $code) (i32.const 6)) (i32.const 63))))
      (i32.store8 offset=2 (local.get $o) (i32.or (i32.const 0x80) (i32.and (local.get $code) (i32.const 63))))
      (return (i32.const 3))))
  (i32.store8 (local.get $o) (i32.or (i32.const 0xf0) (i32.shr_u (local.get $code) (i32.const 18))))
  (i32.store8 offset=1 (local.get $o) (i32.or (i32.const 0x80) (i32.and (i32.shr_u (local.get $code) (i32.const 12)) (i32.const 63))))
  (i32.store8 offset=2 (local.get $o) (i32.or (i32.const 0x80) (i32.and (i32.shr_u (local.get $code) (i32.const 6)) (i32.const 63))))
  (i32.store8 offset=3 (local.get $o) (i32.or (i32.const 0x80) (i32.and (local.get $code) (i32.const 63))))
  (i32.const 4))

;; One escape at `i`: source bytes taken in the low half, bytes written at `o` in the high half; 0 when there is none.
(func $percentUnit (param $i i32) (param $end i32) (param $o i32) (result i32)
  (local $high i32) (local $low i32)
  (local.set $high (call $digit (i32.add (local.get $i) (i32.const 1))))
  (local.set $low (call $digit (i32.add (local.get $i) (i32.const 2))))
  (if (i32.or (i32.gt_u (i32.or (local.get $high) (local.get $low)) (i32.const 15))
      (i32.gt_u (i32.add (local.get $i) (i32.const 3)) (local.get $end)))
    (then (return (i32.const 0))))
  (i32.store8 (local.get $o) (i32.or (i32.shl (local.get $high) (i32.const 4)) (local.get $low)))
  (i32.const 0x10003))

(func $jsonUnit (param $i i32) (param $end i32) (param $o i32) (result i32)
  (local $next i32) (local $code i32) (local $low i32)
  (if (i32.ge_u (i32.add (local.get $i) (i32.const 1)) (local.get $end)) (then (return (i32.const 0))))
  (local.set $next (i32.load8_u offset=1 (local.get $i)))
  (if (i32.ne (local.get $next) (i32.const 117))
    (then
      (block $known
        (br_if $known (i32.eq (local.get $next) (i32.const 47)))
        (br_if $known (i32.eq (local.get $next) (i32.const 34)))
        (br_if $known (i32.eq (local.get $next) (i32.const 92)))
        (local.set $code (local.get $next))
        (local.set $next (i32.const 10))
        (br_if $known (i32.eq (local.get $code) (i32.const 110)))
        (local.set $next (i32.const 13))
        (br_if $known (i32.eq (local.get $code) (i32.const 114)))
        (local.set $next (i32.const 9))
        (br_if $known (i32.eq (local.get $code) (i32.const 116)))
        (local.set $next (i32.const 8))
        (br_if $known (i32.eq (local.get $code) (i32.const 98)))
        (local.set $next (i32.const 12))
        (br_if $known (i32.eq (local.get $code) (i32.const 102)))
        (return (i32.const 0)))
      (i32.store8 (local.get $o) (local.get $next))
      (return (i32.const 0x10002))))
  (local.set $code (call $hex4 (i32.add (local.get $i) (i32.const 2)) (local.get $end)))
  (if (i32.lt_s (local.get $code) (i32.const 0)) (then (return (i32.const 0))))
  (if (i32.and (i32.eq (i32.and (local.get $code) (i32.const 0xfc00)) (i32.const 0xd800))
      (i32.le_u (i32.add (local.get $i) (i32.const 12)) (local.get $end)))
    (then
      (if (i32.eq (i32.load16_u offset=6 (local.get $i)) (i32.const 0x755c))
        (then
          (local.set $low (call $hex4 (i32.add (local.get $i) (i32.const 8)) (local.get $end)))
          (if (i32.eq (i32.and (local.get $low) (i32.const -0x400)) (i32.const 0xdc00))
            (then
              (drop (call $utf8 (local.get $o) (i32.add (i32.const 0x10000)
                (i32.or (i32.shl (i32.and (local.get $code) (i32.const 0x3ff)) (i32.const 10)) (i32.and (local.get $low) (i32.const 0x3ff))))))
              (return (i32.const 0x4000c))))))))
  (i32.or (i32.const 6) (i32.shl (call $utf8 (local.get $o) (local.get $code)) (i32.const 16))))

;; The code point of `&…;`, whose semicolon stands at `end`; -1 when it is none.
(func $entity (param $i i32) (param $end i32) (result i32)
  (local $code i32) (local $value i32) (local $length i32) (local $base i32)
  (local.set $length (i32.sub (local.get $end) (local.get $i)))
  (if (i32.ne (i32.load8_u offset=1 (local.get $i)) (i32.const 35))
    (then
      (local.set $value (i32.load offset=1 (local.get $i)))
      (if (i32.eq (local.get $length) (i32.const 3))
        (then
          (if (i32.eq (i32.and (local.get $value) (i32.const 0xffff)) (i32.const 0x746c)) (then (return (i32.const 60))))
          (if (i32.eq (i32.and (local.get $value) (i32.const 0xffff)) (i32.const 0x7467)) (then (return (i32.const 62))))))
      (if (i32.and (i32.eq (local.get $length) (i32.const 4)) (i32.eq (i32.and (local.get $value) (i32.const 0xffffff)) (i32.const 0x706d61)))
        (then (return (i32.const 38))))
      (if (i32.eq (local.get $length) (i32.const 5))
        (then
          (if (i32.eq (local.get $value) (i32.const 0x746f7571)) (then (return (i32.const 34))))
          (if (i32.eq (local.get $value) (i32.const 0x736f7061)) (then (return (i32.const 39))))))
      (return (i32.const -1))))
  (local.set $base (i32.const 10))
  (local.set $i (i32.add (local.get $i) (i32.const 2)))
  (if (i32.eq (i32.or (i32.load8_u (local.get $i)) (i32.const 32)) (i32.const 120))
    (then
      (local.set $base (i32.const 16))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))))
  (local.set $length (i32.sub (local.get $end) (local.get $i)))
  (if (i32.or (i32.eqz (local.get $length)) (i32.gt_u (local.get $length) (select (i32.const 7) (i32.const 6) (i32.eq (local.get $base) (i32.const 10)))))
    (then (return (i32.const -1))))
  (loop $next
    (local.set $value (call $digit (local.get $i)))
    (if (i32.ge_u (local.get $value) (local.get $base)) (then (return (i32.const -1))))
    (local.set $code (i32.add (i32.mul (local.get $code) (local.get $base)) (local.get $value)))
    (local.set $i (i32.add (local.get $i) (i32.const 1)))
    (br_if $next (i32.lt_u (local.get $i) (local.get $end))))
  (select (local.get $code) (i32.const -1) (i32.le_u (local.get $code) (i32.const 0x10ffff))))

(func $htmlUnit (param $i i32) (param $end i32) (param $o i32) (result i32)
  (local $at i32) (local $stop i32) (local $code i32)
  (local.set $stop (i32.add (local.get $i) (i32.const 12)))
  (if (i32.gt_u (local.get $stop) (local.get $end)) (then (local.set $stop (local.get $end))))
  (local.set $at (i32.add (local.get $i) (i32.const 1)))
  (loop $next
    (if (i32.ge_u (local.get $at) (local.get $stop)) (then (return (i32.const 0))))
    (if (i32.ne (i32.load8_u (local.get $at)) (i32.const 59))
      (then
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next))))
  (if (i32.lt_u (i32.sub (local.get $at) (local.get $i)) (i32.const 3)) (then (return (i32.const 0))))
  (local.set $code (call $entity (local.get $i) (local.get $at)))
  (if (i32.lt_s (local.get $code) (i32.const 0)) (then (return (i32.const 0))))
  (i32.or (i32.add (i32.sub (local.get $at) (local.get $i)) (i32.const 1))
    (i32.shl (call $utf8 (local.get $o) (local.get $code)) (i32.const 16))))

;; Undoes one light layer (mark 37 percent, 92 JSON, 38 HTML) over all bytes; returns how many came out, -1 when nothing changed.
(func $light (export "light") (param $mark i32) (param $i i32) (param $length i32) (result i32)
  (local $end i32) (local $out i32) (local $o i32) (local $hits i32) (local $unit i32) (local $changed i32) (local $v v128)
  (local.set $end (i32.add (local.get $i) (local.get $length)))
  (local.set $out (global.get $top))
  ;; Most bytes hold no mark at all: nothing is written before the first.
  (local.set $o (local.get $i))
  (block $marked
    (loop $plain
      (if (i32.ge_u (local.get $o) (local.get $end)) (then (return (i32.const -1))))
      (br_if $marked (v128.any_true (i8x16.eq (v128.load (local.get $o)) (i8x16.splat (local.get $mark)))))
      (local.set $o (i32.add (local.get $o) (i32.const 16)))
      (br $plain)))
  (call $ensure (i32.add (i32.add (local.get $out) (local.get $length)) (i32.const 64)))
  (memory.copy (local.get $out) (local.get $i) (i32.sub (local.get $o) (local.get $i)))
  (local.set $unit (i32.sub (local.get $o) (local.get $i)))
  (local.set $i (local.get $o))
  (local.set $o (i32.add (local.get $out) (local.get $unit)))
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $i) (local.get $end)))
      (local.set $v (v128.load (local.get $i)))
      (v128.store (local.get $o) (local.get $v))
      (local.set $hits (i8x16.bitmask (i8x16.eq (local.get $v) (i8x16.splat (local.get $mark)))))
      (if (i32.eqz (local.get $hits))
        (then
          (local.set $i (i32.add (local.get $i) (i32.const 16)))
          (local.set $o (i32.add (local.get $o) (i32.const 16)))
          (br $next)))
      (local.set $i (i32.add (local.get $i) (i32.ctz (local.get $hits))))
      (local.set $o (i32.add (local.get $o) (i32.ctz (local.get $hits))))
      (br_if $done (i32.ge_u (local.get $i) (local.get $end)))
      (if (i32.eq (local.get $mark) (i32.const 37))
        (then (local.set $unit (call $percentUnit (local.get $i) (local.get $end) (local.get $o))))
        (else
          (if (i32.eq (local.get $mark) (i32.const 92))
            (then (local.set $unit (call $jsonUnit (local.get $i) (local.get $end) (local.get $o))))
            (else (local.set $unit (call $htmlUnit (local.get $i) (local.get $end) (local.get $o)))))))
      (local.set $changed (i32.or (local.get $changed) (local.get $unit)))
      ;; No escape: the mark was copied with the rest.
      (if (i32.eqz (local.get $unit)) (then (local.set $unit (i32.const 0x10001))))
      (local.set $i (i32.add (local.get $i) (i32.and (local.get $unit) (i32.const 0xffff))))
      (local.set $o (i32.add (local.get $o) (i32.shr_u (local.get $unit) (i32.const 16))))
      (br $next)))
  (if (i32.eqz (local.get $changed)) (then (return (i32.const -1))))
  (local.set $o (i32.sub (local.get $o) (i32.sub (local.get $i) (local.get $end))))
  (call $close (local.get $o))
  (i32.sub (local.get $o) (local.get $out)))

;; Part of the bytes that is printable ASCII or well-formed UTF-8.
(func $share (param $i i32) (param $end i32) (result f64)
  (local $from i32) (local $good i32) (local $b i32) (local $n i32) (local $v v128)
  (if (i32.eq (local.get $i) (local.get $end)) (then (return (f64.const 0))))
  (local.set $from (local.get $i))
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $i) (local.get $end)))
      (if (i32.ge_u (i32.sub (local.get $end) (local.get $i)) (i32.const 16))
        (then
          (local.set $v (v128.load (local.get $i)))
          (if (i8x16.all_true (v128.or
              (v128.or (i8x16.eq (local.get $v) (i8x16.splat (i32.const 9))) (i8x16.eq (local.get $v) (i8x16.splat (i32.const 10))))
              (v128.or (i8x16.eq (local.get $v) (i8x16.splat (i32.const 13)))
                (i8x16.lt_u (i8x16.sub (local.get $v) (i8x16.splat (i32.const 32))) (i8x16.splat (i32.const 95))))))
            (then
              (local.set $good (i32.add (local.get $good) (i32.const 16)))
              (local.set $i (i32.add (local.get $i) (i32.const 16)))
              (br $next)))))
      (local.set $b (i32.load8_u (local.get $i)))
      (local.set $n (i32.const 0))
      (if (i32.or (i32.or (i32.lt_u (i32.sub (local.get $b) (i32.const 32)) (i32.const 95)) (i32.eq (local.get $b) (i32.const 13)))
          (i32.or (i32.eq (local.get $b) (i32.const 9)) (i32.eq (local.get $b) (i32.const 10))))
        (then (local.set $n (i32.const 1)))
        (else
          (if (i32.lt_u (i32.sub (local.get $b) (i32.const 0xc2)) (i32.const 0x33))
            (then
              (local.set $n (i32.add (i32.const 2) (i32.add (i32.ge_u (local.get $b) (i32.const 0xe0)) (i32.ge_u (local.get $b) (i32.const 0xf0)))))
              (if (i32.gt_u (i32.add (local.get $i) (local.get $n)) (local.get $end))
                (then (local.set $n (i32.const 0)))
                (else (if (i32.eqz (call $continues (local.get $i) (local.get $n))) (then (local.set $n (i32.const 0))))))))))
      (local.set $good (i32.add (local.get $good) (local.get $n)))
      (local.set $i (i32.add (local.get $i) (select (local.get $n) (i32.const 1) (local.get $n))))
      (br $next)))
  (f64.div (f64.convert_i32_u (local.get $good)) (f64.convert_i32_u (i32.sub (local.get $end) (local.get $from)))))

;; Whether the bytes behind the first of `n` go on a character of UTF-8.
(func $continues (param $i i32) (param $n i32) (result i32)
  (loop $next
    (local.set $n (i32.sub (local.get $n) (i32.const 1)))
    (if (i32.eqz (local.get $n)) (then (return (i32.const 1))))
    (br_if $next (i32.eq (i32.and (i32.load8_u (i32.add (local.get $i) (local.get $n))) (i32.const 0xc0)) (i32.const 0x80))))
  (i32.const 0))

;; Whether a sample reads as text: nine in ten bytes at the start, or in the middle of a long one.
(func $textLike (export "textLike") (param $at i32) (param $length i32) (result i32)
  (local $middle i32)
  (if (i32.le_u (local.get $length) (i32.const 512))
    (then (return (f64.ge (call $share (local.get $at) (i32.add (local.get $at) (local.get $length))) (f64.const 0.9)))))
  (if (f64.ge (call $share (local.get $at) (i32.add (local.get $at) (i32.const 256))) (f64.const 0.9)) (then (return (i32.const 1))))
  (local.set $middle (i32.add (local.get $at) (i32.shr_u (local.get $length) (i32.const 1))))
  (f64.ge (call $share (local.get $middle) (i32.add (local.get $middle) (i32.const 256))) (f64.const 0.9)))

;; The upper 53 of 64 bits of a hash of the bytes, as a whole number.
(func $hash (export "hash") (param $i i32) (param $length i32) (result f64)
  (local $a i64) (local $b i64) (local $end i32)
  (local.set $a (i64.mul (i64.add (i64.extend_i32_u (local.get $length)) (i64.const 1)) (i64.const 0x9E3779B97F4A7C15)))
  (local.set $b (i64.const 0xD6E8FEB86659FD93))
  (local.set $end (i32.add (local.get $i) (local.get $length)))
  (block $done
    (loop $next
      (br_if $done (i32.lt_u (i32.sub (local.get $end) (local.get $i)) (i32.const 16)))
      (local.set $a (i64.mul (i64.xor (local.get $a) (i64.load (local.get $i))) (i64.const 0x9FB21C651E98DF25)))
      (local.set $a (i64.xor (local.get $a) (i64.shr_u (local.get $a) (i64.const 32))))
      (local.set $b (i64.mul (i64.xor (local.get $b) (i64.load offset=8 (local.get $i))) (i64.const 0xA0761D6478BD642F)))
      (local.set $b (i64.xor (local.get $b) (i64.shr_u (local.get $b) (i64.const 29))))
      (local.set $i (i32.add (local.get $i) (i32.const 16)))
      (br $next)))
  (block $end1
    (loop $byte
      (br_if $end1 (i32.eq (local.get $i) (local.get $end)))
      (local.set $a (i64.mul (i64.xor (local.get $a) (i64.load8_u (local.get $i))) (i64.const 0x9FB21C651E98DF25)))
      (local.set $a (i64.xor (local.get $a) (i64.shr_u (local.get $a) (i64.const 32))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $byte)))
  (local.set $a (i64.mul (i64.xor (local.get $a) (i64.rotl (local.get $b) (i64.const 31))) (i64.const 0x9E3779B97F4A7C15)))
  (local.set $a (i64.mul (i64.xor (local.get $a) (i64.shr_u (local.get $a) (i64.const 32))) (i64.const 0xD6E8FEB86659FD93)))
  (f64.convert_i64_u (i64.shr_u (i64.xor (local.get $a) (i64.shr_u (local.get $a) (i64.const 32))) (i64.const 11))))
