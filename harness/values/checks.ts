/** The digit that makes `digits` pass the Luhn test when it is put behind them. Source: ISO/IEC 7812-1, annex B. */
export function luhnDigit(digits: string): string {
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    const digit = Number(digits[digits.length - 1 - i]);
    const weighed = i % 2 === 0 ? digit * 2 : digit;
    sum += weighed > 9 ? weighed - 9 : weighed;
  }
  return String((10 - (sum % 10)) % 10);
}

/** The last character of an 18-character identity number whose first 17 are `digits`. Source: GB 11643-1999, ISO 7064 MOD 11-2. */
export function idCheckCharacter(digits: string): string {
  let sum = 0;
  for (let i = 0; i < 17; i += 1) sum += Number(digits[i]) * (2 ** (17 - i) % 11);
  return '10X98765432'.charAt(sum % 11);
}
