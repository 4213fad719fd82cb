import { describe, expect, it } from 'vitest'
import { marked, opinionOf } from '@/review/marking'

const finding = (sentence: string, message = '不规范用语') => ({ sentence, message })

describe('findings at their sentences', () => {
  it('cuts the text at the sentence', () => {
    expect(marked('已清理。我们尽量。谢谢。', [finding('我们尽量。')])).toEqual({
      parts: [
        { text: '已清理。', findings: [] },
        { text: '我们尽量。', findings: [0] },
        { text: '谢谢。', findings: [] },
      ],
      elsewhere: [],
    })
  })

  it('gives the same sentence, found twice for the same reason, both places', () => {
    const { parts } = marked('尽量。好。尽量。', [finding('尽量。'), finding('尽量。')])
    expect(parts.map((part) => part.findings)).toEqual([[0], [], [1]])
  })

  it('gives a sentence that is found for two reasons both findings', () => {
    const { parts } = marked('尽量研究研究。', [finding('尽量研究研究。', '含有“尽量”'), finding('尽量研究研究。', '含有“研究研究”')])
    expect(parts).toEqual([{ text: '尽量研究研究。', findings: [0, 1] }])
  })

  it('keeps a sentence inside of a finding about the whole text', () => {
    const { parts } = marked('尽量。已清理。', [finding('尽量。'), finding('尽量。已清理。', '不足 20 字')])
    expect(parts).toEqual([
      { text: '尽量。', findings: [0, 1] },
      { text: '已清理。', findings: [1] },
    ])
  })

  it('names the findings that quote nothing, or nothing of this text', () => {
    expect(marked('已清理。', [finding(''), finding('别处的话。')])).toEqual({ parts: [{ text: '已清理。', findings: [] }], elsewhere: [0, 1] })
  })

  it.each([
    ['', []],
    ['<b>尽量</b>。', [finding('<b>尽量</b>。')]],
    ['😀尽量。😀', [finding('尽量。'), finding('😀')]],
  ])('gives the text again, whatever stands in it (%#)', (text, findings) => {
    expect(marked(text, findings).parts.map((part) => part.text).join('')).toBe(text)
  })
})

it('makes an opinion of findings', () => {
  expect(opinionOf([finding('尽量。', '含有“尽量”'), finding('', '缺少联系人')])).toBe('“尽量。”：含有“尽量”\n缺少联系人')
})
