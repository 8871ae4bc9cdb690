import { DIGITS } from '../chance.js';
import { idCheckCharacter } from '../checks.js';
import { bitsOf, type ValueRule } from '../rule.js';

/** First two digits that no province, region or residence permit has. Source: GB/T 2260, with 81–83 of the residence permits and 91 for foreigners left out. */
const NO_PROVINCE = [
  '16',
  '17',
  '18',
  '19',
  '24',
  '25',
  '26',
  '27',
  '28',
  '29',
  '38',
  '39',
  '47',
  '48',
  '49',
  '55',
  '56',
  '57',
  '58',
  '59',
  '66',
  '67',
  '68',
  '69',
  '72',
  '73',
  '74',
  '75',
  '76',
  '77',
  '78',
  '79',
  '84',
  '85',
  '86',
  '87',
  '88',
  '89',
  '92',
  '93',
] as const;

/** An identity number whose check character is right, of a region that does not exist and a birth in the 1800s: it passes the forms' patterns and is nobody's. */
export default {
  id: 'id-card',
  bits: bitsOf(NO_PROVINCE.length, 1e4, 100, 12, 28, 1e3),
  draw: (chance) => {
    const birth = `18${two(chance.int(100))}${two(1 + chance.int(12))}${two(1 + chance.int(28))}`;
    const body = chance.pick(NO_PROVINCE) + chance.text(DIGITS, 4) + birth + chance.text(DIGITS, 3);
    return body + idCheckCharacter(body);
  },
} satisfies ValueRule;

function two(n: number): string {
  return String(n).padStart(2, '0');
}
