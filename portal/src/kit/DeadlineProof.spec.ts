import { VueQueryPlugin } from '@tanstack/vue-query'
import { mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import DeadlineProof from '@/kit/DeadlineProof.vue'
import { answers, CLOCK_ID } from '@/kit/page/samples'

it('shows each day, which of them count, what changed, and the rule', () => {
  const proof = mount(DeadlineProof, { props: { clockId: CLOCK_ID }, global: { plugins: [[VueQueryPlugin, { queryClient: answers() }]] } })
  const lines = proof.findAll('ol[aria-label="逐日计算"] li')

  expect(lines.filter((line) => line.classes('counted')).map((line) => line.text())).toEqual([
    '2026-11-27 第 1 个工作日',
    '2026-11-30 第 2 个工作日',
    '2026-12-01 第 3 个工作日',
  ])
  expect(lines).toHaveLength(6)
  expect(proof.get('dl').text()).toContain('12月1日 周二 24:00')
  expect(proof.get('dl').text()).toContain('二(二)3')
  expect(proof.get('section').text()).toContain('11月30日 周一 24:00 → 12月1日 周二 24:00')
})
