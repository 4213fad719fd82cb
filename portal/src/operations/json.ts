/** JSON as a person corrects it: where it is at fault, where each field stands, and set out in lines without changing a value.

`JSON.parse` would round long numbers and keep the last of two equal names in silence; an upstream's request must keep both. */

export interface JsonFault {
  at: number
  line: number
  column: number
  words: string
}

export interface Scanned {
  fault: JsonFault | undefined
  /** By the path of a field (`data.0.phone`), where it begins. */
  places: ReadonlyMap<string, number>
}

const DEEPEST = 200
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORD = /true|false|null/y
const BLANK = /[ \t\r\n]*/y
const FULL_WIDTH: Readonly<Record<string, string>> = { '“': '"', '”': '"', '，': ',', '：': ':', '｛': '{', '｝': '}', '【': '[', '】': ']' }

class Found extends Error {
  constructor(
    readonly at: number,
    readonly words: string,
  ) {
    super(words)
  }
}

/** A line and a column, both from 1, as editors count. */
export function lineOf(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at)
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') }
}

/** Where the text is no JSON object, and where its fields stand. */
export function scan(text: string): Scanned {
  const places = new Map<string, number>()
  let at = 0

  function take(pattern: RegExp): string | undefined {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found !== undefined) at += found.length
    return found
  }
  function stop(words: string): never {
    const there = text[at]
    const half = there === undefined ? undefined : FULL_WIDTH[there]
    if (there === undefined) throw new Found(at, `内容到此中断：${words}`)
    throw new Found(at, half === undefined ? words : `这里是全角的 ${there}，请改为半角的 ${half}`)
  }
  function sign(expected: string, words: string): void {
    take(BLANK)
    if (text[at] !== expected) stop(words)
    at += 1
  }
  function string(words: string): string {
    const from = at
    if (text[at] !== '"') stop(words)
    const found = take(STRING)
    if (found === undefined) {
      at = from
      throw new Found(at, '这段文字没有以双引号结束，或其中有未转义的换行、反斜杠')
    }
    return JSON.parse(found) as string
  }
  function value(path: string, depth: number): void {
    take(BLANK)
    if (depth > DEEPEST) throw new Found(at, `嵌套超过 ${DEEPEST} 层`)
    const sort = text[at]
    if (sort === '{') object(path, depth)
    else if (sort === '[') list(path, depth)
    else if (sort === '"') string('')
    else if (take(WORD) === undefined && (take(NUMBER) ?? '') === '') stop('这里应为一个值：文字（用双引号）、数字、true、false、null、{…} 或 […]')
  }
  function object(path: string, depth: number): void {
    const names = new Set<string>()
    sign('{', '最外层应为对象 {…}')
    take(BLANK)
    if (text[at] === '}') {
      at += 1
      return
    }
    for (;;) {
      take(BLANK)
      const from = at
      const name = string(names.size > 0 && text[at] === '}' ? '最后一个字段之后多了一个逗号' : '这里应为字段名，用双引号括起')
      if (names.has(name)) throw new Found(from, `字段 ${name} 出现了两次，请只留一个`)
      names.add(name)
      const own = path === '' ? name : `${path}.${name}`
      places.set(own, from)
      sign(':', `字段 ${name} 之后应为冒号`)
      value(own, depth + 1)
      take(BLANK)
      if (text[at] === '}') break
      sign(',', '这里应为逗号或 }')
    }
    at += 1
  }
  function list(path: string, depth: number): void {
    at += 1
    take(BLANK)
    if (text[at] === ']') {
      at += 1
      return
    }
    for (let nth = 0; ; nth++) {
      take(BLANK)
      places.set(`${path}.${nth}`, at)
      value(`${path}.${nth}`, depth + 1)
      take(BLANK)
      if (text[at] === ']') break
      sign(',', '这里应为逗号或 ]')
    }
    at += 1
  }

  try {
    take(BLANK)
    object('', 0)
    take(BLANK)
    if (at < text.length) stop('对象结束之后还有多余的文字')
    return { fault: undefined, places }
  } catch (found) {
    if (!(found instanceof Found)) throw found
    return { fault: { at: found.at, ...lineOf(text, found.at), words: found.words }, places }
  }
}

/** The same JSON with one field a line; every number and text stays as it is written.  Only for what `scan` finds no fault in. */
export function setOut(text: string): string {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? []
  let shown = ''
  let depth = 0
  const line = () => `\n${'  '.repeat(depth)}`
  tokens.forEach((token, nth) => {
    const next = tokens[nth + 1]
    if (token === '{' || token === '[') {
      depth += 1
      shown += token + (next === '}' || next === ']' ? '' : line())
    } else if (token === '}' || token === ']') {
      depth -= 1
      shown += (tokens[nth - 1] === '{' || tokens[nth - 1] === '[' ? '' : line()) + token
    } else if (token === ',') shown += token + line()
    else shown += token === ':' ? ': ' : token
  })
  return shown
}
