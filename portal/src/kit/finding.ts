/** Finding a choice by what someone types, also half a word of an input method. */

export interface Choice {
  value: string
  name: string
}

/** The choices whose name or code (pinyin) has what was typed.  While pinyin is composed it comes in syllables: zhu'j. */
export function found<One extends Choice>(choices: readonly One[], typed: string): readonly One[] {
  const words = typed.replace(/['’\s]/g, '').toLowerCase()
  if (words === '') return choices
  return choices.filter((choice) => choice.name.toLowerCase().includes(words) || choice.value.toLowerCase().includes(words))
}
