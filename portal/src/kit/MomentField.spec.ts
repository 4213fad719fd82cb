import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import MomentField from '@/kit/MomentField.vue'

const THURSDAY = Date.parse('2026-11-26T21:51:00+08:00')
const NAMED = {
  '2026': [
    { on: '2026-10-01', kind: 'holiday', holiday: '国庆节' },
    { on: '2026-10-10', kind: 'make_up', holiday: '国庆节' },
  ],
  '2027': [{ on: '2027-01-01', kind: 'holiday', holiday: '元旦' }],
}

function field(moment: string, { now = THURSDAY, known = true, ...props }: Record<string, unknown> & { now?: number; known?: boolean } = {}) {
  const queryClient = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, retry: false, enabled: known } } })
  if (known) for (const [year, days] of Object.entries(NAMED)) queryClient.setQueryData(['calendar', year], { year: Number(year), published: year === '2026', days })
  const all = mount(MomentField, { props: { label: '承诺时间', modelValue: moment, now, ...props }, global: { plugins: [[VueQueryPlugin, { queryClient }]] } })
  const [day, time] = all.findAll<HTMLInputElement>('input')
  if (day === undefined || time === undefined) throw new Error('two fields make a moment')
  const told = () => all.get(`[id="${day.attributes('aria-describedby') ?? ''}"]`).text()
  const given = () => all.emitted<[string]>('update:modelValue')?.map(([value]) => value)
  const shortcuts = () => all.findAll('button').map((button) => button.text())
  return { all, day, time, told, given, shortcuts }
}

it.each([
  ['2026-11-27T09:00:00Z', '2026-11-27', '17:00'],
  ['2026-11-27T17:00:00+08:00', '2026-11-27', '17:00'],
  ['2026-11-26T16:00:00Z', '2026-11-27', '00:00'],
  ['', '', ''],
])('shows “%s” as the clock on the wall of Shanghai', (moment, on, at) => {
  const { day, time } = field(moment)
  expect([day.element.value, time.element.value]).toEqual([on, at])
})

it('gives a moment of Shanghai, at the usual time when none is chosen', async () => {
  const { day, given } = field('')
  await day.setValue('2026-11-27')
  expect(given()).toEqual(['2026-11-27T17:00:00+08:00'])
})

it('keeps the time when the day changes, and the day when the time does', async () => {
  const { day, time, given } = field('2026-11-27T01:30:00Z', { usualTime: '12:00' })
  await day.setValue('2026-11-30')
  await time.setValue('08:05')
  expect(given()).toEqual(['2026-11-30T09:30:00+08:00', '2026-11-30T08:05:00+08:00'])
})

it('is empty without a day', async () => {
  const { day, given } = field('2026-11-27T17:00:00+08:00')
  await day.setValue('')
  expect(given()).toEqual([''])
})

it.each([
  ['2026-11-27T17:00:00+08:00', '工作日'],
  ['2026-11-28T17:00:00+08:00', '休息日'],
  ['2026-10-01T17:00:00+08:00', '国庆节放假'],
  ['2026-10-10T17:00:00+08:00', '调休上班（国庆节）'],
  ['2027-01-04T17:00:00+08:00', '工作日（放假安排未公布，暂定）'],
])('says how the day of %s counts: %s', (moment, words) => {
  expect(field(moment).told()).toBe(words)
})

it.each([
  [THURSDAY, '2026-11-27'],
  [Date.parse('2026-11-27T08:00:00+08:00'), '2026-11-30'],
  [Date.parse('2026-10-09T08:00:00+08:00'), '2026-10-10'],
  [Date.parse('2026-12-31T08:00:00+08:00'), '2027-01-04'],
])('offers the next working day after %i: %s', async (now, on) => {
  const { all, given, shortcuts } = field('', { now })
  expect(shortcuts()).toEqual(['今天', '明天', '下一工作日'])
  await all.findAll('button')[2]?.trigger('click')
  expect(given()).toEqual([`${on}T17:00:00+08:00`])
})

it('says and offers nothing of working days while the calendar is unknown', () => {
  const { told, shortcuts } = field('2026-11-27T17:00:00+08:00', { known: false, hint: '承诺的答复时间' })
  expect(told()).toBe('承诺的答复时间')
  expect(shortcuts()).toEqual(['今天', '明天'])
})

it('says its fault by the field of the day', () => {
  const { day, time, told } = field('', { fault: '承诺时间不得晚于办理时限', required: true })
  expect(day.attributes()).toMatchObject({ 'aria-invalid': 'true', 'aria-required': 'true' })
  expect(told()).toBe('承诺时间不得晚于办理时限')
  expect(time.attributes('aria-label')).toBe('承诺时间的时刻')
})
