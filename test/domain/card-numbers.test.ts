import { describe, expect, it } from 'vitest';
import { withoutCardNumbers } from '../../src/domain/card-numbers.ts';

describe('withoutCardNumbers', () => {
  it.each([
    ['4929421234600821', '(card number)'],
    ['sip:4929421234600821@x', 'sip:(card number)@x'],
    ['pan 4929 4212 3460 0821 exp', 'pan (card number) exp'],
    ['4929-4212-3460-0821', '(card number)'],
    ['378282246310005', '(card number)'],
  ])('leaves none in %s', (text, left) => {
    expect(withoutCardNumbers(text)).toBe(left);
  });

  it.each([
    'ucc-demo-name',
    'tel:+31880000000',
    'tel:+4929421234600821',
    '4929421234600822',
    '00000000-0000-4000-8000-000000000000',
    '49294212346008214929421234600821',
    '123456789012',
  ])('leaves %s as it is', (text) => {
    expect(withoutCardNumbers(text)).toBe(text);
  });
});
