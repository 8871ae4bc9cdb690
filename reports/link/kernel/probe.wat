;; Looks below coded runs, and gives back only those that hold something: nearly all are tokens of chance.

;; What the runs passed over came to, i32 at 1600 bytes searched, 1604 bytes decoded, 1608 tokens, 1612 numbers.

;; Offset of the first head of a compressed stream (gzip, zstd, zlib at three strengths); -1 when there is none.
(func $magic (export "magic") (param $from i32) (param $length i32) (result i32)
  (local $at i32) (local $end i32) (local $hits i32) (local $p i32) (local $v v128) (local $word i32)
  (local.set $at (local.get $from))
  (local.set $end (i32.add (local.get $from) (local.get $length)))
  (block $none
    (loop $next
      (br_if $none (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $v (v128.load (local.get $at)))
      (local.set $hits (i8x16.bitmask (v128.or (i8x16.eq (local.get $v) (i8x16.splat (i32.const 0x1f)))
        (v128.or (i8x16.eq (local.get $v) (i8x16.splat (i32.const 0x28))) (i8x16.eq (local.get $v) (i8x16.splat (i32.const 0x78)))))))
      (block $noHit
        (loop $hit
          (br_if $noHit (i32.eqz (local.get $hits)))
          (local.set $p (i32.add (local.get $at) (i32.ctz (local.get $hits))))
          (local.set $word (i32.load (local.get $p)))
          (if (i32.or
              (i32.and (i32.eq (i32.and (local.get $word) (i32.const 0xffffff)) (i32.const 0x088b1f)) (i32.le_u (i32.add (local.get $p) (i32.const 3)) (local.get $end)))
              (i32.or
                (i32.and (i32.eq (local.get $word) (i32.const 0xfd2fb528)) (i32.le_u (i32.add (local.get $p) (i32.const 4)) (local.get $end)))
                (i32.and (i32.le_u (i32.add (local.get $p) (i32.const 2)) (local.get $end))
                  (i32.or (i32.eq (i32.and (local.get $word) (i32.const 0xffff)) (i32.const 0x9c78))
                    (i32.or (i32.eq (i32.and (local.get $word) (i32.const 0xffff)) (i32.const 0xda78))
                      (i32.eq (i32.and (local.get $word) (i32.const 0xffff)) (i32.const 0x0178)))))))
            (then (return (i32.sub (local.get $p) (local.get $from)))))
          (local.set $hits (i32.and (local.get $hits) (i32.sub (local.get $hits) (i32.const 1))))
          (br $hit)))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br $next)))
  (i32.const -1))

;; Whether more than 4 bytes begin as a compressed stream does, any zlib header (RFC 1950) among them.
(func $packed (export "packed") (param $at i32) (param $length i32) (result i32)
  (local $word i32) (local $pair i32)
  (if (i32.le_u (local.get $length) (i32.const 4)) (then (return (i32.const 0))))
  (local.set $word (i32.load (local.get $at)))
  (local.set $pair (i32.or (i32.shl (i32.and (local.get $word) (i32.const 0xff)) (i32.const 8)) (i32.and (i32.shr_u (local.get $word) (i32.const 8)) (i32.const 0xff))))
  (i32.or
    (i32.or (i32.eq (i32.and (local.get $word) (i32.const 0xffffff)) (i32.const 0x088b1f)) (i32.eq (local.get $word) (i32.const 0xfd2fb528)))
    ;; Method 8, a window of 32 KiB at most, a multiple of 31, no dictionary.
    (i32.and
      (i32.and (i32.eq (i32.and (local.get $pair) (i32.const 0x0f20)) (i32.const 0x0800)) (i32.lt_u (local.get $pair) (i32.const 0x8000)))
      (i32.eqz (i32.rem_u (local.get $pair) (i32.const 31))))))

;; Whether a visit to these bytes could find anything: a needle, a stream, runs, candidates, an asterisk, or an escape.
;; Their survey is left at its place.
(func $holds (param $at i32) (param $length i32) (result i32)
  (local $marks i32)
  (if (call $scan (local.get $at) (local.get $length)) (then (return (i32.const 1))))
  (if (i32.ge_s (call $magic (local.get $at) (local.get $length)) (i32.const 0)) (then (return (i32.const 1))))
  (call $survey (local.get $at) (local.get $length))
  (if (i32.or (i32.or (i32.load (i32.const 1540)) (i32.load (i32.const 1548))) (i32.or (i32.load (i32.const 1556)) (i32.load (i32.const 1564))))
    (then (return (i32.const 1))))
  (local.set $marks (i32.load (i32.const 1576)))
  (if (i32.and (local.get $marks) (i32.const 16)) (then (return (i32.const 1))))
  (if (i32.and (local.get $marks) (i32.const 1))
    (then (if (i32.ge_s (call $light (i32.const 37) (local.get $at) (local.get $length)) (i32.const 0)) (then (return (i32.const 1))))))
  (if (i32.and (local.get $marks) (i32.const 2))
    (then (if (i32.ge_s (call $light (i32.const 92) (local.get $at) (local.get $length)) (i32.const 0)) (then (return (i32.const 1))))))
  (if (i32.and (local.get $marks) (i32.const 4))
    (then (if (i32.ge_s (call $light (i32.const 38) (local.get $at) (local.get $length)) (i32.const 0)) (then (return (i32.const 1))))))
  (i32.const 0))

;; The same from outside.
(func (export "holds") (param $at i32) (param $length i32) (result i32)
  (local $top i32) (local $holds i32)
  (local.set $top (global.get $top))
  (local.set $holds (call $holds (local.get $at) (local.get $length)))
  (global.set $top (local.get $top))
  (local.get $holds))

;; Whether a pair stands in an ordered list.
(func $listed (param $list i32) (param $count i32) (param $start i32) (param $end i32) (result i32)
  (local $low i32) (local $middle i32)
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $low) (local.get $count)))
      (local.set $middle (i32.shr_u (i32.add (local.get $low) (local.get $count)) (i32.const 1)))
      (if (i32.lt_u (i32.load (i32.add (local.get $list) (i32.shl (local.get $middle) (i32.const 3)))) (local.get $start))
        (then (local.set $low (i32.add (local.get $middle) (i32.const 1))))
        (else (local.set $count (local.get $middle))))
      (br $next)))
  (local.set $low (i32.add (local.get $list) (i32.shl (local.get $low) (i32.const 3))))
  (i32.and (i32.eq (i32.load (local.get $low)) (local.get $start)) (i32.eq (i32.load offset=4 (local.get $low)) (local.get $end))))

;; From the k-th run of base64 on: the first that holds something or is longer than 4096 bytes; `count` when none does.
;; A run that is a whole run of 32 or more hex digits is passed over: those are hex. The hex list is `hexCount` pairs.
(func (export "nextBase64") (param $from i32) (param $list i32) (param $count i32) (param $hex i32) (param $hexCount i32) (param $k i32) (result i32)
  (local $start i32) (local $end i32) (local $length i32) (local $shift i32) (local $n i32) (local $top i32)
  (local $bytes i32) (local $tokens i32) (local $numbers i32)
  (local.set $top (global.get $top))
  (call $count (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
  (block $done
    (loop $run
      (br_if $done (i32.eq (local.get $k) (local.get $count)))
      (local.set $start (i32.load (i32.add (local.get $list) (i32.shl (local.get $k) (i32.const 3)))))
      (local.set $end (i32.load offset=4 (i32.add (local.get $list) (i32.shl (local.get $k) (i32.const 3)))))
      (local.set $length (i32.sub (local.get $end) (local.get $start)))
      (br_if $done (i32.gt_u (local.get $length) (i32.const 4096)))
      (if (i32.ge_u (local.get $length) (i32.const 32))
        (then (if (call $listed (local.get $hex) (local.get $hexCount) (local.get $start) (local.get $end))
          (then
            (local.set $k (i32.add (local.get $k) (i32.const 1)))
            (br $run)))))
      (local.set $bytes (i32.const 0))
      (local.set $tokens (i32.const 0))
      (local.set $numbers (i32.const 0))
      (local.set $shift (i32.const 0))
      (loop $alignment
        (global.set $top (local.get $top))
        (local.set $n (call $base64 (i32.add (i32.add (local.get $from) (local.get $start)) (local.get $shift)) (i32.sub (local.get $length) (local.get $shift))))
        (br_if $done (call $textLike (local.get $top) (local.get $n)))
        (br_if $done (call $packed (local.get $top) (local.get $n)))
        (if (i32.and (i32.eqz (local.get $shift)) (i32.ge_u (local.get $length) (i32.const 24)))
          (then
            (br_if $done (i32.ge_u (local.get $n) (i32.const 32)))
            (br_if $done (call $holds (local.get $top) (local.get $n)))
            (local.set $tokens (i32.load (i32.const 1568)))
            (local.set $numbers (i32.load (i32.const 1572))))
          (else (br_if $done (call $scan (local.get $top) (local.get $n)))))
        (local.set $bytes (i32.add (local.get $bytes) (local.get $n)))
        (local.set $shift (i32.add (local.get $shift) (i32.const 1)))
        (br_if $alignment (i32.lt_u (local.get $shift) (i32.const 4))))
      (call $count (i32.add (i32.load (i32.const 1600)) (local.get $bytes))
        (i32.add (i32.load (i32.const 1604)) (i32.mul (i32.const 3) (i32.add (local.get $length) (i32.const 4))))
        (i32.add (i32.load (i32.const 1608)) (local.get $tokens))
        (i32.add (i32.load (i32.const 1612)) (local.get $numbers)))
      (local.set $k (i32.add (local.get $k) (i32.const 1)))
      (br $run)))
  (global.set $top (local.get $top))
  (local.get $k))

;; From the k-th run of hex on: the first that holds something at either phase, or `count`. Eight bytes are looked up among the words too.
(func (export "nextHex") (param $from i32) (param $list i32) (param $count i32) (param $k i32) (result i32)
  (local $start i32) (local $length i32) (local $phase i32) (local $n i32) (local $top i32) (local $bytes i32)
  (local.set $top (global.get $top))
  (call $count (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
  (block $done
    (loop $run
      (br_if $done (i32.eq (local.get $k) (local.get $count)))
      (local.set $start (i32.load (i32.add (local.get $list) (i32.shl (local.get $k) (i32.const 3)))))
      (local.set $length (i32.sub (i32.load offset=4 (i32.add (local.get $list) (i32.shl (local.get $k) (i32.const 3)))) (local.get $start)))
      (local.set $bytes (i32.const 0))
      (local.set $phase (i32.const 0))
      (loop $half
        (global.set $top (local.get $top))
        (local.set $n (call $hex (i32.add (i32.add (local.get $from) (local.get $start)) (local.get $phase)) (i32.sub (local.get $length) (local.get $phase))))
        (br_if $done (call $textLike (local.get $top) (local.get $n)))
        (br_if $done (call $packed (local.get $top) (local.get $n)))
        (br_if $done (call $scan (local.get $top) (local.get $n)))
        (if (i32.and (i32.eq (local.get $length) (i32.const 16)) (i32.eqz (local.get $phase)))
          (then (br_if $done (call $known (local.get $top) (i32.add (local.get $top) (i32.const 8))))))
        (local.set $bytes (i32.add (local.get $bytes) (local.get $n)))
        (local.set $phase (i32.add (local.get $phase) (i32.const 1)))
        (br_if $half (i32.lt_u (local.get $phase) (i32.const 2))))
      (call $count (i32.add (i32.load (i32.const 1600)) (local.get $bytes)) (i32.add (i32.load (i32.const 1604)) (local.get $bytes)) (i32.const 0) (i32.const 0))
      (local.set $k (i32.add (local.get $k) (i32.const 1)))
      (br $run)))
  (global.set $top (local.get $top))
  (local.get $k))

(func $count (param $bytes i32) (param $decoded i32) (param $tokens i32) (param $numbers i32)
  (i32.store (i32.const 1600) (local.get $bytes))
  (i32.store (i32.const 1604) (local.get $decoded))
  (i32.store (i32.const 1608) (local.get $tokens))
  (i32.store (i32.const 1612) (local.get $numbers)))
