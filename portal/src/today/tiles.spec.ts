import { expect, it } from 'vitest'
import { tilesOf } from '@/today/tiles'

it('shows each role its own work first, and no work of another', () => {
  expect(tilesOf(['dispatcher'])[0]?.group).toBe('to_assign')
  expect(tilesOf(['caseworker'])[0]?.group).toBe('new')
  expect(tilesOf(['caseworker']).map((tile) => tile.group)).not.toContain('to_assign')
  expect(tilesOf(['auditor'])).toEqual([])
})
