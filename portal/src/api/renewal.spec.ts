import { expect, it } from 'vitest'
import { isSigning, renewal, renewed } from '@/api/renewal'

it.each([
  [0, 'none'],
  [34_999, 'none'],
  [35_000, 'beside'],
  [49_999, 'beside'],
  [50_000, 'first'],
  [3_600_000, 'first'],
  [-1, 'first'],
])('asks for the next token when this one is %i ms old: %s', (age, expected) => {
  expect(renewal(1_000_000, 1_000_000 + age)).toBe(expected)
})

it('asks first when it does not know the age', () => {
  expect(renewal(0, Date.parse('2026-11-23T01:00:00Z'))).toBe('first')
})

it.each([
  [200, 'renewed'],
  [401, 'ended'],
  [403, 'unknown'],
  [502, 'unknown'],
  [503, 'unknown'],
])('takes %i as %s', (status, expected) => {
  expect(renewed(status)).toBe(expected)
})

it.each([
  ['POST', '/api/dispatch/v1/sessions', true],
  ['DELETE', '/api/dispatch/v1/sessions/current', true],
  ['GET', '/api/dispatch/v1/sessions', false],
  ['DELETE', '/api/dispatch/v1/sessions', false],
  ['DELETE', '/api/dispatch/v1/accounts/wang/sessions', false],
])('%s %s signs in or out: %s', (method, path, expected) => {
  expect(isSigning(method, `http://platform${path}`)).toBe(expected)
})
