;; Looks below coded runs, and gives back only those that hold something: nearly all are tokens of chance.

;; What the runs passed over came to, i32 at 1600 bytes searched, 1604 bytes decoded.

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

;; Whether a visit to a few bytes that are no text could find anything: a needle, a stream with or without a mark, an escape, four
;; characters of base64 in a row (words, digits, coded runs), two marks of a mask, two numbers like those of interest, or UTF-16.
(func $holds (export "holds") (param $at i32) (param $length i32) (result i32)
  (local $end i32) (local $p i32) (local $byte i32) (local $two i32) (local $run i32) (local $numbers i32) (local $zeros i32) (local $marks i32)
  (local $top i32) (local $light i32)
  (if (call $scan (local.get $at) (local.get $length)) (then (return (i32.const 1))))
  (if (i32.ge_s (call $magic (local.get $at) (local.get $length)) (i32.const 0)) (then (return (i32.const 1))))
  (local.set $p (local.get $at))
  (local.set $end (i32.add (local.get $at) (local.get $length)))
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $p) (local.get $end)))
      (local.set $byte (i32.load8_u (local.get $p)))
      (local.set $run (select (i32.const 0) (i32.add (local.get $run) (i32.const 1))
        (i32.eq (i32.load8_u offset=1024 (local.get $byte)) (i32.const 255))))
      (if (i32.eq (local.get $run) (i32.const 4)) (then (return (i32.const 1))))
      (local.set $zeros (i32.add (local.get $zeros) (i32.eqz (local.get $byte))))
      (local.set $marks (i32.or (local.get $marks) (i32.or (i32.eq (local.get $byte) (i32.const 37))
        (i32.or (i32.eq (local.get $byte) (i32.const 92)) (i32.eq (local.get $byte) (i32.const 38))))))
      (local.set $p (i32.add (local.get $p) (i32.const 1)))
      (br_if $done (i32.eq (local.get $p) (local.get $end)))
      (local.set $two (i32.or (i32.shl (local.get $byte) (i32.const 8)) (i32.load8_u (local.get $p))))
      (local.set $numbers (i32.add (local.get $numbers) (i32.ne (i32.load8_u offset=131072 (local.get $two)) (i32.const 0))))
      ;; **, ##, the first two bytes of a bullet or a wide asterisk, and =E of quoted-printable.
      (if (i32.or
          (i32.or (i32.eq (local.get $two) (i32.const 0x2a2a)) (i32.eq (local.get $two) (i32.const 0x2323)))
          (i32.or (i32.or (i32.eq (local.get $two) (i32.const 0xe280)) (i32.eq (local.get $two) (i32.const 0xefbc))) (i32.eq (local.get $two) (i32.const 0x3d45))))
        (then (return (i32.const 1))))
      (br $next)))
  (if (i32.or (i32.ge_u (local.get $numbers) (i32.const 2)) (i32.ge_u (local.get $zeros) (i32.const 7))) (then (return (i32.const 1))))
  (if (call $unmarked (local.get $at) (local.get $length)) (then (return (i32.const 1))))
  (if (i32.eqz (local.get $marks)) (then (return (i32.const 0))))
  (local.set $top (global.get $top))
  (local.set $light (i32.or (i32.ge_s (call $light (i32.const 37) (local.get $at) (local.get $length)) (i32.const 0))
    (i32.or (i32.ge_s (call $light (i32.const 92) (local.get $at) (local.get $length)) (i32.const 0))
      (i32.ge_s (call $light (i32.const 38) (local.get $at) (local.get $length)) (i32.const 0)))))
  (global.set $top (local.get $top))
  (local.get $light))

;; Up to 16 bits, the first of them lowest.
(func $bitsAt (param $at i32) (param $from i32) (param $count i32) (result i32)
  (i32.and
    (i32.shr_u (i32.load (i32.add (local.get $at) (i32.shr_u (local.get $from) (i32.const 3)))) (i32.and (local.get $from) (i32.const 7)))
    (i32.sub (i32.shl (i32.const 1) (local.get $count)) (i32.const 1))))

;; Whether 16 bytes or more may be a stream of bare deflate (RFC 1951) or brotli (RFC 7932); unmarked.ts looks closer.
(func $unmarked (param $at i32) (param $length i32) (result i32)
  (local $type i32) (local $k i32) (local $whole i32) (local $size i32) (local $first i32)
  (if (i32.lt_u (local.get $length) (i32.const 16)) (then (return (i32.const 0))))
  (local.set $type (call $bitsAt (local.get $at) (i32.const 1) (i32.const 2)))
  (if (i32.eqz (local.get $type))
    (then (if (i32.eq (i32.xor (call $bitsAt (local.get $at) (i32.const 8) (i32.const 16)) (call $bitsAt (local.get $at) (i32.const 24) (i32.const 16))) (i32.const 0xffff))
      (then (return (i32.const 1))))))
  ;; Fixed codes: the first symbol is no copy, and a literal of ASCII or the first byte of a character, eight or nine bits from the highest.
  (if (i32.eq (local.get $type) (i32.const 1))
    (then
      (loop $bit
        (local.set $first (i32.or (i32.shl (local.get $first) (i32.const 1)) (call $bitsAt (local.get $at) (i32.add (i32.const 3) (local.get $k)) (i32.const 1))))
        (local.set $k (i32.add (local.get $k) (i32.const 1)))
        (br_if $bit (i32.lt_u (local.get $k) (i32.const 8))))
      (if (i32.or (i32.and (i32.ge_u (local.get $first) (i32.const 0x39)) (i32.lt_u (local.get $first) (i32.const 0xaf))) (i32.ge_u (local.get $first) (i32.const 0xd0)))
        (then (return (i32.const 1))))))
  ;; Codes of its own: code lengths that make a whole code.
  (if (i32.eq (local.get $type) (i32.const 2))
    (then
      (if (i32.and (i32.le_u (call $bitsAt (local.get $at) (i32.const 3) (i32.const 5)) (i32.const 29)) (i32.le_u (call $bitsAt (local.get $at) (i32.const 8) (i32.const 5)) (i32.const 29)))
        (then
          (local.set $k (i32.const 0))
          (loop $code
            (local.set $size (call $bitsAt (local.get $at) (i32.add (i32.const 17) (i32.mul (local.get $k) (i32.const 3))) (i32.const 3)))
            (if (local.get $size) (then (local.set $whole (i32.add (local.get $whole) (i32.shr_u (i32.const 128) (local.get $size))))))
            (local.set $k (i32.add (local.get $k) (i32.const 1)))
            (br_if $code (i32.lt_u (local.get $k) (i32.add (call $bitsAt (local.get $at) (i32.const 13) (i32.const 4)) (i32.const 4)))))
          (if (i32.eq (local.get $whole) (i32.const 128)) (then (return (i32.const 1))))))))
  ;; Brotli: the window, then a block whose length goes with that of the stream.
  (local.set $k (i32.const 1))
  (if (i32.and (i32.load8_u (local.get $at)) (i32.const 1))
    (then (local.set $k (select (i32.const 4) (i32.const 7) (call $bitsAt (local.get $at) (i32.const 1) (i32.const 3))))))
  (if (call $bitsAt (local.get $at) (local.get $k) (i32.const 1)) (then (local.set $k (i32.add (local.get $k) (i32.const 1)))))
  (local.set $k (i32.add (local.get $k) (i32.const 1)))
  ;; A length of more than 16 bits is 65,536 or more: only for a stream of a thousand bytes or more.
  (if (call $bitsAt (local.get $at) (local.get $k) (i32.const 2)) (then (return (i32.ge_u (local.get $length) (i32.const 1000)))))
  (local.set $size (i32.add (call $bitsAt (local.get $at) (i32.add (local.get $k) (i32.const 2)) (i32.const 16)) (i32.const 1)))
  (i32.and (i32.ge_u (i32.mul (local.get $size) (i32.const 5)) (i32.mul (local.get $length) (i32.const 4)))
    (i32.le_u (local.get $size) (i32.mul (local.get $length) (i32.const 64)))))

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
  (local $bytes i32)
  (local.set $top (global.get $top))
  (call $count (i32.const 0) (i32.const 0))
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
      (local.set $shift (i32.const 0))
      (loop $alignment
        (global.set $top (local.get $top))
        (local.set $n (call $base64 (i32.add (i32.add (local.get $from) (local.get $start)) (local.get $shift)) (i32.sub (local.get $length) (local.get $shift))))
        (br_if $done (call $textLike (local.get $top) (local.get $n)))
        (br_if $done (call $packed (local.get $top) (local.get $n)))
        (if (i32.and (i32.eqz (local.get $shift)) (i32.ge_u (local.get $length) (i32.const 24)))
          (then
            (br_if $done (i32.ge_u (local.get $n) (i32.const 32)))
            (br_if $done (call $holds (local.get $top) (local.get $n))))
          (else (br_if $done (call $scan (local.get $top) (local.get $n)))))
        (local.set $bytes (i32.add (local.get $bytes) (local.get $n)))
        (local.set $shift (i32.add (local.get $shift) (i32.const 1)))
        (br_if $alignment (i32.lt_u (local.get $shift) (i32.const 4))))
      (call $count (i32.add (i32.load (i32.const 1600)) (local.get $bytes))
        (i32.add (i32.load (i32.const 1604)) (i32.mul (i32.const 3) (i32.add (local.get $length) (i32.const 4)))))
      (local.set $k (i32.add (local.get $k) (i32.const 1)))
      (br $run)))
  (global.set $top (local.get $top))
  (local.get $k))

;; From the k-th run of hex on: the first that holds something at either phase, or `count`. Eight bytes are looked up among the words too.
(func (export "nextHex") (param $from i32) (param $list i32) (param $count i32) (param $k i32) (result i32)
  (local $start i32) (local $length i32) (local $phase i32) (local $n i32) (local $top i32) (local $bytes i32)
  (local.set $top (global.get $top))
  (call $count (i32.const 0) (i32.const 0))
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
      (call $count (i32.add (i32.load (i32.const 1600)) (local.get $bytes)) (i32.add (i32.load (i32.const 1604)) (local.get $bytes)))
      (local.set $k (i32.add (local.get $k) (i32.const 1)))
      (br $run)))
  (global.set $top (local.get $top))
  (local.get $k))

(func $count (param $bytes i32) (param $decoded i32)
  (i32.store (i32.const 1600) (local.get $bytes))
  (i32.store (i32.const 1604) (local.get $decoded)))
