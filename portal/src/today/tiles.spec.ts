import { expect, it } from 'vitest'
import { tilesOf } from '@/today/tiles'

it('shows each role its own work first, and no work of another', () => {
  expect(tilesOf(['dispatcher'])[0]?.group).toBe('to_assign')
  expect(tilesOf(['caseworker'])[0]?.group).toBe('new')
  expect(tilesOf(['caseworker']).map((tile) => tile.group)).not.toContain('to_assign')
  expect(tilesOf(['auditor'])).toEqual([])
})

it('leads from what is late to the board of what is late', () => {
  const parts = Object.fromEntries(tilesOf(['office']).map((tile) => [tile.group, tile.part]))
  expect([parts['due_today'], parts['overdue']]).toEqual(['due-today', 'overdue'])
})
